"""What one sweep says: floor, edge, peak, retention, and whether accuracy is kept to the top.

The decisive number is the *retention*: mean accuracy over the last tenth of the range over the
peak of the smoothed accuracy. On the 16 range tests that the author of super-convergence published
it is 0.88 or more where he calls it possible and 0.39 or less where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autosuperconv.core.format import number
from autosuperconv.core.range_test.accuracy_reading import read_accuracy
from autosuperconv.core.range_test.accuracy_rules import (
    END,
    AccuracyParts,
    edge_index,
    held_from,
    take_apart,
)
from autosuperconv.core.range_test.loss_reading import cannot_tell, read_loss
from autosuperconv.core.range_test.loss_rules import suggested_lrs
from autosuperconv.core.range_test.sweep_curve import (
    MIN_FOR_SCATTER,
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
from autosuperconv.core.trace import StopReason
from autosuperconv.errors import InvalidInput

MAX_LOSS = 1e30
"""Larger ones are cut to this, lest sums overflow."""
LEAST_PERCENT = 1.5
"""An accuracy above this shows that all are percent."""
ROUND_OFF = 1e-6
"""A share may lie so much above 1."""
GAP, GAP_TO_STEP = 0.15, 2.5
"""Share of the range, and times the usual step, from which on a gap in the measurements is one."""


def read_sweep(
    lr: Sequence[float],
    *,
    accuracy: Sequence[float | None] | None = None,
    loss: Sequence[float | None] | None = None,
    chance: float | None = None,
    stopped: StopReason = StopReason.COMPLETED,
) -> Reading:
    """Read one sweep.

    Where the learning rate rises and then falls, the rise is read; points in no order are sorted.
    None means "not measured there"; a value that is not finite, with no finite one after it, means
    that the run has diverged there. "Kept" needs measurements up to the end of a sweep that got
    there.

    Args:
        lr: one a point.
        accuracy: one a point; fractions of 1, or percent (where any is above 1.5).
        loss: one a point; decides only where there is no accuracy.
        chance: accuracy without learning, fraction of 1.
        stopped: why the run ended; where it diverged, it did so at the last point.

    Raises:
        InvalidInput: a negative learning rate, an accuracy or chance out of range, or lengths
            that differ.
    """
    if chance is not None and not 0 <= chance < 1:
        raise InvalidInput(f"chance must be at least 0 and below 1, but got {chance:g}.")
    prepared = prepare_sweep(lr, accuracy, loss, stopped)
    if isinstance(prepared, str):
        return cannot_tell(prepared)
    reading = _unless_cut_short(_read(prepared, chance), prepared)
    note = f" Note that {prepared.note}." if prepared.note else ""
    return replace(reading, reason=reading.reason + note)


def held_stretch(
    lr: Sequence[float],
    *,
    accuracy: Sequence[float | None] | None,
    loss: Sequence[float | None] | None = None,
    chance: float | None = None,
    stopped: StopReason = StopReason.COMPLETED,
) -> tuple[float, float] | None:
    """First and last learning rate between which accuracy is held (arguments as for `read_sweep`).

    None where nothing is learned.
    """
    prepared = prepare_sweep(lr, accuracy, loss, stopped)
    if isinstance(prepared, str) or prepared.accuracy.y.size == 0:
        return None
    a = _parts(prepared, chance)
    last = edge_index(a)
    return (
        (float(a.lr[held_from(a)]), float(a.lr[-1 if last is None else last]))
        if a.learned
        else None
    )


@dataclass(frozen=True, slots=True)
class PreparedSweep:
    """The sweep's two quantities along its rising learning rates.

    Args:
        accuracy: as far as it was measured.
        loss: as far as it was measured.
        note: on the order of the points, or "".
        lr: of all points, rising.
        x: their range measure.
        stopped: why the run ended.
    """

    accuracy: Series
    loss: Series
    note: str
    lr: Floats
    x: Floats
    stopped: StopReason


def prepare_sweep(
    lr: Sequence[float],
    accuracy: Sequence[float | None] | None,
    loss: Sequence[float | None] | None,
    stopped: StopReason = StopReason.COMPLETED,
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
    return PreparedSweep(_as_fraction(seen), lost, part.note, rates, x, stopped)


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
        return read_accuracy(_parts(sweep, chance), rules)
    if sweep.stopped is StopReason.DIVERGED:
        loss = _broken_at_its_end(sweep)
    if loss.y.size + loss.broken_lr.size > 0:
        return read_loss(loss, rules)
    return cannot_tell(
        "There are no points: no row has both a learning rate and an accuracy or a loss."
    )


def _parts(sweep: PreparedSweep, chance: float | None) -> AccuracyParts:
    """The accuracy, taken apart, with the end of a run that diverged.

    A run that learns nothing and is measured at chance in the end diverges in name alone.
    """
    parts = take_apart(sweep.accuracy, sweep.loss, chance)
    if sweep.stopped is not StopReason.DIVERGED or parts.diverged is not None:
        return parts
    measured = sweep.accuracy.lr.size > 0 and bool(sweep.accuracy.lr[-1] == sweep.lr[-1])
    if measured and not parts.learned:
        return parts
    return take_apart(sweep.accuracy, _broken_at_its_end(sweep), chance)


def _broken_at_its_end(sweep: PreparedSweep) -> Series:
    """The loss of a run that diverged at the last point."""
    loss = sweep.loss
    if loss.broken_lr.size:
        return loss
    alive = slice(0, int(np.searchsorted(loss.lr, sweep.lr[-1])))
    kept = (loss.lr[alive], loss.x[alive], loss.y[alive])
    return Series(*kept, sweep.lr[-1:], sweep.x[-1:])


def _unless_cut_short(reading: Reading, sweep: PreparedSweep) -> Reading:
    """What was not measured at the end of the range is not known to be kept."""
    why = _cut_short(sweep)
    if reading.possible is False or not why:
        return reading
    return replace(reading, possible=None, reason=f"Cannot tell: {why}.")


def _cut_short(sweep: PreparedSweep) -> str:
    """Why the end of the range is not known, or ""."""
    end = number(float(sweep.lr[-1]))
    if sweep.stopped not in (StopReason.COMPLETED, StopReason.DIVERGED):
        return f"the sweep ended early, at learning rate {end} ({sweep.stopped})"
    seen = sweep.accuracy if sweep.accuracy.y.size else sweep.loss
    span = float(sweep.x[-1] - sweep.x[0])
    what = "accuracy" if sweep.accuracy.y.size else "the loss"
    if seen.y.size and sweep.x[-1] - seen.x[-1] > (END + ROUND_OFF) * span:
        last = number(float(seen.lr[-1]))
        return f"{what} was not measured above learning rate {last}, of up to {end}"
    if (gap := _gap_above_peak(sweep.accuracy, span)) is not None:
        below, above = (number(float(lr)) for lr in gap)
        return f"{what} was not measured between learning rates {below} and {above}"
    return ""


def _gap_above_peak(seen: Series, span: float) -> tuple[float, float] | None:
    """The learning rates between which accuracy may have been lost unseen, if there are such."""
    if seen.y.size < MIN_FOR_SCATTER:
        return None
    steps = np.diff(seen.x)
    wide = np.flatnonzero(steps > max(GAP * span, GAP_TO_STEP * float(np.median(steps))))
    wide = wide[wide >= np.argmax(seen.y)]
    return None if wide.size == 0 else (float(seen.lr[wide[0]]), float(seen.lr[wide[0] + 1]))
