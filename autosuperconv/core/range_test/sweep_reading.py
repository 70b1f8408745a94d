"""What one sweep says: floor, edge, peak, retention, and whether the largest rates are kept.

The decisive number is the *retention*: mean accuracy over the last tenth of the range over the
peak of the smoothed accuracy. On the 16 range tests that the author of super-convergence published
it is 0.88 or more where he calls it possible and 0.39 or less where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autosuperconv.core.range_test.accuracy_rules import (
    AccuracyCurve,
    edge_index,
    floor_of,
    held_from,
    largest_rates,
    retention_of,
    robust_top,
    share_held,
    take_apart,
)
from autosuperconv.core.range_test.loss_reading import read_loss, silent
from autosuperconv.core.range_test.loss_rules import LossRules, suggest
from autosuperconv.core.range_test.sweep_curve import (
    Floats,
    Indices,
    Series,
    as_floats,
    is_missing,
    measure,
    rising_part,
    series,
)
from autosuperconv.core.range_test.types import Reading
from autosuperconv.errors import InvalidInput

MIN_HELD = 0.3
"""Share of the range over which accuracy must have been high before "kept" means anything."""
MAX_LOSS = 1e30
"""Larger ones are cut to this, lest sums overflow."""
LEAST_PERCENT = 1.5
"""An accuracy above this shows that all are percent."""
ROUND_OFF = 1e-6
"""A share may lie so much above 1."""
MIN_POINTS = 5
"""Fewer evaluations than this decide nothing."""


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
        chance: accuracy of guessing, fraction of 1.

    Raises:
        InvalidInput: a negative rate, an accuracy or chance out of range, or lengths that differ.
    """
    if chance is not None and not 0 <= chance < 1:
        raise InvalidInput(f"chance must be at least 0 and below 1, but got {chance:g}.")
    prepared = prepare(lr, accuracy, loss)
    if isinstance(prepared, str):
        return silent(prepared)
    reading = _read(prepared, chance)
    note = f" Note that {prepared.note}." if prepared.note else ""
    return replace(reading, reason=reading.reason + note)


def held_stretch(
    lr: Sequence[float],
    *,
    accuracy: Sequence[float | None],
    loss: Sequence[float | None] | None = None,
    chance: float | None = None,
) -> tuple[float, float] | None:
    """First and last rate between which accuracy is held (arguments as for `read_sweep`).

    None where nothing is learned.
    """
    prepared = prepare(lr, accuracy, loss)
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
class Prepared:
    """The sweep's two quantities along its rising rates."""

    accuracy: Series
    loss: Series
    note: str


def prepare(
    lr: Sequence[float],
    accuracy: Sequence[float | None] | None,
    loss: Sequence[float | None] | None,
) -> Prepared | str:
    """The sweep, or why there is none."""
    rates = as_floats("lr", lr, len(lr))
    if np.any(rates < 0):
        at = int(np.flatnonzero(rates < 0)[0])
        raise InvalidInput(f"lr must be 0 or above, but got {rates[at]:g} at point {at + 1}.")
    part = rising_part(rates)
    if part.order.size == 0:
        return f"Not a range test: {part.note}." if part.note else "There are no points."
    rates = rates[part.order]
    x = measure(rates)
    seen = _series("accuracy", accuracy, part.order, rates, x, len(lr))
    lost = _series("loss", loss, part.order, rates, x, len(lr))
    lost = replace(lost, y=np.clip(lost.y, -MAX_LOSS, MAX_LOSS))
    return Prepared(_as_fraction(seen), lost, part.note)


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
            f"{high:g}: too high for a share, and too low to be surely percent; write shares of 1."
        )
    if low < 0 or high > 100:
        wrong = low if low < 0 else high
        raise InvalidInput(
            f"accuracy must lie between 0 and 1 (or 0 and 100 percent), but got {wrong:g}."
        )
    return replace(accuracy, y=accuracy.y / 100) if high > LEAST_PERCENT else accuracy


def _read(sweep: Prepared, chance: float | None) -> Reading:
    accuracy, loss = sweep.accuracy, sweep.loss
    rules = suggest(loss)
    if accuracy.y.size + accuracy.broken_lr.size > 0:
        return _read_accuracy(take_apart(accuracy, loss, chance), rules)
    if loss.y.size + loss.broken_lr.size > 0:
        return read_loss(loss, rules)
    return silent("There are no points: neither accuracy nor loss was recorded.")


def _read_accuracy(a: AccuracyCurve, rules: LossRules) -> Reading:
    retention = retention_of(a)
    floor = floor_of(a) if a.learned else None
    edge = _edge(a)
    possible, reason = _possible(a, retention, floor, edge)
    return Reading(
        floor=floor,
        edge=edge,
        peak_lr=float(a.lr[a.peak]) if a.learned else None,
        steepest=rules.steepest,
        valley=rules.valley,
        minimum_tenth=rules.minimum_tenth,
        retention=retention,
        possible=possible,
        reason=reason,
    )


def _edge(a: AccuracyCurve) -> float | None:
    if not a.learned:
        return a.diverged
    last = edge_index(a)
    return None if last is None else float(a.lr[last])


def _possible(
    a: AccuracyCurve, retention: float | None, floor: float | None, edge: float | None
) -> tuple[bool | None, str]:
    if a.lr.size < MIN_POINTS:
        return None, (
            f"Cannot tell: too few points with an accuracy: {a.lr.size}, of at least "
            f"{MIN_POINTS} that are needed."
        )
    if not a.learned or retention is None:
        return _nothing_learned(a)
    numbers = _numbers(a, retention)
    where = "" if floor is None or edge is None else _kept_between(floor, edge)
    if a.diverged is not None:
        return False, f"Not kept: the run diverges at rate {a.diverged:.3g}; {numbers}.{where}"
    if a.raw[largest_rates(a)].mean() < a.level:
        return False, f"Not kept: {numbers}.{where}"
    if share_held(a) < MIN_HELD:
        return None, (
            f"Cannot tell: accuracy is still rising at the end of the range, over only the last "
            f"{share_held(a):.0%} of which it is high; extend the range; {numbers}."
        )
    end = "does not break" if edge is None else f"breaks only above {edge:.3g}"
    return True, f"Kept: {numbers}; it {end} up to {a.lr[-1]:.3g}."


def _kept_between(floor: float, edge: float) -> str:
    if floor >= edge:
        return f" It is kept no further than about {edge:.3g}."
    return f" It is kept from about {floor:.3g} to {edge:.3g}."


def _numbers(a: AccuracyCurve, retention: float) -> str:
    end = largest_rates(a)
    return (
        f"over the largest rates ({a.lr[end][0]:.3g} to {a.lr[-1]:.3g}) accuracy is "
        f"{100 * a.raw[end].mean():.1f} % on average, {retention:.2f} of its peak "
        f"{100 * a.y[a.peak]:.1f} % at {a.lr[a.peak]:.3g} (bound {a.level / a.y[a.peak]:.2f})"
    )


def _nothing_learned(a: AccuracyCurve) -> tuple[bool | None, str]:
    rates = f"from rate {a.lr[0]:.3g} to {a.lr[-1]:.3g}"
    if a.diverged is not None:
        return False, f"Not kept: the run diverges at rate {a.diverged:.3g} without learning."
    if a.chance is not None:
        return False, (
            f"Not kept: accuracy {_stays(a)}, not clearly above chance ({100 * a.chance:.1f} %), "
            f"{rates}."
        )
    return None, (
        f"Cannot tell: accuracy {_stays(a)}, which may be chance; neither learning nor a break is "
        f"seen {rates}."
    )


def _stays(a: AccuracyCurve) -> str:
    """In what range, single points apart."""
    low, high = 100 * float(a.raw.min()), 100 * min(robust_top(a.raw), float(a.raw.max()))
    within = (
        f"stays at {high:.1f} %" if high - low < 0.05 else f"stays in {low:.1f} to {high:.1f} %"
    )
    single = 100 * float(a.raw.max())
    return within if single - high < 5 else f"{within} but for a single point at {single:.1f} %"
