"""What the trade-off is made of. Import these from `core.tradeoff`."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats import Contrast


@dataclass(frozen=True, slots=True)
class Effect:
    """What changing one factor from the baseline's value to the winner's is worth.

    Args:
        factor: the recipe field, or "momentum" for the momentum range.
        winner_value: as a text, e.g. "1e-4".
        baseline_value: as a text, e.g. "2e-3".
        last: its worth as the last change, the winner less the winner with the factor reverted;
            positive means that the change is worth it.
        first: its worth as the first change, made alone from the baseline's values under the
            winner's schedule and length; None where that was not trained.
        order: `last` less `first`: not zero where the factor acts together with the others.
    """

    factor: str
    winner_value: str
    baseline_value: str
    last: Contrast
    first: Contrast | None = None
    order: Contrast | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The Shapley value of a group of factors: its worth, averaged over all orders."""

    factors: tuple[str, ...]
    worth: Contrast


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """All effects, the largest first, and the sentence that names the trade-off.

    Args:
        effects: one per changed factor that was ablated.
        unchanged: factors in which winner and baseline agree, so nothing was retrained.
        sentence: what had to give way for a higher max_lr.
        start: the winner's schedule and length with every factor at the baseline's value: where
            the forward half begins.
        start_accuracy: its mean over the seeds, fraction of 1.
        total: the winner less the start: what all changes are worth together.
        shares: Shapley values, which add up to `total`; empty where they were not requested.
        order_sentence: the forward half and the order effects in words; empty without them.
    """

    effects: tuple[Effect, ...]
    unchanged: tuple[str, ...]
    sentence: str
    start: Recipe | None = None
    start_accuracy: float | None = None
    total: Contrast | None = None
    shares: tuple[Share, ...] = ()
    order_sentence: str = ""
