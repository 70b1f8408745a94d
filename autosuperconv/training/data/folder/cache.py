"""Decoded folders, kept in the user's cache folder and never beside the images."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FORMAT = 2  # of the stored file; files of another number are ignored

Size: TypeAlias = tuple[int, int]  # height and width in pixels
Images: TypeAlias = NDArray[Any]  # uint8 or float32


@dataclass(frozen=True, slots=True)
class Decoded:
    """A folder's images.

    Args:
        images: (N, C, H, W).
        notes: what was decided about them, one sentence each.
    """

    images: Images
    notes: tuple[str, ...]


def cache_file(root: Path, files: Iterable[tuple[str, int, int, int]], size: Size | None) -> Path:
    """The file for this state of a folder, in `$XDG_CACHE_HOME/autosuperconv`.

    The name changes when a file is added, removed, resized or touched, or another size requested.
    """
    state = hashlib.blake2b(f"{FORMAT} {size}".encode(), digest_size=12)
    for file in files:
        state.update(repr(file).encode())
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    folder = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    return home / "autosuperconv" / f"folder-{folder}-{state.hexdigest()}.npy"


def read_cache(file: Path, count: int) -> Decoded | None:
    """None where there is no usable file."""
    try:
        with file.open("rb") as stream:
            images: Images = np.load(stream, allow_pickle=False)
            notes = tuple(map(str, json.load(stream)))
    except Exception:  # whatever is wrong with the file, the images themselves are there
        return None
    if images.dtype not in (np.uint8, np.float32) or images.ndim != 4 or len(images) != count:
        return None
    return Decoded(images, notes)


def write_cache(file: Path, decoded: Decoded) -> str | None:
    """Write the whole file or nothing, and remove those of the folder's earlier states.

    Where the file cannot be written, the next start decodes again; returned is why.
    """
    try:
        _write(file, decoded)
    except Exception as error:  # the search needs no cache
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return (
            f"The decoded images could not be kept in {file.parent}: {reason}. The next start "
            "decodes them again; XDG_CACHE_HOME sets another folder."
        )
    return None


def _write(file: Path, decoded: Decoded) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.save(stream, decoded.images)
            stream.write(json.dumps(decoded.notes).encode())
        os.replace(unfinished, file)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _remove_earlier(file)


def _remove_earlier(file: Path) -> None:
    folder = file.name.rsplit("-", 1)[0]
    for other in file.parent.glob(f"{folder}-*.npy"):
        if other != file:
            other.unlink(missing_ok=True)
