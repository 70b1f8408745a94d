"""What the range test says about max_lr before any trial: a prior, and a cap.

The prior at some batch size and weight decay is a bell in log10(max_lr) below the edge, with a
uniform floor over the whole range. It is wide, and its cap lies above the edge by its width: in
measured searches a prior that is too high costs little, one that is too low and sharp is ruinous.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autosuperconv.core.range_test import RangeTest, edge_at
from autosuperconv.core.space import Range

CENTRE_BELOW_EDGE = 0.25
MIN_WIDTH = 0.35
UNIFORM_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class LrPrior:
    """A distribution over max_lr, conditional on batch size and weight decay.

    Args:
        range_test: None where there was none: the prior is then uniform in the logarithm.
        range_: of max_lr in the search space.
    """

    range_test: RangeTest | None
    range_: Range

    def edge(self, batch_size: int, weight_decay: float) -> float | None:
        """The range test's edge there; None where nothing is known, or nothing broke."""
        if self.range_test is None:
            return None
        estimate = edge_at(self.range_test, batch_size, weight_decay)
        return None if estimate is None or estimate.is_bound else 10**estimate.log10_edge

    def cap(self, batch_size: int, weight_decay: float) -> float:
        """No rate above this is worth training: the edge, plus its uncertainty."""
        if self.range_test is None:
            return self.range_.high
        estimate = edge_at(self.range_test, batch_size, weight_decay)
        if estimate is None or estimate.is_bound:
            return self.range_.high
        cap: float = 10 ** (estimate.log10_edge + estimate.sd)
        return min(self.range_.high, max(cap, self.range_.low))

    def draw(self, rng: np.random.Generator, batch_size: int, weight_decay: float) -> float:
        """One max_lr, never above the cap."""
        low = math.log10(self.range_.low)
        high = math.log10(self.cap(batch_size, weight_decay))
        edge = self.edge(batch_size, weight_decay)
        if edge is None or rng.random() < UNIFORM_SHARE:
            return float(10 ** rng.uniform(low, high))
        for _ in range(100):
            x = rng.normal(math.log10(edge) - CENTRE_BELOW_EDGE, MIN_WIDTH)
            if low <= x <= high:
                return float(10**x)
        return float(10 ** rng.uniform(low, high))
