"""The rules that read the accuracy of a sweep: floor, edge, retention, how long it is held."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autosuperconv.core.range_test.loss_rules import blows_up_from
from autosuperconv.core.range_test.sweep_curve import SMOOTHING, Floats, Series, scatter, smooth

MIN_RETENTION = 0.75
"""Any bound between 0.45 and 0.85 tells the author's published range tests apart."""
MIN_GAIN_KEPT = 0.6
"""The same for accuracy above chance, so that falling back to a high chance is no success."""
MAX_CHANCE = 0.5
"""Where chance is not known it is at most this: two balanced classes."""
END = 0.1
"""Share of the range that counts as its largest learning rates."""
WIDER_END = 0.3
"""Share of the range that is looked at where its largest learning rates are near to the level."""
MIN_FOR_NOISE = 20
"""With fewer points noise cannot be told from the rise itself."""
MAX_DOUBT = 0.15
"""Share of the peak that noise may excuse at most: an end below 0.6 of it is lost all the same."""
LIFT = 3.0
"""Accuracy must rise above chance by so many times its noise."""
LIFT_OFF_LOWEST = 5.0
"""The same above the lowest accuracy: in pure noise the highest of 80 lies that far above it."""
MOST_NOISE = 0.25
"""A larger rise than this is learning, however much single accuracies scatter once it is lost."""
_EPS = 1e-9


@dataclass(frozen=True, slots=True)
class AccuracyParts:
    """An accuracy curve, taken apart. Indices are into its arrays; `y` is 0 once diverged.

    Args:
        lr: learning rate of each point, rising.
        x: its range measure.
        raw: accuracy as recorded.
        y: accuracy, smoothed.
        base: accuracy without learning: chance, or else the lowest smoothed accuracy, but at most
            `MAX_CHANCE`.
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


def take_apart(accuracy: Series, loss: Series, chance: float | None) -> AccuracyParts:
    """Join the accuracy and the points at which the run had diverged, at accuracy 0."""
    good = accuracy.y.size
    diverged, dead_lr, dead_x = _divergence(accuracy, loss)
    alive = slice(0, good if diverged is None else int(np.searchsorted(accuracy.lr, diverged)))
    lr = np.concatenate((accuracy.lr[alive], dead_lr))
    x = np.concatenate((accuracy.x[alive], dead_x))
    raw = np.concatenate((accuracy.y[alive], np.zeros(dead_lr.size)))
    living = raw.size - dead_lr.size
    least = 3 if living >= 10 else 1
    width = SMOOTHING * float(x[-1] - x[0])
    y = np.concatenate((smooth(x[:living], raw[:living], width, least), raw[living:]))
    base = chance if chance is not None else float(y[:living].min(initial=MAX_CHANCE))
    peak = int(np.argmax(y))
    top = float(y[peak])
    level = MIN_RETENTION * top
    if chance is not None:
        level = max(level, chance + MIN_GAIN_KEPT * (top - chance))
    learned = _has_learned(raw[:living], base, chance is None)
    return AccuracyParts(lr, x, raw, y, base, level, peak, learned, chance, diverged)


def _divergence(accuracy: Series, loss: Series) -> tuple[float | None, Floats, Floats]:
    """Learning rate from which the run has diverged, and the points from there on (rates, x).

    It has where accuracy or loss is never finite again, or where the loss ends far above its
    start and accuracy was not evaluated any more.
    """
    tails = [(accuracy.broken_lr, accuracy.broken_x), (loss.broken_lr, loss.broken_x)]
    blown = blows_up_from(loss)
    if blown is not None and not np.any(accuracy.lr >= loss.lr[blown]):
        joined = (loss.lr[blown:], loss.broken_lr), (loss.x[blown:], loss.broken_x)
        tails.append((np.concatenate(joined[0]), np.concatenate(joined[1])))
    found = [tail for tail in tails if tail[0].size]
    if not found:
        return None, accuracy.broken_lr, accuracy.broken_x
    lr, x = min(found, key=lambda tail: float(tail[0][0]))
    return float(lr[0]), lr, x


def _has_learned(raw: Floats, base: float, is_lowest: bool) -> bool:
    """Whether accuracy rises above the base by more than noise, and not at a single point."""
    if raw.size == 0:
        return False
    noise = _noise(raw) if raw.size >= MIN_FOR_NOISE else 0.0
    above = max(LIFT * noise, min(LIFT_OFF_LOWEST * noise, MOST_NOISE) if is_lowest else 0.0)
    lift = max(min(base, 0.25 * (1 - base)), 0.01, above)
    return robust_top(raw) - base >= lift


def _noise(raw: Floats) -> float:
    """Standard deviation about a slow curve: a normal's median |difference| is 0.954 of it."""
    return float(np.median(np.abs(np.diff(raw)))) / 0.954


def robust_top(raw: Floats) -> float:
    """The highest median of three neighbours, or the first: no untrained net is good by luck."""
    if raw.size < 5:
        return float(raw.max())
    medians = np.median(np.stack((raw[:-2], raw[1:-1], raw[2:])), axis=0)
    return max(float(medians.max()), float(raw[0]))


def largest_rates(a: AccuracyParts, share: float = END) -> slice:
    """The points of the largest learning rates: the last tenth of the range, at least two."""
    first = int(np.searchsorted(a.x, a.x[-1] - share * (a.x[-1] - a.x[0]) - _EPS * abs(a.x[-1])))
    return slice(min(first, a.x.size - (2 if a.x.size >= 6 else 1)), None)


def retention_of(a: AccuracyParts) -> float | None:
    top = float(a.y[a.peak])
    return float(a.raw[largest_rates(a)].mean()) / top if top > 0 else None


def may_be_noise(a: AccuracyParts) -> bool:
    """Whether noise may have brought the largest learning rates below the level.

    The mean over them lies below it by no more than two of its standard errors, and the mean over
    the last part of the range (`WIDER_END`) does not lie below it.
    """
    end = a.raw[largest_rates(a)]
    error = 2 * scatter(a.raw[held_from(a) :]) / math.sqrt(end.size)
    doubt = min(error, MAX_DOUBT * float(a.y[a.peak]))
    wider = a.raw[largest_rates(a, WIDER_END)]
    return bool(end.mean() + doubt >= a.level and wider.mean() >= a.level)


def gain_kept(a: AccuracyParts) -> float:
    """Share of the rise from the base to the peak that is left over the largest learning rates."""
    rise = float(a.y[a.peak]) - a.base
    return (float(a.raw[largest_rates(a)].mean()) - a.base) / rise if rise > 0 else 0.0


def floor_of(a: AccuracyParts) -> float:
    """Learning rate of the first point that has a fifth of the rise from the base to the peak."""
    start = a.base + 0.2 * (float(a.y[a.peak]) - a.base)
    return float(a.lr[np.argmax((a.y >= start) & (a.raw >= start))])


def edge_index(a: AccuracyParts) -> int | None:
    """The last point before accuracy falls below its level for good; None where it does not.

    It is where the curve is best cut into a part above the level and one below it, so that a
    single good or bad evaluation does not move it. Measured on 36 real sweeps (digits, 6 nets x 6
    seeds): its spread over seeds is 0.10 to 0.33 decade, against 0.11 to 0.52 for going back to
    where the fall begins (0.9 of the plateau). One-cycle runs of 8 epochs with max_lr at this edge
    ended within 5 points of their best; some nets stood up to four times the edge.
    """
    first = held_from(a)
    kept = first + int(np.argmax(np.cumsum(a.raw[first:] - a.level)))
    after = a.raw[kept + 1 :]
    if after.size == 0 or (after.size == 1 and after[0] > a.base + 0.25 * (a.level - a.base)):
        return None
    return kept


def held_from(a: AccuracyParts) -> int:
    """The first point at its level."""
    return int(np.argmax(a.y >= a.level))


def share_held(a: AccuracyParts) -> float:
    """Share of the range over which the accuracy has been at its level, up to the end."""
    span = float(a.x[-1] - a.x[0])
    return float(a.x[-1] - a.x[held_from(a)]) / span if span > 0 else 0.0
