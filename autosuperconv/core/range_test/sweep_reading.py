"""What one sweep says: floor, edge, peak, retention, and whether the largest rates are kept.

The decisive number is the *retention*: mean accuracy over the last tenth of the range over the
peak of the smoothed accuracy. On the 16 range tests that the author of super-convergence published
it is 0.88 or more where he calls it possible and 0.39 or less where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autosuperconv.core.range_test.accuracy_reading import read_accuracy
from autosuperconv.core.range_test.accuracy_rules import edge_index, held_from, take_apart
from autosuperconv.core.range_test.loss_reading import cannot_tell, read_loss
from autosuperconv.core.range_test.loss_rules import suggested_lrs
from autosuperconv.core.range_test.sweep_curve import (
    Floats,
    Indices,
    Series,
    as_floats,
    is_missing,
    range_measure,
    rising_part,
    series,
)
from autosuperconv.core.range_test.types import Reading
from autosuperconv.errors import InvalidInput

MAX_LOSS = 1e30
"""Larger ones are cut to this, lest sums overflow."""
LEAST_PERCENT = 1.5
"""An accuracy above this shows that all are percent."""
ROUND_OFF = 1e-6
"""A share may lie so much above 1."""


def read_sweep(
    lr: Sequence[float],
    *,
    accuracy: Sequence[float | None] | None = None,
    loss: Sequence[float | None] | None = None,
    chance: float | None = None,
) -> Reading:
    """Read one sweep.

    Where the rate rises and then falls, the rise is read; points in no order are sorted. None
    means "not measured there"; a value that is not finite, with no finite one after it, means
    that the run has diverged there.

    Args:
        lr: one a point.
        accuracy: one a point; fractions of 1, or percent (where any is above 1.5).
        loss: one a point; decides only where there is no accuracy.
        chance: accuracy without learning, fraction of 1.

    Raises:
        InvalidInput: a negative rate, an accuracy or chance out of range, or lengths that differ.
    """
    if chance is not None and not 0 <= chance < 1:
        raise InvalidInput(f"chance must be at least 0 and below 1, but got {chance:g}.")
    prepared = prepare_sweep(lr, accuracy, loss)
    if isinstance(prepared, str):
        return cannot_tell(prepared)
    reading = _read(prepared, chance)
    note = f" Note that {prepared.note}." if prepared.note else ""
    return replace(reading, reason=reading.reason + note)


def held_stretch(
    lr: Sequence[float],
    *,
    accuracy: Sequence[float | None] | None,
    loss: Sequence[float | None] | None = None,
    chance: float | None = None,
) -> tuple[float, float] | None:
    """First and last rate between which accuracy is held (arguments as for `read_sweep`).

    None where nothing is learned.
    """
    prepared = prepare_sweep(lr, accuracy, loss)
    if isinstance(prepared, str) or prepared.accuracy.y.size == 0:
        return None
    a = take_apart(prepared.accuracy, prepared.loss, chance)
    last = edge_index(a)
    return (
        (float(a.lr[held_from(a)]), float(a.lr[-1 if last is None else last]))
        if a.learned
        else None
    )


@dataclass(frozen=True, slots=True)
class PreparedSweep:
    """The sweep's two quantities along its rising rates."""

    accuracy: Series
    loss: Series
    note: str


def prepare_sweep(
    lr: Sequence[float],
    accuracy: Sequence[float | None] | None,
    loss: Sequence[float | None] | None,
) -> PreparedSweep | str:
    """The sweep, or why there is none."""
    rates = as_floats("lr", lr, len(lr))
    if np.any(rates < 0):
        at = int(np.flatnonzero(rates < 0)[0])
        raise InvalidInput(f"lr must be 0 or above, but got {rates[at]:g} at point {at + 1}.")
    part = rising_part(rates)
    if part.order.size == 0:
        return f"Not a range test: {part.note}." if part.note else "There are no points."
    rates = rates[part.order]
    x = range_measure(rates)
    seen = _series("accuracy", accuracy, part.order, rates, x, len(lr))
    lost = _series("loss", loss, part.order, rates, x, len(lr))
    lost = replace(lost, y=np.clip(lost.y, -MAX_LOSS, MAX_LOSS))
    return PreparedSweep(_as_fraction(seen), lost, part.note)


def _series(
    name: str,
    values: Sequence[float | None] | None,
    order: Indices,
    rates: Floats,
    x: Floats,
    length: int,
) -> Series:
    if values is None:
        values = [None] * length
    y = as_floats(name, values, length)
    return series(rates, x, y[order], is_missing(values)[order])


def _as_fraction(accuracy: Series) -> Series:
    if accuracy.y.size == 0:
        return accuracy
    low, high = float(accuracy.y.min()), float(accuracy.y.max())
    if 1 + ROUND_OFF < high <= LEAST_PERCENT:
        raise InvalidInput(
            "accuracy must lie between 0 and 1 (or 0 and 100 percent), but its highest is "
            f"{high:g}: too high for a fraction of 1, and too low to be percent for sure; write "
            "fractions of 1."
        )
    if low < 0 or high > 100:
        wrong = low if low < 0 else high
        raise InvalidInput(
            f"accuracy must lie between 0 and 1 (or 0 and 100 percent), but got {wrong:g}."
        )
    return replace(accuracy, y=accuracy.y / 100) if high > LEAST_PERCENT else accuracy


def _read(sweep: PreparedSweep, chance: float | None) -> Reading:
    accuracy, loss = sweep.accuracy, sweep.loss
    rules = suggested_lrs(loss)
    if accuracy.y.size + accuracy.broken_lr.size > 0:
        return read_accuracy(take_apart(accuracy, loss, chance), rules)
    if loss.y.size + loss.broken_lr.size > 0:
        return read_loss(loss, rules)
    return cannot_tell(
        "There are no points: no row has both a learning rate and an accuracy or a loss."
    )
