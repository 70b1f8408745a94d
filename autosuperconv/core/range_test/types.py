"""The values of the learning-rate range test; `core.range_test` makes and re-exports them."""

from __future__ import annotations

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
    """One recorded sweep, as drawn in the report. All tuples have one entry a point, or none at
    all where the thing was not measured.

    Args:
        grad_norm, path_lr, gradient_lr: see `core.trace.Point`.
        noise_lr: what `path_lr` would be if gradients were pure noise: its null.
    """

    seed: int
    lr: tuple[float, ...]
    accuracy: tuple[float | None, ...]
    train_loss: tuple[float | None, ...]
    loss: tuple[float | None, ...]
    grad_norm: tuple[float | None, ...] = ()
    path_lr: tuple[float | None, ...] = ()
    gradient_lr: tuple[float | None, ...] = ()
    noise_lr: tuple[float | None, ...] = ()


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
