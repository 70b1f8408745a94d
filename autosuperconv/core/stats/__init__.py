"""Small-sample statistics for paired runs: intervals, pooled spread, and how many seeds to add.

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
from collections.abc import Iterable
from itertools import pairwise

from autosuperconv.core.stats.contrast import Contrast, half_width, paired_contrast, t_quantile
from autosuperconv.core.stats.moderated import SeedSpread, moderated_contrast
from autosuperconv.core.stats.spread import pooled_sd
from autosuperconv.errors import InvalidInput

__all__ = [
    "FIRST_LOOK",
    "Contrast",
    "SeedSpread",
    "confidence_at_look",
    "confidence_at_seeds",
    "half_width",
    "moderated_contrast",
    "paired_contrast",
    "pooled_sd",
    "resolution_of",
    "seeds_to_settle",
]

FIRST_LOOK = 3  # seeds; below three a t interval is too wide to decide anything
PROBABLY = 0.8  # power at which a number of seeds "would probably settle" a question
MOST_SEEDS = 30  # a forecast of more seeds than this is not offered


def resolution_of(accuracies: Iterable[float]) -> float:
    """The step of the scale that accuracies lie on, as far as they show it: the smallest distance
    between two of them that differ; 0 where none do. Accuracies over m samples are multiples of
    1 / m, so it is at least that."""
    distinct = sorted(set(accuracies))
    return min((b - a for a, b in pairwise(distinct) if b - a > 1e-9), default=0.0)


def seeds_to_settle(contrast: Contrast, bound: float) -> int | None:
    """More pairs after which the interval would probably lie on one side of `bound`.

    Takes the mean and the spread so far as the truth, and asks for a power of 80 %. None for a
    single pair, and where it takes more than 30 pairs in all: the effect is then too near the
    bound to be worth it.
    """
    sd, runs = contrast.sd, contrast.runs
    if sd is None:
        return None
    distance = abs(contrast.difference - bound)
    for n in range(runs + 1, MOST_SEEDS + 1):
        quantiles = t_quantile((1 + contrast.confidence) / 2, n - 1) + t_quantile(PROBABLY, n - 1)
        if quantiles * sd / math.sqrt(n) <= distance:
            return n - runs
    return None


def confidence_at_look(look: int, looks: int, confidence: float = 0.95) -> float:
    """Confidence of the interval at one of several planned looks at growing data.

    Alpha spending by a union bound: look i of L may err with probability
    (1 - confidence) * 2 i / (L (L + 1)). The shares add up to 1 - confidence, so the chance that
    any look's interval misses the truth is at most that, whatever the dependence between looks
    and whichever rule stops. Later looks get more, because at three seeds an interval is too
    wide to decide at any level, and error spent there is wasted.

    Args:
        look: 1 is the first.
        looks: planned in all, fixed before the first.

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
