"""Small-sample statistics: intervals of differences, pooled spread, limits of repeated looks.

Why Student t and no bootstrap. A confirmation has 3 to 22 runs a side. A percentile bootstrap of n
differences never leaves their range, and with probability 2 * (1/2)^n all n lie on one side of a
symmetric truth: its coverage cannot exceed 1 - 2^(1 - n), which is 75 % at n = 3 and 93.75 % at
n = 5, whatever the nominal level. The t interval is exact for normal noise at every n >= 2 because
it pays for the unknown spread. A final accuracy is a mean over thousands of test samples, so
normality over seeds is a fair model; `studies/verdict_power` measures what is lost where it fails.

Why unpaired. The runs of one seed under two schedules have little in common, and unpaired sides may
have unequal numbers of runs: a candidate costs a half or a fifth of a baseline run.

The interval speaks of seeds, on one test set that both sides share. It says nothing about another
draw of the test set.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from autosuperconv.core.stats.contrast import Contrast
from autosuperconv.core.stats.moderated import SeedSpread, moderated_contrast
from autosuperconv.core.stats.spread import pooled_sd

__all__ = [
    "Contrast",
    "SeedSpread",
    "moderated_contrast",
    "pooled_sd",
    "resolution_of",
]


def resolution_of(accuracies: Iterable[float]) -> float:
    """The step of the scale that accuracies lie on, as far as they show it: the smallest distance
    between two of them that differ; 0 where none do. Accuracies over m samples are multiples of
    1 / m, so it is at least that."""
    distinct = sorted(set(accuracies))
    return min((b - a for a, b in pairwise(distinct) if b - a > 1e-9), default=0.0)
