"""The values of the learning-rate range test; `core.range_test` makes and re-exports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autosuperconv.core.curve import Curve
from autosuperconv.core.format import counted, number

SweepKind = Literal["exponential", "linear"]
RESOLUTION = 0.1
"""Decades. A sweep of 40 to 80 points over four decades resolves no better."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sweep says.

    Args:
        floor: learning rate at which learning starts; None where it never does.
        edge: learning rate from which accuracy is no longer kept; None where the curve never
            breaks within the range.
        peak_lr: learning rate of the highest smoothed accuracy; None where nothing is learned, or
            no accuracy was recorded.
        steepest: learning rate of the fastest fall of the loss.
        valley: learning rate in the middle of the longest fall of the loss.
        minimum_tenth: a tenth of the learning rate of the lowest loss.
        retention: mean accuracy over the last tenth of the range, as far as it was swept, over
            the peak accuracy.
        possible: whether the net trains at the largest rates of the range; None: cannot tell.
        reason: one sentence for `possible`.
    """

    floor: float | None
    edge: float | None
    peak_lr: float | None
    steepest: float | None
    valley: float | None
    minimum_tenth: float | None
    retention: float | None
    possible: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Cell:
    """All sweeps at one batch size and weight decay.

    Args:
        batch_size: of all of them.
        weight_decay: of all of them.
        readings: of each sweep.
        curves: of each sweep, as far as they are read and drawn.
        floor: geometric mean over the repeats that have one.
        edge: geometric mean over the repeats that have one.
        edge_spread: standard deviation of log10(edge) over the repeats; None below two.
        edge_is_bound: no repeat broke: `edge` is the end of the range, a lower bound.
        retention: mean over the repeats that have one.
        possible: whether it allows large learning rates; None: cannot tell.
        momentum: of the sweeps; None where it is not searched, and so the same in all cells.
        seeds: of each sweep.
    """

    batch_size: int
    weight_decay: float
    readings: tuple[Reading, ...]
    curves: tuple[Curve, ...]
    floor: float | None
    edge: float | None
    edge_spread: float | None
    edge_is_bound: bool
    retention: float | None
    possible: bool | None
    momentum: float | None = None
    seeds: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """E.g. "batch 128, weight decay 1e-3"."""
        name = f"batch {self.batch_size}, weight decay {number(self.weight_decay)}"
        return name if self.momentum is None else f"{name}, momentum {number(self.momentum)}"


@dataclass(frozen=True, slots=True)
class SweepCost:
    """What the sweeps took, against what they might have taken.

    "Samples' worth" counts a sample that is evaluated as a third of one that is trained.

    Args:
        cells: that were swept. left_out: those of the whole grid that the share left no room for.
        repeats: second sweeps of a cell; extended: those of them that went to higher rates.
        ended_early: sweeps that ended before their highest rate.
        samples: trained. saved: not trained, because sweeps ended early.
        work: samples' worth of all sweeps. budget: of the whole search, as forecast.
        share: of `budget` that `work` was to keep below.
        edge_spread: pooled standard deviation of log10(edge) over repeats; None without any.
    """

    cells: int
    left_out: int
    repeats: int
    extended: int
    ended_early: int
    samples: int
    saved: int
    work: float
    budget: float
    share: float
    edge_spread: float | None

    @property
    def sentence(self) -> str:
        """All of it in words."""
        used = 100 * self.work / self.budget if self.budget > 0 else 0.0
        above = "" if self.work <= self.share * self.budget else ", which fewer cannot keep to"
        text = (
            f"{counted(self.cells + self.repeats, 'sweep')}, {self.samples:,} samples: {used:.1f} "
            f"% of the search's forecast work, of at most {100 * self.share:g} %{above}."
        )
        if self.left_out:
            text += f" {counted(self.left_out, 'cell')} left out to keep to that."
        if self.ended_early:
            saved = 100 * self.saved / max(self.samples + self.saved, 1)
            text += f" {self.ended_early} ended early, which saved {saved:.0f} % of the training."
        return f"{text} {self._repeated}"

    @property
    def _repeated(self) -> str:
        if not self.repeats:
            return "No cell was swept twice: the spread over seeds is not measured."
        text = f"{counted(self.repeats, 'cell')} swept twice"
        if self.extended:
            text += f" ({self.extended} to higher rates, as nothing broke)"
        if self.edge_spread is None:
            return f"{text}."
        if self.edge_spread < RESOLUTION:
            least = f"below the {RESOLUTION:g} decades resolved"
            return f"{text}: the edge's spread over seeds is {least}."
        return f"{text}: the edge's spread over seeds is {self.edge_spread:.2f} decades."


@dataclass(frozen=True, slots=True)
class RangeTest:
    """The whole range test: its cells, and what they say together.

    Args:
        sweep: whether rates rose by equal factors or by equal steps.
        cost: None in a range test of before it was counted.
    """

    cells: tuple[Cell, ...]
    lowest_lr: float
    highest_lr: float
    possible: bool | None
    reason: str
    sweep: SweepKind = "exponential"
    cost: SweepCost | None = None

    @property
    def over_momentum(self) -> bool:
        """Whether cells differ in momentum."""
        return any(cell.momentum is not None for cell in self.cells)


@dataclass(frozen=True, slots=True)
class EdgeEstimate:
    """log10 of the edge at some (batch size, weight decay), with its uncertainty.

    Args:
        log10_edge: the estimate.
        sd: its standard deviation in decades, never below a stated minimum.
        is_bound: the edge lies at least here, nothing broke.
    """

    log10_edge: float
    sd: float
    is_bound: bool
