"""What the image files of a folder are, and what they all become."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from autosuperconv.core.format import counted

Size: TypeAlias = tuple[int, int]  # height and width in pixels
Images: TypeAlias = NDArray[Any]  # uint8 or float32

LARGEST_SIDE = 224  # ImageNet's usual crop
TURNED = range(5, 9)  # the values of EXIF's orientation that exchange width and height
GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
DEEP_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N", "F"})


@dataclass(frozen=True, slots=True)
class Head:
    """One file, before its pixels are converted.

    Args:
        height: in pixels, upright.
        width: in pixels, upright.
        gray: without colours.
        deep: lowest and highest value, where pixels have more than 8 bits.
        floats: its pixels are floating-point numbers.
        alpha: lowest and highest opacity, where there is any, of 255.
        frames: there are several pages or frames in the file.
        cut: it has colours of 16 bits, of which Pillow reads 8.
    """

    height: int
    width: int
    gray: bool
    deep: tuple[float, float] | None
    floats: bool
    alpha: tuple[int, int]
    frames: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class Target:
    """What every image becomes.

    Args:
        height: in pixels.
        width: in pixels.
        mode: Pillow's name of the channels: "L", "LA", "RGB" or "RGBA"; "F" for gray images of
            more than 256 levels.
        exact: all images have this size already.
        low: the value of a deep pixel that becomes 0.
        high: the value of a deep pixel that becomes 255, or 1 where the mode is "F".
    """

    height: int
    width: int
    mode: str
    exact: bool
    low: float = 0.0
    high: float = 255.0

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self.mode), self.height, self.width)

    @property
    def dtype(self) -> type[np.uint8] | type[np.float32]:
        return np.float32 if self.mode == "F" else np.uint8

    @property
    def nbytes(self) -> int:
        """Of one image."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def head_of(image: Image.Image) -> Head:
    """An opened file; pixels are read only where their range is asked for."""
    turned = orientation(image) in TURNED
    height, width = (image.width, image.height) if turned else (image.height, image.width)
    frames, rawmode = getattr(image, "is_animated", False), str(getattr(image, "tile", ""))
    gray, deep, alpha = image.mode in GRAY_MODES, None, (255, 255)
    if image.mode in DEEP_MODES:
        pixels = np.asarray(image)
        if not np.isfinite(pixels).all():
            raise ValueError("it has pixels that are NaN or infinite")
        deep = (float(pixels.min()), float(pixels.max()))
    if image.has_transparency_data:
        low, high = image.convert("RGBA").getchannel("A").getextrema()
        alpha = (int(low), int(high))  # type: ignore[arg-type]
    cut, floats = ";16" in rawmode and deep is None, image.mode == "F"
    return Head(height, width, gray, deep, floats, alpha, frames, cut)


def orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 for upright. Pillow turns TIFF files itself, and would have to decode
    a PNG file to look for EXIF data behind its pixels."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    return int(image.getexif().get(ExifTags.Base.Orientation, 1))


def upright(image: Image.Image) -> Image.Image:
    """As a viewer shows it."""
    return image if orientation(image) == 1 else ImageOps.exif_transpose(image)


def target_for(heads: Sequence[Head], size: Size | None) -> Target:
    """The common size and channels of images.

    Args:
        heads: of all of them.
        size: what was requested; None: that of all images, or the median shorter side, both at
            most `LARGEST_SIDE`.
    """
    sizes = {(head.height, head.width) for head in heads}
    if size is None:
        size = next(iter(sizes))
        if len(sizes) > 1 or max(size) > LARGEST_SIDE:
            median = int(np.median([min(head.height, head.width) for head in heads]))
            size = (min(LARGEST_SIDE, median),) * 2
    mode = "L" if all(head.gray for head in heads) else "RGB"
    if any(head.alpha != heads[0].alpha or head.alpha[0] < head.alpha[1] for head in heads):
        mode += "A"
    ranges = [head.deep for head in heads if head.deep is not None]
    if not ranges:
        return Target(*size, mode, sizes == {size})
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if len(ranges) < len(heads):  # beside images of 8 bits, deep ones are cut to 8
        bits = max(8, int(high).bit_length())
        return Target(*size, mode, sizes == {size}, min(low, 0.0), float(2**bits - 1))
    if low >= 0 and high <= 255 and not any(head.floats for head in heads):
        return Target(*size, mode, sizes == {size})
    return Target(*size, "F", sizes == {size}, low, high if high > low else low + 1)


def notes_on(heads: Sequence[Head], target: Target) -> tuple[str, ...]:
    """What was decided about the images, one sentence each."""
    notes, sizes = [], sorted({(head.height, head.width) for head in heads})
    if not target.exact:
        (a, b), (c, d) = sizes[0], sizes[-1]
        found = (
            f"Images of {a} x {b}"
            if len(sizes) == 1
            else (f"Images of {len(sizes)} sizes, from {a} x {b} to {c} x {d},")
        )
        notes.append(
            f"{found} are scaled and cut in the middle to {target.height} x {target.width} pixels "
            "(--image-size sets another size)."
        )
    deep = sum(head.deep is not None for head in heads)
    levels = f"from {target.low:g} to {target.high:g}"
    if target.mode == "F":
        notes.append(f"Gray levels {levels} are kept as they are, in 32 bits.")
    elif 0 < deep < len(heads) and target.high > 255:
        notes.append(
            f"{counted(deep, 'image')} of {len(heads)} with more than 8 bits: levels {levels} are "
            "reduced to 8 bits, as the others have."
        )
    if target.mode.endswith("A"):
        notes.append(
            "Opacity varies, so it is kept as a channel of its own. Save the images without an "
            "alpha channel to leave it out."
        )
    if frames := sum(head.frames for head in heads):
        notes.append(
            f"{counted(frames, 'file')} of {len(heads)} with several pages or frames: "
            "the first of them is used."
        )
    if cut := sum(head.cut for head in heads):
        notes.append(
            f"{counted(cut, 'image')} of {len(heads)} with colours of 16 bits: the upper "
            "8 bits are used."
        )
    return tuple(notes)
