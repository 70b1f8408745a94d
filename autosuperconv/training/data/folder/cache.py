"""Decoded folders, kept in the user's cache folder and never beside the images."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import mmap
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autosuperconv.errors import DataError
from autosuperconv.training.data.folder.heads import Images, Size, Target

FORMAT = 2  # of the stored file; files of another number are ignored
PIECE_BYTES = 2**20  # of the images that are mapped at a time

DecodeInto: TypeAlias = Callable[[Callable[[int, Images], None]], None]


@dataclass(frozen=True, slots=True)
class Stored:
    """A folder's decoded images in a mapped file: no other process can take them away.

    Args:
        file: the whole of it.
        offset: of the first image, in bytes.
        shape: (N, C, H, W).
        dtype: uint8 or float32.
        notes: what was decided about them, one sentence each.
    """

    file: mmap.mmap
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    notes: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Of all images."""
        return math.prod(self.shape) * self.dtype.itemsize

    def take(self, rows: NDArray[np.int64]) -> Images:
        """(n, C, H, W): the images of these numbers."""
        stored: Images = np.frombuffer(
            self.file, self.dtype, math.prod(self.shape), self.offset
        ).reshape(self.shape)
        images: Images = np.empty((len(rows), *self.shape[1:]), self.dtype)
        step = max(1, PIECE_BYTES * self.shape[0] // max(self.nbytes, 1))
        for start in range(0, len(rows), step):
            piece = slice(start, start + step)
            images[piece] = stored[rows[piece]]
            if sys.platform != "win32":  # what was read is not held a second time
                self.file.madvise(mmap.MADV_DONTNEED)
        return images


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


def read_cache(file: Path, count: int) -> Stored | None:
    """None where there is no usable file."""
    try:
        with file.open("rb") as stream:
            images = np.load(file, mmap_mode="r", allow_pickle=False)
            stream.seek(images.offset + images.nbytes)
            notes = tuple(map(str, json.load(stream)))
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except Exception:  # whatever is wrong with the file, the images themselves are there
        return None
    sound = images.dtype in (np.uint8, np.float32) and images.flags.c_contiguous
    if not sound or images.ndim != 4 or len(images) != count:
        return None
    return Stored(mapped, images.offset, images.shape, images.dtype, notes)


def write_cache(
    file: Path, target: Target, count: int, notes: tuple[str, ...], decode_into: DecodeInto
) -> Stored | str:
    """Decode into the file, the whole of it or nothing, and remove those of the folder's earlier
    states.

    Where the file cannot be written, the next start decodes again; returned is why.

    Args:
        decode_into: decodes all images; takes a function for the number of each and the image.

    Raises:
        DataError: an image cannot be decoded.
    """
    try:
        return _written(file, target, count, notes, decode_into)
    except DataError:
        raise
    except Exception as error:  # the search needs no cache
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return (
            f"The decoded images could not be kept in {file.parent}: {reason}. The next start "
            "decodes them again; XDG_CACHE_HOME sets another folder."
        )


def _written(
    file: Path, target: Target, count: int, notes: tuple[str, ...], decode_into: DecodeInto
) -> Stored:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            _check_room(file.parent, count * target.nbytes)
            decode_into(_Writer(stream, target, count))
            stream.seek(0, os.SEEK_END)
            stream.write(json.dumps(notes).encode())
        os.replace(unfinished, file)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _remove_earlier(file)
    if (stored := read_cache(file, count)) is None:
        raise OSError(errno.EIO, "what was written cannot be read")
    return stored


def _check_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size:  # would be found after minutes of decoding
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Writer:
    """Writes images to their places in an .npy file, from several threads. A full disk is an error
    of a write; in a mapped file it would end the process."""

    def __init__(self, stream: IO[bytes], target: Target, count: int) -> None:
        self._stream, self._size, self._lock = stream, target.nbytes, threading.Lock()
        header = np.lib.format.header_data_from_array_1_0(np.empty((0,), target.dtype))
        header["shape"] = (count, *target.shape)
        np.lib.format.write_array_header_1_0(stream, header)
        self._start = stream.tell()

    def __call__(self, number: int, image: Images) -> None:
        with self._lock:
            self._stream.seek(self._start + number * self._size)
            self._stream.write(image.tobytes())


def _remove_earlier(file: Path) -> None:
    folder = file.name.rsplit("-", 1)[0]
    for other in file.parent.glob(f"{folder}-*.npy"):
        if other != file:
            other.unlink(missing_ok=True)
