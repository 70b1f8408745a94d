"""What the range test says about max_lr before any trial: a prior, and a cap.

The prior at some batch size and weight decay (and momentum, where that is searched) is a bell in
log10(max_lr) about the sweeps' *peak*, the rate of the highest accuracy, with a uniform floor over
the whole range. Measured on dense designs (studies/search_cost): the rates of the best cycles lie
about the peak, half a decade below to 0.8 above it, and 0.2 to 1.6 decades below the edge. Where
cycles break is another question: with batch norm from about twice the edge on, without it from
half of it. So the bell is wide, and the cap begins at `CAP_FACTOR` times the edge and comes down
to a lid as trials break: a prior that is too high costs little, one that is too low and sharp is
ruinous.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autosuperconv.core.range_test import Cell, RangeTest, edge_at
from autosuperconv.core.space import Range

Floats = NDArray[np.float64]

WIDTH = 0.45  # decades
CAP_FACTOR = 4.0
UNIFORM_SHARE = 0.2
REDRAWS = 20


@dataclass(frozen=True, slots=True)
class LrPrior:
    """A distribution over max_lr, conditional on batch size and weight decay, and on the momentum
    at the highest rate where the sweeps differ in it (None: the middle of those swept).

    Args:
        range_test: None where there was none: the prior is then uniform in the logarithm.
        range_: of max_lr in the search space.
        lid: lowest rate over `unit` that trials have shown to break.
    """

    range_test: RangeTest | None
    range_: Range
    lid: float = math.inf

    def ignored(self) -> LrPrior:
        """Uniform over the range, without a cap: where trials have refuted the range test."""
        return LrPrior(None, self.range_)

    def edge(
        self, batch_size: int, weight_decay: float, momentum: float | None = None
    ) -> float | None:
        """The range test's edge there; None where nothing is known, or nothing broke."""
        if self.range_test is None:
            return None
        estimate = edge_at(self.range_test, batch_size, weight_decay, momentum)
        return None if estimate is None or estimate.is_bound else 10**estimate.log10_edge

    def centre(
        self, batch_size: int, weight_decay: float, momentum: float | None = None
    ) -> float | None:
        """The likeliest rate: the sweeps' peak there, or the edge where no peak was read."""
        if self.range_test is None:
            return None
        estimate = edge_at(at_peak(self.range_test), batch_size, weight_decay, momentum)
        if estimate is None:
            return self.edge(batch_size, weight_decay, momentum)
        return 10**estimate.log10_edge

    def cap(self, batch_size: int, weight_decay: float, momentum: float | None = None) -> float:
        """No rate above this is worth training: `CAP_FACTOR` times the edge, or the lid."""
        edge = self.edge(batch_size, weight_decay, momentum)
        factor = self.lid if edge is None else min(CAP_FACTOR, self.lid)
        return min(self.range_.high, max(factor * (edge or 1.0), self.range_.low))

    def unit(self, batch_size: int, weight_decay: float, momentum: float | None = None) -> float:
        """What rates are compared in: the edge, or 1 where it is not known."""
        return self.edge(batch_size, weight_decay, momentum) or 1.0

    def draw(
        self,
        rng: np.random.Generator,
        batch_size: int,
        weight_decay: float,
        momentum: float | None = None,
    ) -> float:
        """One max_lr, never above the cap."""
        cell = (batch_size, weight_decay, momentum)
        centre, cap = self.centre(*cell), np.array([self.cap(*cell)])
        return float(self.draws(rng, np.array([centre or np.nan]), cap)[0])

    def draws(self, rng: np.random.Generator, centre: Floats, cap: Floats) -> Floats:
        """One max_lr at each centre, never above its cap.

        Args:
            centre: (n,) likeliest rates; not a number where none is. cap: (n,).
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


def cell_of(params: Mapping[str, Any]) -> tuple[int, float, float | None]:
    """Batch size, weight decay and, where it is searched, momentum at the highest rate: what the
    prior at a trial's parameters is conditional on."""
    momentum = params.get("base_momentum")
    return (
        int(params.get("batch_size", 1)),
        float(params.get("weight_decay", 0.0)),
        None if momentum is None else float(momentum),
    )


def at_peak(range_test: RangeTest) -> RangeTest:
    """The same cells with the peak in place of the edge, to be read between the cells alike."""
    return replace(range_test, cells=tuple(_at_peak(cell) for cell in range_test.cells))


def _at_peak(cell: Cell) -> Cell:
    logs = [math.log10(r.peak_lr) for r in cell.readings if r.peak_lr]
    peak = 10 ** (sum(logs) / len(logs)) if logs else None
    return replace(cell, edge=peak, edge_is_bound=False)
