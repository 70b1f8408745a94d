"""Random crop and flip of whole batches: one gather by computed pixel addresses."""

from __future__ import annotations

import torch
from torch import Tensor

PAD = 4


class CropFlip:
    """Random crop of an image padded by 4 and random horizontal flip (He et al. 2015, 4.2).

    Args:
        x: (N, C, H, W), any dtype; kept padded with zeros as (N * (H + 8) * (W + 8), C).
    """

    def __init__(self, x: Tensor) -> None:
        padded = torch.nn.functional.pad(x, (PAD, PAD, PAD, PAD))
        self._n, self._c, self._h, self._w = padded.shape
        self._rows = padded.permute(0, 2, 3, 1).reshape(-1, self._c).contiguous()
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
        pixels = self._rows.index_select(0, address.reshape(-1))
        return pixels.view(b, len(self._y), len(self._x), self._c).permute(0, 3, 1, 2)
