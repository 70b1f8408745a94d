"""The runs of the combinations, and what to do where some diverge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.tradeoff.estimate import estimable
from autosuperconv.core.tradeoff.factors import JOINT
from autosuperconv.core.tradeoff.fraction import Cell


@dataclass(frozen=True, slots=True)
class CellRuns:
    """Runs of one recipe."""

    accuracies: tuple[float, ...]
    """Of those that completed, fractions of 1."""
    diverged: int = 0
    """How many did not."""

    @property
    def lost(self) -> bool:
        """Whether none completed."""
        return not self.accuracies

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.accuracies) + self.diverged


@dataclass(frozen=True, slots=True)
class Combinations:
    """Everything that was trained for a trade-off."""

    groups: tuple[tuple[str, ...], ...]
    """Factors that are changed together; the order of a cell's signs."""
    cells: Mapping[Cell, CellRuns]
    """The runs of each cell, the winner's first: those of the confirmation."""
    alone: Mapping[str, CellRuns] = field(default_factory=dict)
    """By the group's name: the winner with this group alone reverted, where it was trained apart
    from the fraction."""
    replicates: Sequence[Sequence[float]] = ()
    """Accuracies of the confirmation's other recipes, each over its seeds: they say how far runs
    of one recipe spread."""
    spread: SeedSpread | None = None
    """Over seeds, as other runs of the search showed it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the groups."""
        return tuple(JOINT.join(group) for group in self.groups)

    @property
    def lost(self) -> tuple[Cell, ...]:
        """Cells of which no run completed."""
        return tuple(cell for cell, runs in self.cells.items() if runs.lost)

    @property
    def culprits(self) -> tuple[int, ...]:
        """Positions of the fewest groups of which every lost cell has one reverted. Among several
        such sets: the one whose cells are lost most often."""
        lost = self.lost
        for size in range(len(self.groups) + 1):
            sets = [s for s in combinations(range(len(self.groups)), size) if _explains(s, lost)]
            if sets:
                return max(sets, key=self._share_lost)
        raise AssertionError("the winner's cell has runs")

    @property
    def kept(self) -> tuple[Cell, ...]:
        """The cells in which no culprit is reverted: none of them is lost."""
        return tuple(c for c in self.cells if all(c[place] > 0 for place in self.culprits))

    @property
    def open(self) -> tuple[str, ...]:
        """Names of the groups whose worth over both orders the kept cells leave open: they must be
        reverted alone."""
        culprits = self.culprits
        others = [place for place in range(len(self.groups)) if place not in culprits]
        if not others:
            return self.names
        told = estimable([tuple(c[place] for place in others) for c in self.kept])
        known = {place for place, tells in zip(others, told, strict=True) if tells}
        return tuple(name for place, name in enumerate(self.names) if place not in known)

    def _share_lost(self, places: tuple[int, ...]) -> float:
        with_one = [c for c in self.cells if any(c[place] < 0 for place in places)]
        return len(self.lost) / max(len(with_one), 1)


def _explains(places: tuple[int, ...], lost: Sequence[Cell]) -> bool:
    return all(any(cell[place] < 0 for place in places) for cell in lost)
