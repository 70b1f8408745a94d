"""The rules that read the loss of a sweep: steepest, valley, minimum / 10, and its break."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from autosuperconv.core.range_test.sweep_curve import Floats, Series, scatter, smooth

CLIP = 10.0
"""Losses above this many times the first level say "diverged" and no more."""
BLOWN_UP = 2.0
"""A loss that ends this many times above its first level has diverged."""
LOST_GAIN = 0.5
"""The loss has risen clearly once it has lost this share of the fall from start to minimum."""
MIN_FALL = 0.05
"""A loss that falls by a smaller share of its start has not fallen."""
FALL_TO_NOISE = 3.0
"""Nor has one that falls by less than so many times its noise."""
RULES_TO_NOISE = 5.0
"""Nor does one suggest a learning rate that falls by less than so many times its noise."""
MIN_FOR_RULES = 8
"""With fewer points the noise itself is not known well enough for that."""
LEAST_FALL = 1e-12
"""What is smaller is rounding, also about a loss of 0."""
THINNED = 2000
"""Points in which the longest fall is looked for."""


@dataclass(frozen=True, slots=True)
class LossRules:
    """Learning rates suggested by the loss; None where it never falls."""

    steepest: float | None
    valley: float | None
    minimum_tenth: float | None


@dataclass(frozen=True, slots=True)
class SmoothLoss:
    """A loss without outliers.

    Args:
        y: smoothed, clipped.
        start: level at the start.
        lowest: index of the minimum of y.
        noise: standard deviation of single losses; 0 where they are too few to tell.
    """

    y: Floats
    start: float
    lowest: int
    noise: float

    @property
    def fall(self) -> float | None:
        """From the start to the minimum; None where that is nothing, or noise."""
        fall = self.start - float(self.y[self.lowest])
        least = max(MIN_FALL * abs(self.start), FALL_TO_NOISE * self.noise, LEAST_FALL)
        return fall if fall > least else None


def first_level(loss: Series) -> float:
    """Loss before learning. Where many points were recorded, the fall may be over within the first
    twentieth of them, so that the first three tell; where it is not, three may be low by chance."""
    twentieth = loss.y[: max(3, loss.y.size // 20)]
    return max(float(np.median(loss.y[:3])), float(np.median(twentieth)))


def smooth_loss(loss: Series) -> SmoothLoss:
    """Clip, then smooth; `loss` holds at least one point."""
    start = first_level(loss)
    ceiling = start + CLIP * max(abs(start), float(np.ptp(np.minimum(loss.y, start))), LEAST_FALL)
    cut = np.minimum(loss.y, ceiling)
    y = smooth(loss.x, cut, least=3 if loss.y.size >= 10 else 1)
    return SmoothLoss(y, start, int(np.argmin(y)), scatter(cut))


def suggested_lrs(loss: Series) -> LossRules:
    """The rules in use elsewhere, for comparison.

    *Steepest* and *valley* are the two automatic suggestions of the LR finders of Lightning and
    fastai; *minimum / 10* is the older rule of thumb of fastai. A loss that does not fall, or of
    which too few points are known to tell, suggests nothing.
    """
    if loss.y.size < MIN_FOR_RULES:
        return LossRules(None, None, None)
    curve = smooth_loss(loss)
    if curve.lowest == 0 or (curve.fall or 0.0) <= RULES_TO_NOISE * curve.noise:
        return LossRules(None, None, None)
    stop = curve.lowest + 1
    x, y, lr = loss.x[:stop], curve.y[:stop], loss.lr[:stop]
    middle = _longest_fall_middle(y)
    return LossRules(
        float(lr[_steepest(x, y)]),
        None if middle is None else float(lr[middle]),
        float(lr[-1]) / 10,
    )


def _steepest(x: Floats, y: Floats) -> int:
    """Where the loss falls fastest along the range; equal learning rates have no slope."""
    span = float(x[-1] - x[0])
    run = np.diff(x) / span if span > 0 else np.zeros(x.size - 1)
    slope = np.divide(np.diff(y), run, out=np.zeros(run.size), where=run > 1e-9)
    return int(np.argmin(slope))


def _longest_fall_middle(y: Floats) -> int | None:
    """Index of the middle of the longest falling subsequence (patience sorting)."""
    picked = np.unique(np.linspace(0, y.size - 1, min(y.size, THINNED)).astype(np.int64))
    tops: list[float] = []
    top_at: list[int] = []
    before = [-1] * picked.size
    for i, value in enumerate((-y[picked]).tolist()):
        k = bisect_left(tops, value)
        before[i] = top_at[k - 1] if k else -1
        tops[k : k + 1] = [value]
        top_at[k : k + 1] = [i]
    i = top_at[-1]
    for _ in range((len(tops) - 1) // 2):
        i = before[i]
    return int(picked[i]) if len(tops) > 1 else None


def rises_from(loss: Series) -> int | None:
    """First point of the final rise of the loss above its minimum; None where it ends low.

    It is where the curve is best cut into a part that keeps, and one that has lost, half of the
    fall from start to minimum.
    """
    curve = smooth_loss(loss)
    if curve.fall is None:
        return None
    lost = np.clip((loss.y - curve.y[curve.lowest]) / curve.fall, 0, 1)
    spare = LOST_GAIN - lost
    first = int(np.argmax(spare > 0))
    cut = first + int(np.argmax(np.cumsum(spare[first:]))) + 1
    return cut if cut < spare.size else None


def blows_up_from(loss: Series) -> int | None:
    """First point of a final stretch in which the raw loss lies far above its first level."""
    if loss.y.size < 3:
        return None
    low = np.flatnonzero(loss.y <= BLOWN_UP * abs(first_level(loss)))
    first = int(low[-1]) + 1 if low.size else 0
    return first if 0 < first < loss.y.size else None


def share_kept(loss: Series) -> float | None:
    """Share of the fall from start to minimum that is left over the last tenth of the range."""
    curve = smooth_loss(loss)
    if curve.fall is None:
        return None
    tail = curve.y[loss.x >= loss.x[-1] - 0.1 * (loss.x[-1] - loss.x[0])]
    return float((curve.start - tail.mean()) / curve.fall)


def share_low(loss: Series) -> float:
    """Share of the range, up to its end, since the loss first had half of its fall."""
    curve = smooth_loss(loss)
    lowest = float(curve.y[curve.lowest])
    first = int(np.argmax(curve.y <= lowest + LOST_GAIN * (curve.start - lowest)))
    span = float(loss.x[-1] - loss.x[0])
    return float(loss.x[-1] - loss.x[first]) / span if span > 0 else 0.0
