"""Small-sample statistics for paired runs: intervals, pooled spread, and how many seeds to buy.

Why paired Student t and no bootstrap. A confirmation has 3 to 10 seeds. A percentile bootstrap of
n differences never leaves their range, and with probability 2 * (1/2)^n all n lie on one side of
a symmetric truth: its coverage cannot exceed 1 - 2^(1 - n), which is 75 % at n = 3 and 93.75 % at
n = 5, whatever the nominal level. The t interval is exact for normal differences at every n >= 2
because it pays for the unknown spread (4.30 standard errors at n = 3, where a normal would take
1.96). A final accuracy is a mean over thousands of test samples, so normality over seeds is a
fair model; `studies/verdict_power` measures what is lost where it fails.

The interval speaks of seeds, on one test set that both sides share. It says nothing about another
draw of the test set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autosuperconv.errors import InvalidInput

FIRST_LOOK = 3  # seeds; below three a t interval is too wide to decide anything
PROBABLY = 0.8  # power at which a number of seeds "would probably settle" a question
MOST_SEEDS = 30  # a forecast of more seeds than this is not offered


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its confidence interval, and the spread of what was averaged."""

    mean: float
    low: float
    high: float
    sd: float
    n: int


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t; cached, because SciPy takes 100 microseconds for one."""
    from scipy import stats  # 0.8 s to import, so no command loads it that asks for no quantile

    return float(stats.t.ppf(probability, degrees))


def half_width(sd: ArrayLike, n: int, confidence: float) -> NDArray[np.float64]:
    """Half of the two-sided t interval of a mean of n values with standard deviation sd."""
    quantile = t_quantile((1 + confidence) / 2, n - 1)
    return np.asarray(sd, dtype=float) * (quantile / math.sqrt(n))


def mean_interval(
    differences: Sequence[float], confidence: float = 0.95, resolution: float = 0.0
) -> Interval:
    """The t interval of the mean of paired differences.

    Args:
        resolution: step of the scale on which both sides were measured. Rounding alone spreads
            the difference of two such values by resolution / sqrt(6), so the spread is taken to
            be at least that: three equal differences are no proof of a spread of nothing.

    Raises:
        InvalidInput: fewer than two differences: there is no spread to go on.
    """
    n = len(differences)
    if n < 2:
        raise InvalidInput(f"An interval needs at least 2 pairs of runs, but got {n}.")
    values = np.asarray(differences, dtype=float)
    mean = float(values.mean())
    sd = max(float(values.std(ddof=1)), resolution / math.sqrt(6))
    half = float(half_width(sd, n, confidence))
    return Interval(mean, mean - half, mean + half, sd, n)


def resolution_of(accuracies: Iterable[float]) -> float:
    """The step of the scale that accuracies lie on, as far as they show it: the smallest distance
    between two of them that differ; 0 where none do. Accuracies over m samples are multiples of
    1 / m, so it is at least that."""
    distinct = sorted(set(accuracies))
    return min((b - a for a, b in pairwise(distinct) if b - a > 1e-9), default=0.0)


def pooled_sd(*groups: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation within groups, pooled over their degrees of freedom.

    Args:
        groups: each of shape (..., n), n >= 1; the last axis is averaged over. A group of one
            value adds no degree of freedom; where none has any, the result is 0.
    """
    arrays = [np.asarray(group, dtype=float) for group in groups]
    degrees = sum(array.shape[-1] - 1 for array in arrays)
    squares = sum(np.square(a - a.mean(axis=-1, keepdims=True)).sum(axis=-1) for a in arrays)
    return np.asarray(np.sqrt(np.asarray(squares) / max(degrees, 1)))


def seeds_to_settle(interval: Interval, bound: float, confidence: float = 0.95) -> int | None:
    """More pairs after which the interval would probably lie on one side of `bound`.

    Takes the mean and the spread so far as the truth, and asks for a power of 80 %. None where
    that takes more than 30 pairs in all: the effect is then too near the bound to be worth it.
    """
    distance = abs(interval.mean - bound)
    for n in range(interval.n + 1, MOST_SEEDS + 1):
        quantiles = t_quantile((1 + confidence) / 2, n - 1) + t_quantile(PROBABLY, n - 1)
        if quantiles * interval.sd / math.sqrt(n) <= distance:
            return n - interval.n
    return None


def confidence_at_look(look: int, looks: int, confidence: float = 0.95) -> float:
    """Confidence of the interval at one of several planned looks at growing data.

    Alpha spending by a union bound: look i of L may err with probability
    (1 - confidence) * 2 i / (L (L + 1)). The shares add up to 1 - confidence, so the chance that
    any look's interval misses the truth is at most that, whatever the dependence between looks
    and whichever rule stops. Later looks get more, because at three seeds an interval is too
    wide to decide at any level, and error spent there is wasted.

    Args:
        look: 1 is the first. looks: planned in all, fixed before the first.

    Raises:
        InvalidInput: a look outside of the plan.
    """
    if not 1 <= look <= looks:
        raise InvalidInput(f"look must be in 1..{looks} (the planned looks), but got {look}.")
    return 1 - (1 - confidence) * 2 * look / (looks * (looks + 1))


def confidence_at_seeds(
    seeds: int, max_seeds: int, confidence: float = 0.95, first: int = FIRST_LOOK
) -> float:
    """`confidence_at_look` where one looks after first, first + 1, ... max_seeds seeds.

    With max_seeds of `first` or fewer there is one look, at the full error.
    """
    looks = max(max_seeds - first + 1, 1)
    return confidence_at_look(max(seeds - first + 1, 1), looks, confidence)
