"""A recorded sweep as arrays: its rising part, its range measure, smoothing.

The *range measure* says what "a tenth of the range" means: learning rates that rise by equal
steps are measured in themselves, rates that rise by equal factors in their logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autosuperconv.core.format import number
from autosuperconv.errors import InvalidInput

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Values = Sequence[float | None]

SMOOTHING = 0.05
"""Width of the moving average, as a share of the range."""
MIN_RISE = 0.8
"""A rising stretch over this share of all rates is the sweep; what follows it is not."""
MIN_SHARE = 0.15
"""A rise over fewer of the points, with none after it, is the warm-up of another schedule."""
MIN_FOR_SCATTER = 6
"""With fewer points their scatter about a slow curve is not estimated."""
MIN_EXPONENTIAL_RATIO = 5.0
"""Below this ratio of highest to lowest learning rate, equal steps and equal factors look alike."""


@dataclass(frozen=True, slots=True)
class RisingPart:
    """Which points of a recording are the sweep.

    Args:
        order: their indices, by rising learning rate; empty where nothing rises.
        note: what was left out or put in order, or why this is no sweep; "" where nothing was.
    """

    order: Indices
    note: str


@dataclass(frozen=True, slots=True)
class Series:
    """The points at which one quantity was measured.

    Args:
        lr: learning rate of each point, rising.
        x: its range measure.
        y: its value, finite.
        broken_lr: learning rate of the points from which on the quantity was measured, but never
            finite again: the run has diverged there.
        broken_x: their range measure.
    """

    lr: Floats
    x: Floats
    y: Floats
    broken_lr: Floats
    broken_x: Floats


def as_floats(name: str, values: Values, length: int) -> Floats:
    """The values as floats, None as NaN.

    Raises:
        InvalidInput: not one entry a point.
    """
    if len(values) != length:
        raise InvalidInput(
            f"{name} must have one entry per learning rate ({length}), but has {len(values)}."
        )
    return np.array(values, dtype=np.float64)


def is_missing(values: Values) -> npt.NDArray[np.bool_]:
    return np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))


def rising_part(lr: Floats) -> RisingPart:
    """The first stretch over which the learning rate rises through (nearly) all its range.

    Learning rates in no order are sorted; rates that are constant or mostly fall are no sweep.
    """
    known = np.flatnonzero(np.isfinite(lr))
    if known.size == 0:
        return RisingPart(known, "")
    rates = lr[known]
    low, high = float(rates.min()), float(rates.max())
    if known.size > 1 and high - low <= 1e-9 * high:
        return RisingPart(known[:0], f"the learning rate is constant at {number(high)}")
    steps = np.diff(rates)
    rises, falls = steps > 1e-9 * high, np.flatnonzero(steps < -1e-9 * high)
    top = int(falls[0]) if falls.size else rates.size - 1
    if falls.size == 0 or (np.count_nonzero(rises[:top]) >= 2 and not rises[top:].any()):
        part = _stretch(known, rates, 0, top)
        return part if part.order.size >= MIN_SHARE * rates.size else _warm_up(part)
    return _among_many(known, rates, steps, falls)


def _among_many(known: Indices, rates: Floats, steps: Floats, falls: Indices) -> RisingPart:
    """The same where the learning rate goes up and down more than once."""
    low, high = float(rates.min()), float(rates.max())
    starts = np.concatenate(([0], falls + 1))
    ends = np.concatenate((falls, [rates.size - 1]))
    enough = max(3.0, min(8.0, 0.4 * rates.size - 1))
    long = (rates[ends] - rates[starts] >= MIN_RISE * (high - low)) & (ends - starts >= enough)
    if long.any() and not _unordered(steps):
        return _stretch(known, rates, int(starts[long][0]), int(ends[long][0]))
    if falls.size > 2 * np.count_nonzero(steps > 1e-9 * high):
        return RisingPart(
            known[:0], f"the learning rate falls from {number(high)} to {number(low)}"
        )
    return RisingPart(
        known[np.argsort(rates, kind="stable")],
        "the points were put in the order of their learning rate",
    )


def _unordered(steps: Floats) -> bool:
    """Whether the learning rate turns as often as at random (at 2 of 3 points), not in cycles."""
    ways = np.sign(steps[steps != 0])
    return bool(np.count_nonzero(ways[1:] != ways[:-1]) > 0.3 * ways.size)


def _stretch(known: Indices, rates: Floats, start: int, end: int) -> RisingPart:
    """The rising points, less all but one hold's worth of points at the top."""
    part = rates[start : end + 1]
    _, holds = np.unique(part, return_counts=True)
    longest = int(holds[:-1].max(initial=1))
    end -= max(int(holds[-1]) - longest, 0)
    if start == 0 and end == rates.size - 1:
        return RisingPart(known, "")
    note = (
        f"only points {start + 1} to {end + 1} of {rates.size} are the sweep, in which the "
        f"learning rate rises from {number(float(rates[start]))} to {number(float(rates[end]))}"
    )
    return RisingPart(known[start : end + 1], note)


def _warm_up(part: RisingPart) -> RisingPart:
    return RisingPart(part.order[:0], f"{part.note}, which is a warm-up")


def is_exponential(rates: Floats) -> bool:
    """Whether learning rates rise by equal factors rather than by equal steps."""
    positive = rates[rates > 0]
    if positive.size < 3 or positive[-1] < MIN_EXPONENTIAL_RATIO * positive[0]:
        return False
    return _straightness(np.log(positive)) > _straightness(positive)


def _straightness(values: Floats) -> float:
    """Correlation with the position."""
    span = float(values[-1] - values[0])
    if not span > 0:
        return 0.0
    shape = (values - values[0]) / span
    return float(np.corrcoef(np.arange(values.size), shape)[0, 1])


def range_measure(rates: Floats) -> Floats:
    """Where each of the rising rates lies in the range: the rate, or its logarithm."""
    if not is_exponential(rates):
        return rates
    logs: Floats = np.log(np.maximum(rates, rates[rates > 0][0]))
    return logs


def series(rates: Floats, x: Floats, y: Floats, missing: npt.NDArray[np.bool_]) -> Series:
    """The measured points of a quantity along the sweep (all arguments in its order)."""
    good = np.isfinite(y)
    measured = np.flatnonzero(good)
    last = int(measured[-1]) if measured.size else -1
    broken = np.flatnonzero(~good & ~missing)
    broken = broken[broken > last]
    return Series(rates[good], x[good], y[good], rates[broken], x[broken])


def smooth(x: Floats, y: Floats, width: float | None = None, least: int = 1) -> Floats:
    """Moving average over a centred window of the range.

    Args:
        width: of the window; None: `SMOOTHING` of the range of x.
        least: points that a window holds at least, where there are as many (odd).
    """
    if y.size == 0:
        return y
    if width is None:
        width = SMOOTHING * float(x[-1] - x[0])
    half = width / 2 + 1e-9 * max(abs(float(x[0])), abs(float(x[-1])))
    position: npt.NDArray[Any] = np.arange(y.size)
    wing = min(least // 2, (y.size - 1) // 2)
    low = np.minimum(np.searchsorted(x, x - half, side="left"), position - wing)
    high = np.maximum(np.searchsorted(x, x + half, side="right"), position + wing + 1)
    low, high = np.maximum(low, 0), np.minimum(high, y.size)
    total = np.concatenate(([0.0], np.cumsum(y)))
    means = (total[high] - total[low]) / (high - low)
    return np.asarray(np.clip(means, y.min(), y.max()), dtype=np.float64)


def scatter(y: Floats) -> float:
    """Standard deviation about a slow curve, 0 where the points are too few to tell it.

    Read off the second differences, which neither a slope nor a single break moves: a normal's
    median |second difference| is 1.652 (0.6745 * sqrt(6)) of it.
    """
    if y.size < MIN_FOR_SCATTER:
        return 0.0
    return float(np.median(np.abs(np.diff(y, 2)))) / 1.652
