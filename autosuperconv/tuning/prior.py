"""What the range test says about max_lr before any trial: a prior, and a cap.

The prior at some batch size and weight decay is a bell in log10(max_lr) about the edge, with a
uniform floor over the whole range. The sweep's edge is conservative: a cycle reaches its highest
rate slowly, and often trains well at up to about four times the edge. So the prior is wide, and
nothing below `CAP_FACTOR` times the edge is ruled out: in measured searches a prior that is too
high costs little, one that is too low and sharp is ruinous.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autosuperconv.core.range_test import RangeTest, edge_at
from autosuperconv.core.space import Range

CENTRE = 0.0  # decades above the edge
WIDTH = 0.45  # decades, beside the edge's own uncertainty
CAP_FACTOR = 4.0
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
        """No rate above this is worth training: `CAP_FACTOR` times the edge."""
        if self.range_test is None:
            return self.range_.high
        estimate = edge_at(self.range_test, batch_size, weight_decay)
        if estimate is None or estimate.is_bound:
            return self.range_.high
        cap: float = CAP_FACTOR * 10**estimate.log10_edge
        return min(self.range_.high, max(cap, self.range_.low))

    def draw(self, rng: np.random.Generator, batch_size: int, weight_decay: float) -> float:
        """One max_lr, never above the cap."""
        low = math.log10(self.range_.low)
        high = math.log10(self.cap(batch_size, weight_decay))
        edge = self.edge(batch_size, weight_decay)
        if edge is None or rng.random() < UNIFORM_SHARE:
            return float(10 ** rng.uniform(low, high))
        for _ in range(100):
            x = rng.normal(math.log10(edge) + CENTRE, WIDTH)
            if low <= x <= high:
                return float(10**x)
        return float(10 ** rng.uniform(low, high))
