"""The difference of two unpaired sides of a few runs each, with moderated variances.

Three runs hardly know their own spread. So each side's variance is moderated towards the spread
that other runs of the same search showed on the same split (Smyth 2004, section 4), as a prior
worth a few degrees of freedom. Here the prior may widen a side and never narrow it: a side that
spreads more than the prior says keeps its own variance and its own degrees of freedom. A prior that
is dropped only where a test at 5 % refutes it lets 8 to 9 % of simulated candidates at the bound
pass where the baseline spreads twice as much as the prior says (`studies/verdict_power`). The two
sides' degrees of freedom are combined as Welch and Satterthwaite do.

The functions work on arrays of repetitions, which the simulations use, and on single runs alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autosuperconv.core.stats.contrast import CONFIDENCE, Contrast

Floats = NDArray[np.float64]

PRIOR_DEGREES = 10
"""The prior is never worth more, however many runs are behind it: they are of other recipes."""


@dataclass(frozen=True, slots=True)
class SeedSpread:
    """What the search's own runs say of the noise over seeds on one split.

    Args:
        sd: standard deviation over seeds, a fraction of 1.
        degrees: of freedom behind it.
    """

    sd: float
    degrees: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of means; each of the same shape, that of the repetitions.

    Args:
        mean: first side less the second.
        error: its standard error.
        degrees: of freedom of that.
    """

    mean: Floats
    error: Floats
    degrees: Floats


def moderated_variance(
    runs: ArrayLike, prior: ArrayLike | None, degrees: int, floor: float = 0.0
) -> tuple[Floats, Floats]:
    """(variance, degrees of freedom) of runs of shape (..., n); n >= 2 where there is no prior.
    A single run has the prior's variance.

    Args:
        prior: variance that other runs showed; None: there is none.
        degrees: of freedom behind it.
        floor: variance that runs cannot show less than.
    """
    values = np.asarray(runs, dtype=float)
    own = values.shape[-1] - 1
    variance = np.maximum(values.var(axis=-1, ddof=min(own, 1)), floor)
    if prior is None or degrees < 1:
        return variance, np.full(variance.shape, float(own))
    expected, weight = np.asarray(prior, dtype=float), min(degrees, PRIOR_DEGREES)
    if own == 0:
        return np.maximum(variance, expected), np.full(variance.shape, float(weight))
    moderated = (weight * expected + own * variance) / (weight + own)
    widened = variance < expected
    return np.where(widened, moderated, variance), np.where(widened, weight + own, float(own))


def moderated_difference(
    x: ArrayLike, y: ArrayLike, prior: ArrayLike | None, degrees: int, floor: float = 0.0
) -> Difference:
    """Of x, shape (..., n), less y, shape (..., m); see `moderated_variance`."""
    ours, theirs = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    sides = [(side, *moderated_variance(side, prior, degrees, floor)) for side in (ours, theirs)]
    (a, d), (b, e) = ((variance / side.shape[-1], free) for side, variance, free in sides)
    total = a + b
    free = np.divide(total**2, a**2 / d + b**2 / e, out=np.full_like(total, 1.0), where=total > 0)
    return Difference(ours.mean(axis=-1) - theirs.mean(axis=-1), np.sqrt(total), free)


def t_limit(z: ArrayLike, degrees: ArrayLike) -> Floats:
    """Student's t that is exceeded as often as a normal exceeds z."""
    from scipy.special import ndtr, stdtrit

    return np.asarray(-stdtrit(np.asarray(degrees, dtype=float), ndtr(-np.asarray(z))))


def moderated_contrast(
    x: Sequence[float],
    y: Sequence[float],
    spread: SeedSpread | None,
    z: tuple[float, float],
    confidence: float = CONFIDENCE,
    resolution: float = 0.0,
    diverged: int = 0,
) -> Contrast:
    """The difference of the sides' means; see `has_interval`.

    Args:
        x: accuracies of one side; at least one.
        y: of the other; at least one.
        spread: over seeds, from runs that are on neither side.
        z: normal limits of the lower and the upper end.
        confidence: of the interval that they make.
        resolution: step of the scale on which both sides were measured. No side spreads by less:
            runs that agree to the last digit are no proof of a spread of nothing.
        diverged: runs of x that are left out because they diverged.
    """
    prior, degrees = (spread.sd**2, spread.degrees) if spread is not None else (None, 0)
    runs = len(x) + diverged
    if not has_interval(len(x), len(y), spread):
        difference = float(np.mean(x) - np.mean(y))
        return Contrast(difference, None, None, runs, diverged, confidence, others=len(y))
    found = moderated_difference(x, y, prior, degrees, resolution**2)
    mean, error, free = float(found.mean), float(found.error), float(found.degrees)
    low, high = (float(t_limit(limit, free)) * error for limit in z)
    return Contrast(
        *(mean, mean - low, mean + high, runs, diverged, confidence),
        others=len(y),
        error=error,
        degrees=free,
    )


def has_interval(runs: int, others: int, spread: SeedSpread | None) -> bool:
    """Whether a difference can have an interval: a single run says nothing of its own spread."""
    return min(runs, others) > 1 or (spread is not None and spread.degrees > 0)


def share_above(difference: float, error: float, degrees: float, bound: float) -> float:
    """Probability that a difference lies above a bound, by its t distribution."""
    from scipy.special import stdtr

    return float(stdtr(degrees, (difference - bound) / error))
