"""The learning-rate range test, read: floor, edge, peak, retention, and "possible or not".

A sweep raises the learning rate from step to step. Where it is well chosen, accuracy rises (the
*floor*), holds, and at some rate is kept no longer (the *edge*). Super-convergence is possible
where accuracy "remains consistently high over this unusually long range of large learning rates"
(Smith & Topin, 1708.07120, section 3 and Fig. 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sweep says.

    Args:
        floor: learning rate at which learning starts; None where it never does.
        edge: learning rate from which accuracy is no longer kept; None where the curve never
            breaks within the range.
        peak_lr: learning rate of the highest smoothed accuracy.
        steepest: learning rate of the fastest fall of the loss.
        valley: learning rate in the middle of the longest fall of the loss.
        minimum_tenth: a tenth of the learning rate of the lowest loss.
        retention: mean accuracy over the last tenth of the range over the peak accuracy.
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
class SweepCurve:
    """One recorded sweep, as drawn in the report. All tuples have one entry a point."""

    seed: int
    lr: tuple[float, ...]
    accuracy: tuple[float | None, ...]
    train_loss: tuple[float | None, ...]
    loss: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """All sweeps at one batch size and weight decay.

    Args:
        floor, edge, retention: geometric mean (retention: mean) over the repeats that have one.
        edge_spread: standard deviation of log10(edge) over the repeats; None below two.
        edge_is_bound: no repeat broke: `edge` is the end of the range, a lower bound.
    """

    batch_size: int
    weight_decay: float
    readings: tuple[Reading, ...]
    curves: tuple[SweepCurve, ...]
    floor: float | None
    edge: float | None
    edge_spread: float | None
    edge_is_bound: bool
    retention: float | None
    possible: bool | None


@dataclass(frozen=True, slots=True)
class RangeTest:
    """The whole range test: its cells, and what they say together."""

    cells: tuple[Cell, ...]
    lowest_lr: float
    highest_lr: float
    possible: bool | None
    reason: str


def read_sweep(
    lr: Sequence[float],
    *,
    accuracy: Sequence[float | None] | None = None,
    loss: Sequence[float | None] | None = None,
    chance: float | None = None,
) -> Reading:
    """Read one sweep."""
    raise NotImplementedError


def summarise_cell(
    batch_size: int,
    weight_decay: float,
    curves: Sequence[SweepCurve],
    chance: float | None = None,
) -> Cell:
    """Read all repeats of one cell."""
    raise NotImplementedError


def summarise(cells: Sequence[Cell], lowest_lr: float, highest_lr: float) -> RangeTest:
    """Put the cells together."""
    raise NotImplementedError


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


def edge_at(range_test: RangeTest, batch_size: int, weight_decay: float) -> EdgeEstimate | None:
    """The edge between the cells: interpolated in log2(batch size) and log10(weight decay)."""
    raise NotImplementedError
