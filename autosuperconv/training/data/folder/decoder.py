"""Decode image files into one array of bytes, by a pool of threads."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

import numpy as np
from joblib import cpu_count
from PIL import Image, ImageOps

from autosuperconv.errors import DataError
from autosuperconv.training.data.folder.heads import (
    DEEP_MODES,
    Head,
    Images,
    Target,
    head_of,
    upright,
)
from autosuperconv.training.engine.system import free_memory

PIECE = 256  # files per task: handing over single files costs more than decoding them
MEMORY_SHARE = 0.5  # of the free memory that decoded images may take
# The same once they are decoded: a search that goes on should not read them in another way because
# a little less is free.
STORED_SHARE = 0.8

UNREADABLE = (
    EOFError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,  # what Pillow raises for a broken PNG
    ValueError,
    struct.error,
)

OnProgress: TypeAlias = Callable[[int, int], None]
Result = TypeVar("Result")


def read_heads(paths: Sequence[str], on_progress: OnProgress | None = None) -> list[Head]:
    """What the files are.

    Raises:
        DataError: one cannot be read.
    """
    return _in_pieces(_head, paths, on_progress)


def _head(path: str) -> Head:
    try:
        with Image.open(path) as image:
            return head_of(image)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def unreadable(paths: Sequence[str], on_progress: OnProgress | None = None) -> dict[str, str]:
    """Which files cannot be decoded, and why: reads all of them."""
    reasons = _in_pieces(_fault, paths, on_progress)
    return {path: why for path, why in zip(paths, reasons, strict=True) if why}


def _fault(path: str) -> str:
    try:
        with Image.open(path) as image:
            head_of(image)  # finds pixels that are NaN
            image.load()
    except UNREADABLE as error:
        return f"cannot be read: {str(error).rstrip('.')}"
    return ""


def decode(paths: Sequence[str], target: Target, on_progress: OnProgress | None = None) -> Images:
    """(N, C, H, W), in the order of `paths`.

    Raises:
        DataError: a file cannot be decoded.
    """
    images: Images = np.empty((len(paths), *target.shape), dtype=target.dtype)
    decode_each(paths, target, images.__setitem__, on_progress)
    return images


def decode_each(
    paths: Sequence[str],
    target: Target,
    put: Callable[[int, Images], None],
    on_progress: OnProgress | None = None,
) -> None:
    """Decode files by several threads; `put` takes the number of each and its image."""
    _in_pieces(
        lambda number: put(number, decode_one(paths[number], target)),
        range(len(paths)),
        on_progress,
    )


def fits_in_memory(count: int, target: Target) -> bool:
    """Whether decoded images leave enough of the memory that is free."""
    return has_room(count * target.nbytes, MEMORY_SHARE)


def has_room(size: int, share: float) -> bool:
    """Whether so many bytes are at most a share of the free memory; True where that is unknown."""
    return size <= share * free_memory("cpu")


def decode_one(path: str, target: Target) -> Images:
    """(C, H, W). Raises: DataError: the file cannot be decoded."""
    try:
        with Image.open(path) as image:
            pixels = _converted(upright(image), target)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    if not target.exact:
        size = (target.width, target.height)
        pixels = ImageOps.fit(pixels, size, Image.Resampling.BILINEAR)
    array = np.asarray(pixels)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def _converted(image: Image.Image, target: Target) -> Image.Image:
    if image.mode in DEEP_MODES:
        image = _scaled(image, target)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert(target.mode)


def _scaled(image: Image.Image, target: Target) -> Image.Image:
    """Deep pixels on the scale of the whole set; Pillow's own conversion cuts off at 255."""
    if image.mode == "F" and target.mode != "F":
        raise ValueError(
            "floating-point pixels have no common scale with the other images; save all of them "
            "with 8 bits"
        )
    share = (np.asarray(image, dtype=np.float64) - target.low) / (target.high - target.low)
    if target.mode == "F":
        return Image.fromarray(share.astype(np.float32))
    return Image.fromarray((share * 255).round().astype(np.uint8))


def _unreadable(path: str, error: Exception) -> DataError:
    return DataError(
        f"Image {path} cannot be read: {error}. Repair or remove it, or say "
        "how many such files may be left out (--skip-broken)."
    )


Item = TypeVar("Item")


def _in_pieces(
    work: Callable[[Item], Result], items: Sequence[Item], on_progress: OnProgress | None = None
) -> list[Result]:
    """`work` on every item by a pool of threads, in order; the first error ends it."""
    pieces = [items[start : start + PIECE] for start in range(0, len(items), PIECE)]

    def do(piece: Iterable[Item]) -> list[Result]:
        return [work(item) for item in piece]

    results: list[Result] = []
    pool = ThreadPoolExecutor(max_workers=min(16, cpu_count()))
    try:
        for done in pool.map(do, pieces):
            results += done
            if on_progress is not None:
                on_progress(len(results), len(items))
    finally:
        pool.shutdown(cancel_futures=True)
    return results
