"""The margin: by how much a candidate may fall short and still count as accurate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autosuperconv.core import format as fmt
from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.stats.spread import pooled_sd
from autosuperconv.core.verdict.comparison import Bound
from autosuperconv.core.verdict.evidence import Evidence
from autosuperconv.core.verdict.runs import final, sound
from autosuperconv.core.verdict.types import SMALLEST_MARGIN, Criterion, RunCurve

TWO_RUNS = math.sqrt(2)
"""Times the sd over seeds: what two runs of one and the same recipe typically differ by."""
SINGLE_RUN = 0.003
"""Assumed, because one run a side leaves no spread to measure."""


@dataclass(frozen=True, slots=True)
class Margin:
    """The margin, and where it comes from.

    Args:
        value: a fraction of 1.
        error: its standard error, where it was estimated from the runs that are judged by it.
        rule: in words.
    """

    value: float
    error: float
    rule: str

    @property
    def bound(self) -> Bound:
        """What the difference in accuracy must be above."""
        return Bound(-self.value, self.error)


def margin_by_rule(groups: Sequence[Sequence[float]]) -> tuple[float, SeedSpread]:
    """The margin and the spread behind it: the larger of 0.2 points and sqrt(2) x the pooled sd.

    Args:
        groups: final accuracies of the runs of one recipe each, all on one split.
    """
    kept = [group for group in groups if len(group) > 1]
    sd = float(pooled_sd(*kept)) if kept else 0.0
    spread = SeedSpread(sd, sum(len(group) - 1 for group in kept))
    return max(SMALLEST_MARGIN, TWO_RUNS * sd), spread


def rule_in_words(margin: float, spread: SeedSpread) -> str:
    """Which half of the rule made the margin."""
    rule = f"sqrt(2) x the sd over seeds, {fmt.size_in_points(spread.sd)} points"
    return f"the smallest, more than {rule}" if margin <= SMALLEST_MARGIN else rule


def margin_for(
    sides: Sequence[Sequence[RunCurve]], criterion: Criterion, evidence: Evidence
) -> Margin:
    """The requested one, else the frozen one, else by the rule from the sound runs of the sides."""
    if criterion.margin is not None:
        return Margin(criterion.margin, 0.0, "as requested")
    if evidence.margin is not None:
        return Margin(evidence.margin, 0.0, evidence.margin_rule or "frozen before these runs")
    margin, spread = margin_by_rule([list(map(final, sound(side))) for side in sides])
    if min(map(len, sides)) == 1 and margin < SINGLE_RUN:
        return Margin(SINGLE_RUN, 0.0, "assumed for single runs")
    error = margin / math.sqrt(2 * spread.degrees) if margin > SMALLEST_MARGIN else 0.0
    return Margin(margin, error, rule_in_words(margin, spread))
