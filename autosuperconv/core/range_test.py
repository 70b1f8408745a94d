"""The learning-rate range test, read: floor, edge, peak, retention, and "possible or not".

A sweep raises the learning rate from step to step. Where it is well chosen, accuracy rises (the
*floor*), holds, and at some rate is kept no longer (the *edge*). Super-convergence is possible
where accuracy "remains consistently high over this unusually long range of large learning rates"
(Smith & Topin, 1708.07120, section 3 and Fig. 2).

A sweep that is driven on until the net breaks keeps, by design, nothing at its very end: a single
`Reading` then says "not kept at the largest rates" and gives the edge, and cells and the whole
test are judged by how far the kept stretch reaches (`MIN_DECADES`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autosuperconv.core.edge import edge_at
from autosuperconv.core.range_types import Cell, EdgeEstimate, RangeTest, Reading, SweepCurve
from autosuperconv.core.recorded import read_recorded
from autosuperconv.core.sweep_reading import read_sweep

__all__ = [
    "Cell",
    "EdgeEstimate",
    "RangeTest",
    "Reading",
    "SweepCurve",
    "edge_at",
    "read_recorded",
    "read_sweep",
    "summarise",
    "summarise_cell",
]

MIN_DECADES = 1.5
"""A sweep that broke had a long range if edge / floor is at least ten to this power."""


def summarise_cell(
    batch_size: int,
    weight_decay: float,
    curves: Sequence[SweepCurve],
    chance: float | None = None,
) -> Cell:
    """Read all repeats of one cell; `chance` is the accuracy of guessing."""
    readings = tuple(_read_curve(curve, chance) for curve in curves)
    edges = [r.edge for r in readings if r.edge is not None]
    bound = not edges and any(r.floor is not None for r in readings)
    floor = _geometric_mean([r.floor for r in readings if r.floor is not None])
    edge = _lowest_end(readings, curves) if bound else _geometric_mean(edges)
    return Cell(
        batch_size=batch_size,
        weight_decay=weight_decay,
        readings=readings,
        curves=tuple(curves),
        floor=floor,
        edge=edge,
        edge_spread=_log_spread(edges),
        edge_is_bound=bound,
        retention=_mean([r.retention for r in readings if r.retention is not None]),
        possible=_cell_possible(readings, floor, edge, bound),
    )


def _read_curve(curve: SweepCurve, chance: float | None) -> Reading:
    measured = any(value is not None for value in curve.train_loss)
    loss = curve.train_loss if measured else curve.loss
    return read_sweep(curve.lr, accuracy=curve.accuracy, loss=loss, chance=chance)


def _lowest_end(readings: Sequence[Reading], curves: Sequence[SweepCurve]) -> float:
    """The range that every repeat that learned has stood."""
    pairs = zip(readings, curves, strict=True)
    return min(max(curve.lr) for reading, curve in pairs if reading.floor is not None)


def _geometric_mean(rates: Sequence[float]) -> float | None:
    """Over the positive ones: a sweep from 0 may have its floor there."""
    logs = [math.log10(rate) for rate in rates if rate > 0]
    return 10 ** float(np.mean(logs)) if logs else None


def _log_spread(rates: Sequence[float]) -> float | None:
    return float(np.std(np.log10(rates), ddof=1)) if len(rates) > 1 else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _decades(floor: float | None, edge: float | None) -> float | None:
    if floor is None or edge is None or floor <= 0 or edge <= 0:
        return None
    return math.log10(edge / floor)


def _cell_possible(
    readings: Sequence[Reading], floor: float | None, edge: float | None, bound: bool
) -> bool | None:
    """Kept to the end by most repeats, or, where it broke, kept over a long enough range."""
    told = [r.possible for r in readings if r.possible is not None]
    if not told:
        return None
    if 2 * sum(told) > len(told):
        return True
    decades = None if bound else _decades(floor, edge)
    return decades is not None and decades >= MIN_DECADES


def summarise(cells: Sequence[Cell], lowest_lr: float, highest_lr: float) -> RangeTest:
    """Put the cells together: possible where it is possible in any of them."""
    told = [cell.possible for cell in cells if cell.possible is not None]
    possible = any(told) if told else None
    return RangeTest(tuple(cells), lowest_lr, highest_lr, possible, "")
