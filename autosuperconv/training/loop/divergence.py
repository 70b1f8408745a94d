"""The losses of a run: kept on the device until looked at, and watched for divergence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DIVERGED_LOSS = 4.0  # times the loss at the start


@dataclass
class DivergenceWatch:
    """Tells divergence: a loss that is not finite, or far above its start."""

    start: float = 0.0
    average: float = 0.0
    seen: int = 0

    def complaint(self, loss: float) -> str:
        """Take one step's loss; "" while all is well."""
        self.seen += 1
        if not math.isfinite(loss):
            return "the loss is not finite"
        if self.seen == 1:
            self.start = loss
        self.average = 0.9 * self.average + 0.1 * loss
        level = self.average / (1 - 0.9**self.seen)
        if level > DIVERGED_LOSS * max(self.start, 0.5):
            times = f"{level / self.start:.1f} x its start" if self.start else "above its start, 0"
            return f"the loss, {level:.3g}, is {times}"
        return ""


class RecentLosses:
    """Losses and hits since the last point; they stay on the device until they are looked at."""

    def __init__(self, watch: DivergenceWatch) -> None:
        self._watch = watch
        self._new: list[Tensor] = []
        self._hits: list[Tensor] = []
        self._losses: list[float] = []

    def add(self, loss: Tensor, hits: Tensor) -> None:
        """One step's mean loss, and how many of its samples were right."""
        self._new.append(loss)
        self._hits.append(hits)

    def look(self) -> str:
        """Fetch the losses that are new; says at which step the run diverged, or ""."""
        new: list[float] = torch.stack(self._new).tolist() if self._new else []
        self._new.clear()
        self._losses += new
        for loss in new:
            if complaint := self._watch.complaint(loss):
                return f"{complaint} at step {self._watch.seen}"
        return ""

    def means(self, batch_size: int) -> tuple[float, float]:
        """Mean loss and accuracy since the last call; all losses must have been looked at."""
        losses, hits = self._losses, torch.stack(self._hits).tolist()
        self._losses, self._hits = [], []
        return sum(losses) / len(losses), sum(hits) / (batch_size * len(hits))
