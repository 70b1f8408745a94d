"""Which combinations of changes are trained: a two-level fractional factorial.

A cell says of each factor whether it has the winner's value (+1) or the baseline's (-1). Up to four
factors have every cell. Five have half of them, 2^(5-1): those with an even number of reverted
factors, so the winner itself is one. Its defining relation I = ABCDE has five letters (resolution
V): a main effect is mixed up with an interaction of four factors only, one of two factors with
one of three (Box, Hunter & Hunter, "Statistics for Experimenters", ch. 6).

With few factors a cell is trained more than once, because it is the number of runs that makes
limits narrow. More than five factors would take 31 runs and more, so the last ones are changed
together, as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from math import prod

import numpy as np
from numpy.typing import NDArray

from autosuperconv.errors import InvalidInput

Cell = tuple[int, ...]
"""Of each factor: +1 the winner's value, -1 the baseline's."""

REPEATS = {1: 5, 2: 3, 3: 2, 4: 1, 5: 1}
"""Number of factors -> runs of each cell but the winner's: as many as make the limits of the worth
over both orders narrower than 1.5 standard deviations of a run (studies/verdict_power)."""
MOST_FACTORS = max(REPEATS)


def fraction(factors: int) -> tuple[Cell, ...]:
    """The cells to train, the winner's first.

    Raises:
        InvalidInput: no factor, or more than five.
    """
    if not 1 <= factors <= MOST_FACTORS:
        raise InvalidInput(f"A fraction has 1 to {MOST_FACTORS} factors, but got {factors}.")
    every = product((1, -1), repeat=factors)
    return tuple(cell for cell in every if factors < MOST_FACTORS or prod(cell) == 1)


def distinct_runs(factors: int) -> int:
    """New runs of a fraction, those of the winner left out.

    Args:
        factors: that changed; those beyond five are joined.
    """
    if factors == 0:
        return 0
    count = min(factors, MOST_FACTORS)
    return REPEATS[count] * (len(fraction(count)) - 1)


def at_most_five(factors: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """At most five groups: the first factors on their own, the last ones together."""
    own = len(factors) if len(factors) <= MOST_FACTORS else MOST_FACTORS - 1
    rest = tuple(factors[own:])
    return tuple((factor,) for factor in factors[:own]) + ((rest,) if rest else ())


def model_matrix(cells: Sequence[Cell]) -> NDArray[np.float64]:
    """Columns of the mean, of each factor, and of each pair of factors; a row for each cell."""
    signs = np.asarray(cells, dtype=float)
    pairs = [signs[:, i] * signs[:, j] for i, j in combinations(range(signs.shape[1]), 2)]
    return np.column_stack([np.ones(len(signs)), signs, *pairs])


def contrasts(factors: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a change is worth, in the columns of `model_matrix`: over both orders, and as the last
    change. A factor's main effect b and its interactions b' make 2 b and 2 b + 2 sum(b'): the mean
    of its worth as the first and as the last change is the former.
    """
    pairs = list(combinations(range(factors), 2))
    means = np.zeros((factors, 1 + factors + len(pairs)))
    means[:, 1 : 1 + factors] = 2 * np.eye(factors)
    lasts = means.copy()
    for column, pair in enumerate(pairs):
        lasts[list(pair), 1 + factors + column] = 2
    return means, lasts


def spare_columns(cells: Sequence[Cell]) -> NDArray[np.float64]:
    """The products of two and more factors that the cells tell from the mean, from every factor and
    from one another: a column for each."""
    signs = np.asarray(cells, dtype=float)
    seen = [np.ones(len(signs)), *signs.T]
    first = len(seen)
    for size in range(2, signs.shape[1] + 1):
        for chosen in combinations(range(signs.shape[1]), size):
            column = signs[:, list(chosen)].prod(axis=1)
            if all(abs(column @ other) < len(signs) for other in seen):
                seen.append(column)
    return np.column_stack(seen[first:]) if len(seen) > first else np.empty((len(signs), 0))
