"""When the accumulated runs are looked at, and how many runs there are then on each side.

A candidate costs a half or a fifth of a baseline run, so there are nearly twice as many of it: that
narrows the difference most for the same training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autosuperconv.errors import InvalidInput

CANDIDATES = 11 / 6  # candidate runs for each baseline run: the root of the ratio of their costs
GROWTH = 1.25
"""Of the number of baseline runs, from look to look. Larger steps (1.5) show 2 gains more in 100
where the sides are equal, for one baseline run more (`studies/verdict_power`)."""
NOT_WORTH_A_LOOK = 1.15  # a last look that adds less than this replaces the one before it


@dataclass(frozen=True, slots=True)
class Looks:
    """The planned looks.

    Args:
        sizes: (baseline runs, candidate runs) at each, rising.
        done: of these, the first ones, which were taken before the plan was made.
    """

    sizes: tuple[tuple[int, int], ...]
    done: int = 0

    def __post_init__(self) -> None:
        numbers = [(0, 0), *self.sizes]
        rises = all(a < c and b < d for (a, b), (c, d) in zip(numbers, self.sizes, strict=False))
        if not (self.sizes and rises):
            raise InvalidInput(f"Looks.sizes must rise from above 0, but got {self.sizes}.")

    @property
    def information(self) -> tuple[float, ...]:
        """On the difference of candidate and baseline, at each look."""
        return tuple(1 / (1 / b + 1 / c) for b, c in self.sizes)

    @property
    def control_information(self) -> tuple[float, ...]:
        """On the difference of candidate and control, which have equally many runs."""
        return tuple(c / 2 for _, c in self.sizes)


def candidates_beside(baseline: int) -> int:
    """Candidate runs to look at beside so many baseline runs: 3 -> 6, 5 -> 10, 8 -> 15."""
    return math.ceil(CANDIDATES * baseline - 1e-9)


def plan_looks(seeds: int = 3, max_seeds: int = 10, done: Sequence[tuple[int, int]] = ()) -> Looks:
    """Looks from `seeds` baseline runs to `max_seeds`; equal numbers make a single one.

    Args:
        seeds: baseline runs at the first look.
        max_seeds: baseline runs at the last look.
        done: sizes of looks that were taken already, by a plan that this one continues. They
            stay looks of this plan, so their error is not spent twice.

    Raises:
        InvalidInput: fewer runs at the last look than at the first.
    """
    if not 1 <= seeds <= max_seeds:
        raise InvalidInput(f"seeds must be in 1..max_seeds ({max_seeds}), but got {seeds}.")
    numbers = [2 if seeds == 1 < max_seeds else seeds]  # one run has no spread to look at
    while numbers[-1] < max_seeds:
        grown = math.ceil(GROWTH * numbers[-1])
        numbers.append(max_seeds if max_seeds < NOT_WORTH_A_LOOK * grown else grown)
    earlier = sorted(done)
    after = earlier[-1] if earlier else (0, 0)
    planned = [(n, candidates_beside(n)) for n in numbers]
    later = [size for size in planned if size[0] > after[0] and size[1] > after[1]]
    return Looks((*earlier, *later), len(earlier))
