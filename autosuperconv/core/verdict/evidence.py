"""What a search knows besides the runs that are judged. Import it from `core.verdict`."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.verdict.looks import Looks


@dataclass(frozen=True, slots=True)
class Evidence:
    """Knowledge from outside of the runs that are judged.

    Args:
        spread: over seeds on the test split, from runs outside of the confirmation; None: each
            side's own spread is all there is.
        margin: frozen before the confirmation, a fraction of 1; None: by the rule, from the runs
            that are judged. A margin that the criterion requests comes before either.
        margin_rule: how it came about, in words.
        looks: planned; None: one look at all the runs there are.
        chance: that some recipe reaches the target at the lowest rung, by the study's model; None
            where there was no search.
        level_runs: baseline runs, the first ones, whose cost to level set the lengths of the rungs;
            None: all of them tell T_B.
    """

    spread: SeedSpread | None = None
    margin: float | None = None
    margin_rule: str = ""
    looks: Looks | None = None
    chance: float | None = None
    level_runs: int | None = None
