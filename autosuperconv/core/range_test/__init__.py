"""The learning-rate range test, read: floor, edge, peak, retention, and "possible or not".

A sweep raises the learning rate from step to step. At the *floor* accuracy begins to rise, then it
holds, and from the *edge* on it is no longer kept. Super-convergence is possible
where accuracy "remains consistently high over this unusually long range of large learning rates"
(Smith & Topin, 1708.07120, section 3 and Fig. 2).

A sweep that goes on until accuracy is lost keeps, by design, nothing at its very end: a single
`Reading` then says "not kept at the largest learning rates" and gives the edge, and cells and the
whole test are judged by how far the kept stretch reaches (`MIN_DECADES`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autosuperconv.core.curve import Curve, Measured
from autosuperconv.core.format import counted, number
from autosuperconv.core.range_test.edge import edge_at
from autosuperconv.core.range_test.lost import lost_from
from autosuperconv.core.range_test.recorded import read_recorded
from autosuperconv.core.range_test.repeats import never_lost, pooled_spread, worth_repeating
from autosuperconv.core.range_test.sweep_reading import held_stretch, read_sweep
from autosuperconv.core.range_test.types import (
    Cell,
    EdgeEstimate,
    RangeTest,
    Reading,
    SweepCost,
    SweepKind,
)
from autosuperconv.core.trace import StopReason

__all__ = [
    "Cell",
    "EdgeEstimate",
    "RangeTest",
    "Reading",
    "SweepCost",
    "SweepKind",
    "edge_at",
    "lost_from",
    "never_lost",
    "pooled_spread",
    "read_recorded",
    "read_sweep",
    "summarise",
    "summarise_cell",
    "to_repeat",
]

MIN_DECADES = 1.2
"""Decades over which accuracy must hold, in a sweep that loses it, to count as a long range.

The author's curves without super-convergence hold it over 0.5 to 1.0 decade; those with it over 0.8
to 1.5 when their range ends. Own sweeps (digits, 6 seeds, 1e-3 to 10): 1.5 to 2.3 with batch norm,
0.8 without.
"""


def summarise_cell(
    batch_size: int,
    weight_decay: float,
    curves: Sequence[Curve],
    seeds: Sequence[int],
    stopped: Sequence[StopReason],
    chance: float | None = None,
    momentum: float | None = None,
) -> Cell:
    """Read all repeats of one cell.

    Args:
        batch_size: of all of them.
        weight_decay: of all of them.
        curves: of each sweep.
        seeds: of each sweep.
        stopped: why each sweep ended.
        chance: accuracy without learning; None: read off the curves.
        momentum: of the sweeps; None where it is not searched.
    """
    sweeps = tuple(zip(curves, stopped, strict=True))
    readings = tuple(_read_curve(curve, why, chance) for curve, why in sweeps)
    edges = [r.edge for r in readings if r.edge is not None]
    bound = not edges and any(r.floor is not None for r in readings)
    floor = _geometric_mean([r.floor for r in readings if r.floor is not None])
    edge = _lowest_end(readings, curves) if bound else _geometric_mean(edges)
    return Cell(
        batch_size=batch_size,
        weight_decay=weight_decay,
        readings=readings,
        curves=tuple(curves),
        seeds=tuple(seeds),
        stopped=tuple(stopped),
        floor=floor,
        edge=edge,
        edge_spread=_log_spread(edges),
        edge_is_bound=bound,
        retention=_mean([r.retention for r in readings if r.retention is not None]),
        possible=_cell_possible(readings, _held_decades(sweeps, chance)),
        momentum=momentum,
    )


def to_repeat(cells: Sequence[Cell]) -> tuple[int, ...]:
    """Indices of the cells that are worth a second sweep, the most telling first."""
    sweeps = [tuple(zip(cell.curves, cell.stopped, strict=True)) for cell in cells]
    decades = [_held_decades(own, None) for own in sweeps]
    return worth_repeating(cells, decades, MIN_DECADES)


def _read_curve(curve: Curve, stopped: StopReason, chance: float | None) -> Reading:
    accuracy, loss = curve.accuracy or None, _loss(curve)
    return read_sweep(curve.lr, accuracy=accuracy, loss=loss, chance=chance, stopped=stopped)


def _held(curve: Curve, stopped: StopReason, chance: float | None) -> tuple[float, float] | None:
    accuracy, loss = curve.accuracy or None, _loss(curve)
    return held_stretch(curve.lr, accuracy=accuracy, loss=loss, chance=chance, stopped=stopped)


def _loss(curve: Curve) -> Measured | None:
    return curve.train_loss or curve.loss or None


def _lowest_end(readings: Sequence[Reading], curves: Sequence[Curve]) -> float:
    """The highest learning rate at which a repeat that learned was measured."""
    pairs = zip(readings, curves, strict=True)
    learned = [curve for reading, curve in pairs if reading.floor is not None]
    return max(lr for curve in learned for lr, _ in curve.evaluated(curve.lr))


def _geometric_mean(rates: Sequence[float]) -> float | None:
    """Over the positive ones: a sweep from 0 may have its floor there."""
    logs = [math.log10(rate) for rate in rates if rate > 0]
    return 10 ** float(np.mean(logs)) if logs else None


def _log_spread(rates: Sequence[float]) -> float | None:
    return float(np.std(np.log10(rates), ddof=1)) if len(rates) > 1 else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _held_decades(sweeps: Sequence[tuple[Curve, StopReason]], chance: float | None) -> float | None:
    """Mean number of decades over which accuracy is held; none where a sweep diverged before."""
    decades = []
    for curve, stopped in sweeps:
        held = _held(curve, stopped, chance)
        if held is not None and held[0] > 0:
            decades.append(math.log10(held[1] / held[0]))
        elif held is None and stopped is StopReason.DIVERGED:
            decades.append(0.0)
    return _mean(decades)


def _cell_possible(readings: Sequence[Reading], decades: float | None) -> bool | None:
    """Whether most repeats keep accuracy to the end or, if lost, hold it over a long range."""
    known = [r.possible for r in readings if r.possible is not None]
    if not known:
        return None
    return 2 * sum(known) > len(known) or (decades is not None and decades >= MIN_DECADES)


def summarise(
    cells: Sequence[Cell],
    lowest_lr: float,
    highest_lr: float,
    sweep: SweepKind = "exponential",
    cost: SweepCost | None = None,
) -> RangeTest:
    """Put the cells together: super-convergence is possible if it is in any cell.

    Weight decay and batch size are searched anyway, so one cell that allows large learning rates is
    enough.
    """
    known = [cell for cell in cells if cell.possible is not None]
    good = [cell for cell in known if cell.possible]
    possible = bool(good) if known else None
    reason = _reason(cells, known, good, lowest_lr, highest_lr)
    return RangeTest(tuple(cells), lowest_lr, highest_lr, possible, reason, sweep, cost)


def _reason(
    cells: Sequence[Cell],
    known: Sequence[Cell],
    good: Sequence[Cell],
    lowest_lr: float,
    highest_lr: float,
) -> str:
    swept = f"learning rates {number(lowest_lr)} to {number(highest_lr)}"
    if not cells:
        return f"Cannot tell: no cell was swept ({swept})."
    if not known:
        why = next((r.reason for cell in cells for r in cell.readings), "there are no repeats.")
        return f"Cannot tell in any of {counted(len(cells), 'cell')} ({swept}). The first: {why}"
    best = max(good or known, key=lambda cell: (cell.edge or 0.0, cell.retention or 0.0))
    looks = "looks possible" if good else "does not look possible"
    return (
        f"Super-convergence {looks}: {len(good)} of {len(cells)} cells keep their accuracy over at "
        f"least {MIN_DECADES:g} decades, or to the end of the range ({swept}). The one that goes "
        f"furthest {_course(best)}."
    )


def _course(cell: Cell) -> str:
    """A cell, and the learning rates over which it learns and keeps its accuracy."""
    if cell.edge is None:
        return f"({cell.name}) has no edge"
    learns = "" if cell.floor is None else f"learns from {number(cell.floor)} and "
    kept = "at least up to" if cell.edge_is_bound else "up to"
    return f"({cell.name}) {learns}keeps its accuracy {kept} {number(cell.edge)}"
