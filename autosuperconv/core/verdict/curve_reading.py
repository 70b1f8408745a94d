"""What a recorded accuracy curve says of its run: end level, time to it, collapse, chance.

A single evaluation must not decide: everything is read off a running median of three, which
drops lone outliers and keeps the jumps of a step schedule where they are (a running mean would
smear them over its width), and levels are means over a window of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TAIL = 0.1  # share of the run in which evaluations count as its end
WINDOW = 10  # at most so many evaluations make a level
DENSE = 5  # so many evaluations in the tail make a curve dense
LAST_FIFTH = 0.8
MEDIAN_STEP = 0.954  # median of |a - b| for two normal draws of sd 1: 0.6745 * sqrt(2)
WOBBLES = 3.0
NEAR_CHANCE = 0.05  # of the way from chance to 1
LOST_OF_PEAK = 0.2  # of its peak: what is left of a run that collapsed, where chance is unknown


def in_tail(samples: Sequence[float]) -> int:
    """Evaluations in the last tenth of the run."""
    cost = np.asarray(samples, dtype=float)
    return int((cost > (1 - TAIL) * cost[-1]).sum())


def window(samples: Sequence[float]) -> int:
    """Evaluations that make a level: those of the last tenth, 3 to 10, a third of all at most."""
    return max(1, min(WINDOW, max(3, in_tail(samples)), len(samples) // 3))


def end_level(samples: Sequence[float], accuracy: Sequence[float]) -> float:
    """Mean accuracy over the last window of the curve."""
    return float(_despiked(accuracy)[-window(samples) :].mean())


def below_peak(samples: Sequence[float], accuracy: Sequence[float]) -> float:
    """How far the end level lies below the highest mean over any window, like against like."""
    width = window(samples)
    levels = np.convolve(_despiked(accuracy), np.full(width, 1 / width), "valid")
    return float(levels.max() - levels[-1])


def late_drop(samples: Sequence[float], accuracy: Sequence[float]) -> float:
    """Largest fall, from a high to any later low, within the last fifth of the run."""
    cost = np.asarray(samples, dtype=float)
    late = _despiked(accuracy)[cost >= LAST_FIFTH * cost[-1]]
    return float((np.maximum.accumulate(late) - late).max())


def wobble(samples: Sequence[float], accuracy: Sequence[float]) -> float:
    """Standard deviation of single evaluations around the curve's course, at its end.

    From the median absolute step between the last evaluations (the level's window, or five), which
    a trend hardly moves and one jump not at all.
    """
    count = min(max(window(samples), 5), max(len(samples) // 2, 1))
    steps = np.abs(np.diff(np.asarray(accuracy, dtype=float)[-count:]))
    return float(np.median(steps) / MEDIAN_STEP) if steps.size else 0.0


def cost_to_level(samples: Sequence[float], accuracy: Sequence[float], margin: float) -> float:
    """T_B: samples after which the run stays at its own final level.

    From T_B on, the curve never again falls more than `margin`, or three times its own wobble
    where that is larger, below its end level. Without the wobble, a plateau of hundreds of noisy
    evaluations would be left again and again until its last few, and T_B would be the nominal
    length, in the candidate's favour. Where the curve is dense (5 evaluations or more in its
    last tenth) it must have reached the end level itself too, so that T_B is the foot of the
    plateau and not a point on the way up to it: on the author's healthy logs 71,900 to 73,900
    of 80,000 iterations, as read by hand. A sparse curve need not, because one lucky
    evaluation at its end would set T_B there.
    """
    values, level = _despiked(accuracy), end_level(samples, accuracy)
    slack = max(margin, WOBBLES * wobble(samples, accuracy))
    stays = _after_last(values < level - slack)
    if in_tail(samples) >= DENSE:
        reached = np.flatnonzero(np.asarray(accuracy)[stays:] >= level)
        stays += int(reached[0]) if reached.size else 0
    return float(samples[min(stays, len(samples) - 1)])


def cost_to_reach(samples: Sequence[float], accuracy: Sequence[float], target: float) -> float:
    """Samples after which a run that ends at a target stays at it, single evaluations aside; the
    whole run where only its end is there."""
    return float(samples[min(_after_last(_despiked(accuracy) < target), len(samples) - 1)])


def share_at_chance(
    samples: Sequence[float], accuracy: Sequence[float], chance: float | None
) -> float:
    """Share of the first half of the run that it spent near chance; 0 where chance is unknown.

    Each evaluation speaks for the stretch since the one before it.
    """
    if chance is None:
        return 0.0
    cost = np.asarray(samples, dtype=float)
    stretch = np.diff(np.minimum(cost, cost[-1] / 2), prepend=0.0)
    lost = np.asarray(accuracy, dtype=float) <= near_chance(chance)
    return float(stretch[lost].sum() / stretch.sum()) if stretch.sum() > 0 else 0.0


def near_chance(chance: float) -> float:
    """Accuracy up to which a run has learned nothing: a twentieth of the way from chance to 1."""
    return chance + NEAR_CHANCE * (1 - chance)


def ends_at_chance(final: float, accuracy: Sequence[float], chance: float | None) -> bool:
    """Whether a run ended at chance, or (chance unknown) at a fifth of its peak or less."""
    if chance is not None:
        return final <= near_chance(chance)
    return bool(accuracy) and final <= LOST_OF_PEAK * max(accuracy)


def _despiked(accuracy: Sequence[float]) -> NDArray[np.float64]:
    values = np.asarray(accuracy, dtype=float)
    if values.size < 3:
        return values
    from scipy import ndimage

    # "mirror" gives the end points their neighbours' company, so the last one alone decides nothing
    return np.asarray(ndimage.median_filter(values, size=3, mode="mirror"))


def _after_last(bad: NDArray[np.bool_]) -> int:
    places = np.flatnonzero(bad)
    return int(places[-1]) + 1 if places.size else 0
