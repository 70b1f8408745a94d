"""Random crop and flip of whole batches, and cutout: one gather by computed pixel addresses."""

from __future__ import annotations

import torch
from torch import Tensor

from autosuperconv.training.data.task import TaskData

PAD = 4


class CropFlip:
    """Random crop of an image padded by 4 and random horizontal flip (He et al. 2015, 4.2).

    Args:
        x: (N, C, H, W), any dtype; kept padded with zeros as (N * (H + 8) * (W + 8), C).
        cut_to: (C,) of the same dtype: a square of half the side about a random pixel is filled
            with it, as far as it is inside the image (cutout, DeVries & Taylor 2017, arXiv
            1708.04552: 16 x 16 of 32 x 32, filled with the mean). None: nothing is cut out.
    """

    def __init__(self, x: Tensor, cut_to: Tensor | None = None) -> None:
        self._c, self._h, self._w = x.shape[1], x.shape[2] + 2 * PAD, x.shape[3] + 2 * PAD
        pixels = len(x) * self._h * self._w
        self._cuts = cut_to is not None
        self._rows = x.new_zeros((pixels + self._cuts, self._c))
        padded = self._rows[:pixels].view(len(x), self._h, self._w, self._c)
        padded[:, PAD:-PAD, PAD:-PAD].copy_(x.permute(0, 2, 3, 1))
        if cut_to is not None:
            self._rows[-1] = cut_to
        device = x.device
        self._y = torch.arange(x.shape[2], device=device)
        self._x = torch.arange(x.shape[3], device=device)

    def __call__(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """(B,) sample numbers -> (B, C, H, W) in channels-last layout."""
        b, device = len(index), index.device
        shift = torch.randint(0, 2 * PAD + 1, (2, b, 1), generator=generator, device=device)
        flip = torch.randint(0, 2, (b, 1), generator=generator, device=device).bool()
        columns = torch.where(flip, self._x.flip(0), self._x) + shift[0]
        rows = (self._y + shift[1] + index[:, None] * self._h) * self._w
        address = rows[:, :, None] + columns[:, None, :]
        if self._cuts:
            address = address.masked_fill(self._cut_out(b, generator), len(self._rows) - 1)
        pixels = self._rows.index_select(0, address.reshape(-1))
        return pixels.view(b, len(self._y), len(self._x), self._c).permute(0, 3, 1, 2)

    def _cut_out(self, b: int, generator: torch.Generator) -> Tensor:
        """(B, H, W): whether a pixel is in its image's square."""
        in_rows, in_columns = (_about_one(along, b, generator) for along in (self._y, self._x))
        return in_rows[:, :, None] & in_columns[:, None, :]


def _about_one(along: Tensor, b: int, generator: torch.Generator) -> Tensor:
    """(B, L): whether a position is among the L // 2 around a random one."""
    size = len(along)
    centre = torch.randint(0, size, (b, 1), generator=generator, device=along.device)
    start = centre - size // 4
    return (along >= start) & (along < start + size // 2)


def augmenter(data: TaskData, x: Tensor) -> CropFlip | None:
    """What the data's `augment` does with images x: (N, C, H, W), not yet normalised."""
    if data.augment == "none":
        return None
    if data.augment == "crop-flip":
        return CropFlip(x)
    mean = torch.tensor(data.mean, dtype=torch.float32, device=x.device).expand(x.shape[1])
    return CropFlip(x, (mean * 255).round().to(x.dtype) if x.dtype == torch.uint8 else mean)
