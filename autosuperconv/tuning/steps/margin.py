"""The margin of the verdict, frozen before the confirmation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.trace import Trace
from autosuperconv.core.verdict import Criterion
from autosuperconv.core.verdict.margin import margin_by_rule, rule_in_words


@dataclass(frozen=True, slots=True)
class FrozenMargin:
    """By how much a cycle may fall short of the baseline.

    Args:
        size: fraction of 1.
        rule: where it comes from, in words.
        spread: over seeds on the test split, of runs that the verdict does not judge.
        sd: over seeds on the test split, of all these runs, fraction of 1.
    """

    size: float
    rule: str
    spread: SeedSpread
    sd: float


def freeze_margin(
    criterion: Criterion,
    baseline: Iterable[Trace],
    asked: Iterable[Trace] = (),
    ends: Sequence[float] = (),
) -> FrozenMargin:
    """The user's margin, or that of the rule.

    Only the spread between seeds of one recipe is read of the sealed accuracies, never their level.

    Args:
        criterion: holds the user's margin, if there is one.
        baseline: its sealed runs, which the verdict judges, too.
        asked: sealed runs of other recipes; those of one recipe with different seeds tell of the
            spread.
        ends: final accuracies of recorded runs of one recipe, fractions of 1.
    """
    others = sealed_groups(asked)
    size, spread = margin_by_rule([*sealed_groups(baseline), *others, list(ends)])
    _, outside = margin_by_rule(others)
    if criterion.margin is not None:
        return FrozenMargin(criterion.margin, "as requested", outside, spread.sd)
    return FrozenMargin(size, rule_in_words(size, spread), outside, spread.sd)


def sealed_groups(traces: Iterable[Trace]) -> list[list[float]]:
    """Sealed accuracies of the runs that completed, by recipe."""
    groups: dict[Recipe, dict[int, float]] = defaultdict(dict)
    for trace in traces:
        if trace.completed and trace.sealed is not None:
            recipe = trace.recipe
            groups[replace(recipe, seed=0)][recipe.seed] = trace.sealed.accuracy
    return [list(group.values()) for group in groups.values()]
