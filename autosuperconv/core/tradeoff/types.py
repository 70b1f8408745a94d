"""What the trade-off is made of: contrasts of paired runs. Import these from `core.tradeoff`."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of accuracies, paired by seed.

    Args:
        points: its mean, in points.
        low, high: its 95 % confidence interval in points; None for a single pair.
        separable: zero lies outside the interval.
        diverged: runs that diverged where the change was made, of `runs`.
        runs: paired seeds.
    """

    points: float
    low: float | None
    high: float | None
    separable: bool
    diverged: int
    runs: int


@dataclass(frozen=True, slots=True)
class Effect:
    """Putting one factor of the winner back to the baseline's value.

    Args:
        factor: the recipe field, or "momentum" for the momentum range.
        winner_value, baseline_value: as texts, e.g. "1e-4" and "2e-3".
        points: mean accuracy with the factor put back, minus the winner's, in points (paired
            by seed): negative means that the change away from the baseline was worth it.
        low, high: its 95 % confidence interval in points; None for a single pair.
        separable: zero lies outside the interval.
        diverged: runs that diverged with the factor put back, of `runs`.
        runs: paired seeds.
        forward: the other end: this change alone, made from the baseline's values under the
            winner's schedule and length; positive means that it gains. None: not trained.
        order: what the change is worth as the last one, less its worth as the first: not zero
            where it acts together with the others.
    """

    factor: str
    winner_value: str
    baseline_value: str
    points: float
    low: float | None
    high: float | None
    separable: bool
    diverged: int
    runs: int
    forward: Contrast | None = None
    order: Contrast | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The Shapley value of a group of factors: its worth, averaged over all orders."""

    factors: tuple[str, ...]
    worth: Contrast


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """All effects, the largest first, and the sentence that names the trade.

    Args:
        unchanged: factors in which winner and baseline agree, so nothing was retrained.
        start: the winner's schedule and length with every factor at the baseline's value: where
            the forward half begins. start_accuracy: its mean over the seeds, fraction of 1.
        total: the winner less the start: what all changes are worth together.
        shares: Shapley values, which add up to `total`; empty where they were not asked for.
        order_sentence: the forward half and the order effects in words; "" without them.
    """

    effects: tuple[Effect, ...]
    unchanged: tuple[str, ...]
    sentence: str
    start: Recipe | None = None
    start_accuracy: float | None = None
    total: Contrast | None = None
    shares: tuple[Share, ...] = ()
    order_sentence: str = ""
