"""The trade-off: what each change of regularization is worth, by retraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autosuperconv.core.recipe import Recipe


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


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """All effects, the largest first, and the sentence that names the trade.

    Args:
        unchanged: factors in which winner and baseline agree, so nothing was retrained.
    """

    effects: tuple[Effect, ...]
    unchanged: tuple[str, ...]
    sentence: str


FACTORS: dict[str, tuple[str, ...]] = {
    "batch_size": ("batch_size",),
    "dropout": ("dropout",),
    "label_smoothing": ("label_smoothing",),
    "max_lr": ("max_lr",),
    "momentum": ("max_momentum", "base_momentum"),
    "weight_decay": ("weight_decay",),
}


def put_back(winner: Recipe, baseline: Recipe, factor: str) -> Recipe | None:
    """The winner with one factor at the baseline's value; None where they agree in it."""
    raise NotImplementedError


def name_tradeoff(
    winner: Recipe,
    baseline: Recipe,
    winner_accuracy: Mapping[int, float],
    counterfactual_accuracy: Mapping[str, Mapping[int, float]],
    diverged: Mapping[str, Sequence[int]] | None = None,
) -> Tradeoff:
    """Effects and sentence from paired runs.

    Args:
        winner_accuracy: final accuracy by seed.
        counterfactual_accuracy: by factor, then by seed.
        diverged: by factor, the seeds that diverged (their accuracy is chance).
    """
    raise NotImplementedError
