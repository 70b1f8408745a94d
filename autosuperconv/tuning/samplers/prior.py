"""`LrPrior`: what the range test says about max_lr before any trial, a distribution and a cap.

At a given batch size and weight decay (and momentum, if that is searched) the prior is a bell in
log10(max_lr) around the sweeps' *peak*, the learning rate of the highest accuracy, plus a uniform
share over the whole range. On dense designs (studies/search_cost), the max_lr of the best cycles
lies around the peak, from half a decade below it to 0.8 decades above it, and 0.2 to 1.6 decades
below the edge. Where cycles diverge is less certain: with batch norm from about twice the edge,
without it from half the edge. So the bell is wide, and the cap starts at `CAP_FACTOR` times the
edge and is lowered as trials diverge. A prior that is too high costs little; one that is too low
and too narrow ruins the search.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autosuperconv.core.range_test import RangeTest, edge_at
from autosuperconv.core.space import Range

Floats = NDArray[np.float64]
LrCell = tuple[int, float, float | None]
"""Batch size, weight decay and, where the sweeps differ in it, momentum at max_lr."""

WIDTH = 0.45  # standard deviation of the bell, in decades
CAP_FACTOR = 4.0
UNIFORM_SHARE = 0.2  # of draws, which come from the whole range instead of the bell
REDRAWS = 20  # of what falls outside the range, before it is drawn uniformly


@dataclass(frozen=True, slots=True)
class LrPrior:
    """A distribution over max_lr that depends on the cell: batch size, weight decay and, where the
    sweeps differ in it, the momentum at max_lr (None: the middle of those swept).

    Args:
        range_test: None: the prior is uniform on the log scale.
        range_: of max_lr in the search space.
        divergence_limit: max_lr over the edge (over 1 where that is unknown) from which trials have
            diverged.
        reach: highest learning rate of a run over its max_lr. The range test's learning rates are
            divided by it.
    """

    range_test: RangeTest | None
    range_: Range
    divergence_limit: float = math.inf
    reach: float = 1.0

    def edge(self, cell: LrCell) -> float | None:
        """The max_lr whose runs get to the range test's edge in the cell; None if that is unknown,
        or no sweep diverged."""
        if self.range_test is None:
            return None
        estimate = edge_at(self.range_test, *cell)
        return (
            None if estimate is None or estimate.is_bound else 10**estimate.log10_edge / self.reach
        )

    def centre(self, cell: LrCell) -> float | None:
        """The most likely max_lr: the sweeps' peak, or the edge where no peak was read."""
        if self.range_test is None:
            return None
        estimate = edge_at(at_peak(self.range_test), *cell)
        if estimate is None:
            return self.edge(cell)
        return 10**estimate.log10_edge / self.reach

    def cap(self, cell: LrCell) -> float:
        """No max_lr above this is worth training: `CAP_FACTOR` times the edge, or where trials have
        diverged."""
        edge = self.edge(cell)
        limit = self.divergence_limit
        factor = limit if edge is None else min(CAP_FACTOR, limit)
        return min(self.range_.high, max(factor * (edge or 1.0), self.range_.low))

    def draw(self, rng: np.random.Generator, cell: LrCell) -> float:
        """One max_lr, never above the cap."""
        centre, cap = self.centre(cell), np.array([self.cap(cell)])
        return float(self.draws(rng, np.array([centre or np.nan]), cap)[0])

    def draws(self, rng: np.random.Generator, centre: Floats, cap: Floats) -> Floats:
        """One max_lr at each centre, never above its cap.

        Args:
            rng: makes the draws.
            centre: (n,) most likely values; NaN where none is more likely than others.
            cap: (n,) highest values.
        """
        low, high = math.log10(self.range_.low), np.log10(cap)
        bell = rng.normal(np.log10(centre), WIDTH)
        for _ in range(REDRAWS):
            outside = (bell < low) | (bell > high)
            bell = np.where(outside, rng.normal(np.log10(centre), WIDTH), bell)
        inside = (bell >= low) & (bell <= high)
        uniform = rng.random(len(cap)) < UNIFORM_SHARE
        anywhere = low + (high - low) * rng.random(len(cap))
        return np.asarray(10 ** np.where(inside & ~uniform, bell, anywhere))


def cell_of(params: Mapping[str, Any]) -> LrCell:
    """What the prior depends on at a trial's parameters: batch size, weight decay and, if it is
    searched, momentum at max_lr."""
    momentum = params.get("base_momentum")
    return (
        int(params.get("batch_size", 1)),
        float(params.get("weight_decay", 0.0)),
        None if momentum is None else float(momentum),
    )


def at_peak(range_test: RangeTest) -> RangeTest:
    """The same cells with the peak in place of the edge, so that it is interpolated alike."""
    cells = []
    for cell in range_test.cells:
        logs = [math.log10(r.peak_lr) for r in cell.readings if r.peak_lr]
        peak = 10 ** (sum(logs) / len(logs)) if logs else None
        cells.append(replace(cell, edge=peak, edge_is_bound=False))
    return replace(range_test, cells=tuple(cells))
