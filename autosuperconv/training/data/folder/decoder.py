"""Decode image files into one array of bytes, by a pool of threads."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from joblib import cpu_count
from PIL import Image, ImageOps

from autosuperconv.errors import DataError
from autosuperconv.training.data.folder.cache import Images

LARGEST_SIDE = 224  # ImageNet's usual crop
PIECE = 256  # files per task: handing over single files costs more than decoding them
MEMORY_SHARE = 0.5  # of the machine's memory that decoded images may take
GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
DEEP_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})

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


@dataclass(frozen=True, slots=True)
class Target:
    """What every image becomes.

    Args:
        height: in pixels.
        width: in pixels.
        gray: one channel instead of three.
        exact: all images have this size already.
    """

    height: int
    width: int
    gray: bool
    exact: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1 if self.gray else 3, self.height, self.width)


def target_of(paths: Sequence[str], on_progress: OnProgress | None = None) -> Target:
    """The common size and colour, from the files' headers.

    Raises:
        DataError: a header cannot be read.
    """
    heads = _in_pieces(_head, paths, on_progress)
    gray = all(mode in GRAY_MODES for _, _, mode in heads)
    sizes = {(height, width) for height, width, _ in heads}
    if len(sizes) == 1 and max(next(iter(sizes))) <= LARGEST_SIDE:
        height, width = sizes.pop()
        return Target(height, width, gray, exact=True)
    median = int(np.median([min(height, width) for height, width, _ in heads]))
    side = min(LARGEST_SIDE, median)
    return Target(side, side, gray, exact=False)


def decode(paths: Sequence[str], target: Target, on_progress: OnProgress | None = None) -> Images:
    """(N, C, H, W), in the order of `paths`.

    Raises:
        DataError: a file cannot be decoded.
    """
    images = np.empty((len(paths), *target.shape), dtype=np.uint8)

    def fill(index: int) -> None:
        images[index] = decode_one(paths[index], target)

    _in_pieces(fill, range(len(paths)), on_progress)
    return images


def _head(path: str) -> tuple[int, int, str]:
    try:
        with Image.open(path) as image:
            return image.height, image.width, image.mode
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def fits_in_memory(count: int, target: Target) -> bool:
    """Whether decoded images leave enough memory; True where its size is unknown."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):
        return True
    return count * math.prod(target.shape) <= MEMORY_SHARE * memory


def decode_one(path: str, target: Target) -> Images:
    """(C, H, W). Raises: DataError: the file cannot be decoded."""
    try:
        with Image.open(path) as image:
            pixels = _convert(image, target.gray)
    except UNREADABLE as error:
        raise _unreadable(path, error) from error
    if not target.exact:
        size = (target.width, target.height)
        pixels = ImageOps.fit(pixels, size, Image.Resampling.BILINEAR)
    array = np.asarray(pixels)
    return array[None] if target.gray else array.transpose(2, 0, 1)


def _convert(image: Image.Image, gray: bool) -> Image.Image:
    if image.mode == "F":
        raise ValueError("floating-point pixels have no common scale; save them with 8 bits")
    if image.mode in DEEP_MODES:
        image = _from_16_bits(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("L" if gray else "RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Pillow's own conversion cuts off at 255 instead of scaling."""
    deep = np.asarray(image).astype(np.int64)
    return Image.fromarray((deep >> 8).clip(0, 255).astype(np.uint8))


def _unreadable(path: str, error: Exception) -> DataError:
    return DataError(f"Image {path} cannot be read: {error}. Repair or remove it.")


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
