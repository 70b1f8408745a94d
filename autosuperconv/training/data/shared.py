"""One copy of the data for all processes of a machine.

The numbers of all tensors and arrays that a trainer holds are written once, into a file in the
temporary folder (`TMPDIR`), and every worker process maps that file: its pages are the same memory
for all of them. The mappings are private, so nothing that a process writes reaches the file. On
Linux the file has no name: the system removes it with the last process that uses it, however that
ends. Elsewhere it is removed with the workers, and only a search that is killed leaves it behind.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autosuperconv.core.format import reason_of
from autosuperconv.training.data.packed import Block, Packed, Whereabouts, unpickled

WORTH = 2**20  # bytes: fewer are sent as they are
ALIGNMENT = 64  # of blocks in the file, as torch aligns its own memory


@dataclass(frozen=True, slots=True)
class InFile:
    """What was packed, its numbers in a file. Unpickling it gives what was packed.

    Args:
        path: of the file, for processes of this machine.
        token: the file's first bytes: they tell it from any other of that name.
        head: everything but the numbers.
        places: where each tensor and array is in the blocks.
        blocks: (position in the file, bytes) of each block.
    """

    path: str
    token: bytes
    head: bytes
    places: tuple[Whereabouts, ...]
    blocks: tuple[tuple[int, int], ...]

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (self.path, self.token, self.head, self.places, self.blocks)


@contextlib.contextmanager
def in_one_file(packed: Packed) -> Iterator[InFile]:
    """While it is open: the same in one file that every process of this machine can map.

    Raises:
        OSError: the file cannot be written or mapped.
    """
    with tempfile.TemporaryDirectory(prefix="autosuperconv-", ignore_cleanup_errors=True) as folder:
        token, path = secrets.token_bytes(ALIGNMENT), Path(folder) / "data"
        with path.open("xb") as file:
            file.write(token)
            blocks = tuple(_written(block, file) for block in packed.blocks)
        with path.open("rb") as file:
            nameless = f"/proc/{os.getpid()}/fd/{file.fileno()}"
            where = str(path)
            if sys.platform == "linux" and _same(nameless, where):
                where = nameless
                shutil.rmtree(folder)
            _mapped(where, token, blocks)  # what fails here would fail in every worker
            yield InFile(where, token, packed.head, packed.places, blocks)


def _written(block: Block, file: io.BufferedWriter) -> tuple[int, int]:
    file.write(bytes(-file.tell() % ALIGNMENT))
    position = file.tell()
    file.write(block.data)
    return position, block.nbytes


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:  # /proc is not there
        return False


def _opened(
    path: str,
    token: bytes,
    head: bytes,
    places: tuple[Whereabouts, ...],
    blocks: tuple[tuple[int, int], ...],
) -> Any:
    return unpickled(Packed(head, places, tuple(_mapped(path, token, blocks))))


def _mapped(path: str, token: bytes, blocks: tuple[tuple[int, int], ...]) -> list[Block]:
    with open(path, "rb") as file:
        # Torch has no tensors that refuse to be written, so a write must harm nobody
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    if mapped[: len(token)] != token:
        raise FileNotFoundError(f"{path} is not the file of this search's data any more")
    return [np.frombuffer(mapped, np.uint8, size, position) for position, size in blocks]


def own_copies(why: str) -> str:
    """What it means that data cannot be shared, in a sentence."""
    return (
        f"Each worker process holds a copy of the data: {why}. TMPDIR sets another folder for "
        "temporary files."
    )


def why_not_shared(size: int) -> str:
    """Why so many bytes cannot be put where all processes read them; "" if they can."""
    try:
        with tempfile.TemporaryFile(prefix="autosuperconv-") as file:
            file.write(b"written")
            file.flush()
        free = shutil.disk_usage(tempfile.gettempdir()).free
    except OSError as error:
        return f"no temporary file can be written ({reason_of(error)})"
    if free < size:
        return f"{tempfile.gettempdir()} has room for {free >> 20} MiB of {size >> 20} MiB"
    return ""
