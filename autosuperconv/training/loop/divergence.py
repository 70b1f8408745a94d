"""The losses of a run: kept on the device until they are checked for divergence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DIVERGED_LOSS = 4.0  # times the first loss


@dataclass
class DivergenceWatch:
    """Detects divergence: a loss that is not finite, or an average far above the first loss.

    Args:
        start: the first loss.
        average: moving average of the losses, which starts from 0.
        seen: losses so far.
    """

    start: float = 0.0
    average: float = 0.0
    seen: int = 0

    def check(self, loss: float) -> str:
        """Take the loss of one step; returns why the run has diverged, or ""."""
        self.seen += 1
        if not math.isfinite(loss):
            return "the loss is not finite"
        if self.seen == 1:
            self.start = loss
        self.average = 0.9 * self.average + 0.1 * loss
        level = self.average / (1 - 0.9**self.seen)
        if level > DIVERGED_LOSS * max(self.start, 0.5):
            first = f"{level / self.start:.1f} times" if self.start else "above"
            return f"the loss ({level:.3g}) is {first} the first loss ({self.start:.3g})"
        return ""


class RecentLosses:
    """Losses and correct answers since the last point, on the device until they are checked."""

    def __init__(self, watch: DivergenceWatch) -> None:
        self._watch = watch
        self._new: list[Tensor] = []
        self._hits: list[Tensor] = []
        self._losses: list[float] = []

    def add(self, loss: Tensor, hits: Tensor) -> None:
        """Add one step's mean loss, and how many of its samples were classified correctly."""
        self._new.append(loss)
        self._hits.append(hits)

    def check(self) -> str:
        """Fetch and check the new losses; returns why and at which step the run diverged, or ""."""
        new: list[float] = torch.stack(self._new).tolist() if self._new else []
        self._new.clear()
        self._losses += new
        for loss in new:
            if problem := self._watch.check(loss):
                return f"{problem} at step {self._watch.seen}"
        return ""

    def means(self, batch_size: int) -> tuple[float, float]:
        """Mean loss and accuracy since the last call; all losses must have been checked."""
        losses, hits = self._losses, torch.stack(self._hits).tolist()
        self._losses, self._hits = [], []
        return sum(losses) / len(losses), sum(hits) / (batch_size * len(hits))
