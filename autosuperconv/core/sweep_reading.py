"""What one sweep says: floor, edge, peak, retention, and whether the largest rates are kept.

The decisive number is the *retention*: mean accuracy over the last tenth of the range over the
peak of the smoothed accuracy. On the 16 range tests that the author of super-convergence published
it is 0.88 or more where he calls it possible and 0.39 or less where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autosuperconv.core.loss_rules import (
    LossRules,
    blows_up_from,
    rises_from,
    share_kept,
    suggest,
)
from autosuperconv.core.range_types import Reading
from autosuperconv.core.sweep_curve import (
    Floats,
    Series,
    as_floats,
    is_missing,
    measure,
    rising_part,
    series,
    smooth,
)
from autosuperconv.errors import InvalidInput

MIN_RETENTION = 0.75
"""Any bound between 0.45 and 0.85 tells the author's published range tests apart."""
MIN_GAIN_KEPT = 0.6
"""The same for accuracy above chance, so that falling back to a high chance is no success."""
MIN_HELD = 0.3
"""Share of the range over which accuracy must have been high before "kept" means anything."""
MIN_POINTS = 5
"""Fewer evaluations than this decide nothing."""
END = 0.1
"""Share of the range that counts as its largest rates."""
BREAK_WINDOW = 0.15
"""The start of a break is looked for at most this share of the range before its depth."""
KEPT_BY_LOSS = 0.9
LOST_BY_LOSS = 0.5
"""Without accuracy: at least so much of the fall of the loss is left: possible; lost: not."""
_MIN_LIFT = 0.25
_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class _Accuracy:
    """An accuracy curve, taken apart. Indices are into its arrays; `y` is 0 once diverged.

    Args:
        raw: as recorded; y: smoothed.
        base: accuracy without learning: chance, or else the lowest smoothed accuracy.
        level: accuracy below this is not kept.
        peak: index of the highest smoothed accuracy.
        learned: it rises clearly above `base`.
        diverged: lr of the first point from which on nothing is finite.
    """

    lr: Floats
    x: Floats
    raw: Floats
    y: Floats
    base: float
    level: float
    peak: int
    learned: bool
    chance: float | None
    diverged: float | None


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
        accuracy: one a point; fractions of 1, or percent (recognised by a value above 1.5).
        loss: one a point; decides only where there is no accuracy.
        chance: accuracy of guessing, fraction of 1.

    Raises:
        InvalidInput: a negative rate, an accuracy out of range, or lengths that differ.
    """
    rates = as_floats("lr", lr, len(lr))
    if np.any(rates < 0):
        at = int(np.flatnonzero(rates < 0)[0])
        raise InvalidInput(f"lr must be 0 or above, but got {rates[at]:g} at point {at + 1}.")
    part = rising_part(rates)
    if part.order.size == 0:
        return _silent(f"Not a range test: {part.note}." if part.note else "There are no points.")
    rates = rates[part.order]
    x = measure(rates)
    seen = _series("accuracy", accuracy, part.order, rates, x, len(lr))
    lost = _series("loss", loss, part.order, rates, x, len(lr))
    reading = _read(_as_fraction(seen), lost, chance)
    note = f" Note that {part.note}." if part.note else ""
    return replace(reading, reason=reading.reason + note)


def _series(
    name: str,
    values: Sequence[float | None] | None,
    order: np.ndarray[tuple[int], np.dtype[np.int64]],
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
    if low < 0 or high > 100:
        wrong = low if low < 0 else high
        raise InvalidInput(
            f"accuracy must lie between 0 and 1 (or 0 and 100 percent), but got {wrong:g}."
        )
    return replace(accuracy, y=accuracy.y / 100) if high > 1.5 else accuracy


def _silent(reason: str, rules: LossRules = LossRules(None, None, None)) -> Reading:
    """A reading that cannot tell."""
    return Reading(
        floor=None,
        edge=None,
        peak_lr=None,
        steepest=rules.steepest,
        valley=rules.valley,
        minimum_tenth=rules.minimum_tenth,
        retention=None,
        possible=None,
        reason=reason,
    )


def _read(accuracy: Series, loss: Series, chance: float | None) -> Reading:
    rules = suggest(loss)
    if accuracy.y.size + accuracy.broken_lr.size > 0:
        return _read_accuracy(_take_apart(accuracy, loss, chance), rules)
    if loss.y.size + loss.broken_lr.size > 0:
        return _read_loss(loss, rules)
    return _silent("There are no points: neither accuracy nor loss was recorded.")


def _take_apart(accuracy: Series, loss: Series, chance: float | None) -> _Accuracy:
    """Join the accuracy and the points at which the run had diverged, at accuracy 0."""
    good = accuracy.y.size
    diverged, dead_lr, dead_x = _divergence(accuracy, loss)
    alive = slice(0, good if diverged is None else int(np.searchsorted(accuracy.lr, diverged)))
    lr = np.concatenate((accuracy.lr[alive], dead_lr))
    x = np.concatenate((accuracy.x[alive], dead_x))
    raw = np.concatenate((accuracy.y[alive], np.zeros(dead_lr.size)))
    living = raw.size - dead_lr.size
    least = 3 if living >= 10 else 1
    width = 0.05 * float(x[-1] - x[0])
    y = np.concatenate((smooth(x[:living], raw[:living], width, least), raw[living:]))
    base = chance if chance is not None else float(y[:living].min(initial=1.0))
    peak = int(np.argmax(y))
    top = float(y[peak])
    level = MIN_RETENTION * top
    if chance is not None:
        level = max(level, chance + MIN_GAIN_KEPT * (top - chance))
    learned = _has_learned(raw[:living], base)
    return _Accuracy(lr, x, raw, y, base, level, peak, learned, chance, diverged)


def _divergence(accuracy: Series, loss: Series) -> tuple[float | None, Floats, Floats]:
    """Rate from which the run has diverged, and the points from there on (rates, x)."""
    lr, x = accuracy.broken_lr, accuracy.broken_x
    tail_lr, tail_x = loss.broken_lr, loss.broken_x
    blown = blows_up_from(loss)
    if blown is not None:
        tail_lr = np.concatenate((loss.lr[blown:], tail_lr))
        tail_x = np.concatenate((loss.x[blown:], tail_x))
    if tail_lr.size and not np.any(accuracy.lr >= tail_lr[0]):
        lr, x = (tail_lr, tail_x) if not lr.size or tail_lr[0] <= lr[0] else (lr, x)
    return (float(lr[0]) if lr.size else None), lr, x


def _has_learned(raw: Floats, base: float) -> bool:
    """Whether accuracy rises above the base by more than noise, and not at a single point."""
    if raw.size == 0:
        return False
    noise = float(np.median(np.abs(np.diff(raw)))) / 0.954 if raw.size > 2 else 0.0
    return _robust_top(raw) - base >= max(_MIN_LIFT * base, 0.01, 2 * noise)


def _robust_top(raw: Floats) -> float:
    """The highest median of three neighbours."""
    if raw.size < 5:
        return float(raw.max())
    return float(np.median(np.stack((raw[:-2], raw[1:-1], raw[2:])), axis=0).max())


def _read_accuracy(a: _Accuracy, rules: LossRules) -> Reading:
    retention = _retention(a)
    floor, edge = (_floor(a), _edge(a)) if a.learned else (None, None)
    if not a.learned and a.diverged is not None:
        edge = a.diverged
    possible, reason = _possible(a, retention, floor, edge)
    return Reading(
        floor=floor,
        edge=edge,
        peak_lr=float(a.lr[a.peak]),
        steepest=rules.steepest,
        valley=rules.valley,
        minimum_tenth=rules.minimum_tenth,
        retention=retention,
        possible=possible,
        reason=reason,
    )


def _end(a: _Accuracy) -> slice:
    """The points of the largest rates: the last tenth of the range, and two points at least."""
    first = int(np.searchsorted(a.x, a.x[-1] - END * (a.x[-1] - a.x[0]) - _EPS * abs(a.x[-1])))
    return slice(min(first, a.x.size - (2 if a.x.size >= 10 else 1)), None)


def _retention(a: _Accuracy) -> float | None:
    top = float(a.y[a.peak])
    return float(a.raw[_end(a)].mean()) / top if top > 0 else None


def _floor(a: _Accuracy) -> float:
    """Rate of the first point that has a fifth of the rise from the base to the peak."""
    start = a.base + 0.2 * (float(a.y[a.peak]) - a.base)
    return float(a.lr[np.argmax((a.y >= start) & (a.raw >= start))])


def _edge(a: _Accuracy) -> float | None:
    """Rate of the last point before accuracy starts to fall for good; None where it does not.

    The break is where the curve is best cut into one part above the level and one below it: a
    single good or bad evaluation does not move it. From there, back to where the fall began.
    """
    first = int(np.argmax(a.y >= a.level))
    kept = first + int(np.argmax(np.cumsum(a.raw[first:] - a.level)))
    after = a.raw[kept + 1 :]
    if after.size == 0 or (after.size == 1 and after[0] > a.base + 0.25 * (a.level - a.base)):
        return None
    before = int(np.searchsorted(a.x, a.x[kept] - BREAK_WINDOW * (a.x[-1] - a.x[0])))
    stretch = a.y[max(before, first) : kept + 1]
    high = np.flatnonzero(stretch >= 0.9 * stretch.max())
    return float(a.lr[max(before, first) + high[-1]])


def _held(a: _Accuracy) -> float:
    """Share of the range over which the accuracy has been at its level, up to the end."""
    span = float(a.x[-1] - a.x[0])
    return float(a.x[-1] - a.x[np.argmax(a.y >= a.level)]) / span if span > 0 else 0.0


def _possible(
    a: _Accuracy, retention: float | None, floor: float | None, edge: float | None
) -> tuple[bool | None, str]:
    if a.lr.size < MIN_POINTS:
        return None, (
            f"Cannot tell: accuracy is known at {a.lr.size} points only, and at least "
            f"{MIN_POINTS} are needed."
        )
    if not a.learned or retention is None:
        return _nothing_learned(a)
    numbers = _numbers(a, retention)
    if a.diverged is not None:
        return False, f"Not kept: the run diverges at rate {a.diverged:.3g}; {numbers}."
    if a.raw[_end(a)].mean() < a.level:
        where = "" if edge is None else f" It is kept from about {floor:.3g} to {edge:.3g}."
        return False, f"Not kept: {numbers}.{where}"
    if _held(a) < MIN_HELD:
        return None, (
            f"Cannot tell: accuracy is still rising at the end of the range, over only the last "
            f"{_held(a):.0%} of which it is high; extend the range; {numbers}."
        )
    return True, f"Kept: {numbers}."


def _numbers(a: _Accuracy, retention: float) -> str:
    end = _end(a)
    return (
        f"over the largest rates ({a.lr[end][0]:.3g} to {a.lr[-1]:.3g}) accuracy is "
        f"{100 * a.raw[end].mean():.1f} % on average, {retention:.2f} of its peak "
        f"{100 * a.y[a.peak]:.1f} % at {a.lr[a.peak]:.3g} (bound {a.level / a.y[a.peak]:.2f})"
    )


def _nothing_learned(a: _Accuracy) -> tuple[bool | None, str]:
    low, high = 100 * float(a.raw.min()), 100 * float(a.raw.max())
    if a.diverged is not None:
        return False, f"Not kept: the run diverges at rate {a.diverged:.3g} without learning."
    if a.chance is not None:
        return False, (
            f"Not kept: accuracy stays between {low:.1f} and {high:.1f} %, not clearly above "
            f"chance ({100 * a.chance:.1f} %), from rate {a.lr[0]:.3g} to {a.lr[-1]:.3g}."
        )
    return None, (
        f"Cannot tell: accuracy stays between {low:.1f} and {high:.1f} %, which may be chance; "
        f"neither learning nor a break is seen from rate {a.lr[0]:.3g} to {a.lr[-1]:.3g}."
    )


def _read_loss(loss: Series, rules: LossRules) -> Reading:
    """Without accuracy: the loss can refute, and confirms only where nearly all is kept."""
    diverged = float(loss.broken_lr[0]) if loss.broken_lr.size else None
    if loss.y.size < MIN_POINTS and diverged is None:
        return _silent(f"Cannot tell: only {loss.y.size} points, and no accuracy.", rules)
    reading = _silent("", rules)
    if loss.y.size == 0:
        return replace(
            reading,
            edge=diverged,
            possible=False,
            reason=f"Not kept: the loss is not finite from the first rate, {diverged:.3g}, on.",
        )
    rise, kept = rises_from(loss), share_kept(loss)
    if rise is None and diverged is None:
        rise = blows_up_from(loss)
    edge = diverged if rise is None else float(loss.lr[max(rise - 1, 0)])
    possible, reason = _possible_by_loss(loss, diverged, kept, edge)
    return replace(reading, edge=edge, possible=possible, reason=reason)


def _possible_by_loss(
    loss: Series, diverged: float | None, kept: float | None, edge: float | None
) -> tuple[bool | None, str]:
    last = f"{loss.lr[-1]:.3g}"
    if diverged is not None:
        return False, f"Not kept: the loss is not finite from rate {diverged:.3g} on."
    if kept is None:
        if edge is not None:
            return False, f"Not kept: the loss never falls, and has risen by rate {last}."
        return None, f"Cannot tell: the loss never falls clearly up to rate {last}."
    numbers = f"{kept:.0%} of the fall of the loss is left at the largest rates (up to {last})"
    if kept < 1 - LOST_BY_LOSS:
        where = "" if edge is None else f"; it rises from {edge:.3g} on"
        return False, f"Not kept: {numbers}{where}."
    if kept < KEPT_BY_LOSS or edge is not None:
        return None, f"Cannot tell without accuracy: {numbers}."
    return True, f"Kept, by the loss alone: {numbers}."
