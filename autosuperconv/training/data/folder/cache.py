"""Decoded folders, kept in the user's cache folder and never beside the images."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FORMAT = 1  # of the stored file; files of another number are ignored

Images: TypeAlias = NDArray[np.uint8]


def cache_file(root: Path, files: Iterable[tuple[str, int, int, int]]) -> Path:
    """The file for this state of a folder, in `$XDG_CACHE_HOME/autosuperconv`.

    The name changes when a file is added, removed, resized or touched.
    """
    state = hashlib.blake2b(str(FORMAT).encode(), digest_size=12)
    for file in files:
        state.update(repr(file).encode())
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    folder = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    return home / "autosuperconv" / f"folder-{folder}-{state.hexdigest()}.npy"


def read_cache(file: Path, count: int) -> Images | None:
    """(N, C, H, W), or None where there is no usable file."""
    try:
        images: Images = np.load(file, allow_pickle=False)
    except Exception:  # whatever is wrong with the file, the images themselves are there
        return None
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) != count:
        return None
    return images


def write_cache(file: Path, images: Images) -> str | None:
    """Write the whole file or nothing, and remove those of the folder's earlier states.

    Where the file cannot be written, the next start decodes again; returned is why.
    """
    try:
        _write(file, images)
    except Exception as error:  # the search needs no cache
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return (
            f"The decoded images could not be kept in {file.parent}: {reason}. The next start "
            "decodes them again; XDG_CACHE_HOME sets another folder."
        )
    return None


def _write(file: Path, images: Images) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.save(stream, images)
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
