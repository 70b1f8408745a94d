"""The values of the learning-rate range test; `core.range_test` makes and re-exports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autosuperconv.core import format as fmt
from autosuperconv.core.curve import Curve
from autosuperconv.core.format import counted, number
from autosuperconv.core.trace import StopReason

SweepKind = Literal["exponential", "linear"]
RESOLUTION = 0.1
"""Decades. A sweep of 40 to 80 points over four decades resolves no better."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sweep says.

    Args:
        floor: learning rate at which learning starts; None where it never does.
        edge: learning rate from which accuracy is no longer kept; None where the curve never
            is lost within the range.
        peak_lr: learning rate of the highest smoothed accuracy; None where nothing is learned, or
            no accuracy was recorded.
        steepest: learning rate of the fastest fall of the loss; None where the loss does not fall,
            or noise may be all that it shows. The same holds for the next two.
        valley: learning rate in the middle of the longest fall of the loss.
        minimum_tenth: a tenth of the learning rate of the lowest loss.
        retention: mean accuracy over the last tenth of the range, as far as it was swept, over
            the peak accuracy.
        possible: whether the net trains at the largest learning rates of the range; None: cannot
            tell.
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
        edge_is_bound: no repeat lost its accuracy: `edge` is the end of the range, a lower bound.
        retention: mean over the repeats that have one.
        possible: whether it allows large learning rates; None: cannot tell.
        momentum: of the sweeps; None where it is not searched, and so the same in all cells.
        seeds: of each sweep.
        stopped: why each sweep ended.
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
    stopped: tuple[StopReason, ...] = ()

    @property
    def name(self) -> str:
        """E.g. "batch 128, weight decay 1e-3"."""
        name = f"batch {self.batch_size}, weight decay {number(self.weight_decay)}"
        return name if self.momentum is None else f"{name}, momentum {number(self.momentum)}"


@dataclass(frozen=True, slots=True)
class SweepCost:
    """What the sweeps cost, and what they might have cost.

    Work is counted in sample-equivalents: a sample that is evaluated is a third of one that is
    trained.

    Args:
        cells: that were swept.
        left_out: cells of the whole grid for which the share left no room.
        repeats: second sweeps of a cell.
        extended: those of them that went to higher learning rates.
        ended_early: sweeps that ended before their highest learning rate.
        samples: trained.
        saved: samples not trained, because sweeps ended early.
        work: sample-equivalents of all sweeps.
        budget: sample-equivalents of the whole search, as forecast.
        share: of `budget` below which `work` was to stay.
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
        used = self.work / self.budget if self.budget > 0 else 0.0
        limit = f"the limit is {fmt.percent(self.share, 0)}"
        if self.work > self.share * self.budget:
            limit += ", exceeded although the sweeps were cut to the fewest"
        text = (
            f"{counted(self.cells + self.repeats, 'sweep')}, {fmt.count(self.samples)} samples: "
            f"{fmt.percent(used, 1)} of the search's forecast work ({limit})."
        )
        if self.left_out:
            left_out = counted(self.left_out, "more cell")
            text += f" {left_out} would not have fitted into it."
        if self.ended_early:
            saved = fmt.percent(self.saved / max(self.samples + self.saved, 1), 0)
            ended = counted(self.ended_early, "sweep")
            text += f" {ended} ended early, which saved {saved} of the training."
        return f"{text} {self._repeated}"

    @property
    def _repeated(self) -> str:
        if not self.repeats:
            return "No cell was swept twice, so the spread over seeds was not measured."
        were = "was" if self.repeats == 1 else "were"
        text = f"{counted(self.repeats, 'cell')} {were} swept twice"
        if self.extended:
            text += f" ({self.extended} to higher learning rates, because accuracy was never lost)"
        if self.edge_spread is None:
            return f"{text}."
        if self.edge_spread < RESOLUTION:
            least = f"below the resolution of {RESOLUTION:g} decades"
            return f"{text}: the edge's spread over seeds is {least}."
        return f"{text}: the edge's spread over seeds is {number(self.edge_spread)} decades."


@dataclass(frozen=True, slots=True)
class RangeTest:
    """The whole range test: its cells, and what they say together.

    Args:
        cells: that were swept.
        lowest_lr: at which the sweeps begin.
        highest_lr: that any of them got to.
        possible: whether any cell allows large learning rates; None: cannot tell.
        reason: one sentence for `possible`.
        sweep: whether learning rates rose by equal factors or by equal steps.
        cost: None where it was not counted.
        planned_lr: to which the sweeps were to go, had none ended early; None: `highest_lr`.
    """

    cells: tuple[Cell, ...]
    lowest_lr: float
    highest_lr: float
    possible: bool | None
    reason: str
    sweep: SweepKind = "exponential"
    cost: SweepCost | None = None
    planned_lr: float | None = None

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
        is_bound: the edge lies at least here, because accuracy was never lost.
    """

    log10_edge: float
    sd: float
    is_bound: bool
