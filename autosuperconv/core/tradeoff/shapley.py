"""Shapley values: a fair share of a total gain for each group of changed factors.

Reverting one factor of the winner (`core.tradeoff`) misses what two changes do only
together: where reverting either spoils the run, both seem to be worth the whole gain, and
where either alone is enough, neither seems worth anything. The Shapley value averages a group's
contribution over all orders in which the groups could be changed, and the values add up to the
gain from baseline to winner (Shapley, "A value for n-person games", 1953). It needs a run of every
subset: 16 for four groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations
from math import comb

from autosuperconv.errors import InvalidInput

MOST_GROUPS = 4


def subsets(groups: Sequence[str]) -> list[frozenset[str]]:
    """Every subset, the empty one first and the whole last: the runs that are needed."""
    sizes = range(len(groups) + 1)
    return [frozenset(s) for s in chain.from_iterable(combinations(groups, k) for k in sizes)]


def shapley_values(
    accuracy: Mapping[frozenset[str], float], groups: Sequence[str]
) -> dict[str, float]:
    """Each group's share, in the unit of `accuracy`; exact.

    Args:
        accuracy: by the subset of groups at the winner's values, the others being at the
            baseline's: empty for the baseline, all for the winner.
        groups: of factors, one to four.

    Raises:
        InvalidInput: too many groups, one named twice, or a subset has no accuracy.
    """
    if not 1 <= len(set(groups)) == len(groups) <= MOST_GROUPS:
        raise InvalidInput(f"groups must be 1 to {MOST_GROUPS} different names, but got {groups}.")
    missing = [sorted(subset) for subset in subsets(groups) if subset not in accuracy]
    if missing:
        raise InvalidInput(f"Shapley values need a run of every subset; missing: {missing}.")
    return {group: _value(accuracy, group, groups) for group in groups}


def _value(accuracy: Mapping[frozenset[str], float], group: str, groups: Sequence[str]) -> float:
    """Mean over the sizes of what was changed before, and over the subsets of each size."""
    total = 0.0
    for before in subsets([other for other in groups if other != group]):
        gain = accuracy[before | {group}] - accuracy[before]
        total += gain / (len(groups) * comb(len(groups) - 1, len(before)))
    return total
