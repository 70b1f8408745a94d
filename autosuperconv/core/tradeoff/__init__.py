"""The trade-off: what each change of regularization is worth, by retraining.

From both ends. Backward: each factor of the winner is put back to the baseline's value alone.
Forward: from the baseline's values, under the winner's schedule and length, each factor alone is
set to the winner's value. So a change is measured as the last one and as the first one; where
factors act together, the two differ and the effects do not add up. The intervals are per factor
at 95 %, not for all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats import mean_interval, resolution_of
from autosuperconv.core.tradeoff.factors import (
    FACTORS,
    factor_name,
    put_back,
    value_text,
    with_values,
)
from autosuperconv.core.tradeoff.shapley import shapley_values, subsets
from autosuperconv.core.tradeoff.types import Contrast, Effect, Share, Tradeoff
from autosuperconv.core.tradeoff.words import order_sentence, price_sentence
from autosuperconv.errors import InvalidInput

__all__ = [
    "FACTORS",
    "Contrast",
    "Effect",
    "Forward",
    "Share",
    "Tradeoff",
    "contrast",
    "factor_name",
    "name_tradeoff",
    "put_back",
    "shapley_shares",
    "start_of",
    "with_values",
]

CONFIDENCE = 0.95
BySeed = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Forward:
    """The runs of the forward half: final accuracy by seed.

    Args:
        start: of the winner's schedule and length with every factor at the baseline's value.
        accuracy: by the factor that alone has the winner's value.
        diverged: by factor, the seeds that diverged (their accuracy is chance).
    """

    start: BySeed
    accuracy: Mapping[str, BySeed]
    diverged: Mapping[str, Sequence[int]] = field(default_factory=dict)


def start_of(winner: Recipe, baseline: Recipe) -> Recipe:
    """The winner with every factor at the baseline's value: where the forward half begins."""
    return with_values(winner, baseline, FACTORS)


def name_tradeoff(
    winner: Recipe,
    baseline: Recipe,
    winner_accuracy: BySeed,
    counterfactual_accuracy: Mapping[str, BySeed],
    diverged: Mapping[str, Sequence[int]] | None = None,
    forward: Forward | None = None,
) -> Tradeoff:
    """Effects and sentences from paired runs.

    Args:
        winner_accuracy: final accuracy by seed.
        counterfactual_accuracy: by factor, then by seed.
        diverged: by factor, the seeds that diverged (their accuracy is chance).
        forward: the other half; None where it was not trained.

    Raises:
        InvalidInput: a factor in which the two agree was put back, or it shares no seed with
            the runs that it is compared with.
        UnknownName: no such factor.
    """
    lost = diverged or {}
    effects = [
        _effect(winner, baseline, factor, winner_accuracy, accuracy, lost.get(factor, ()))
        for factor, accuracy in counterfactual_accuracy.items()
    ]
    effects.sort(key=lambda effect: (-abs(effect.points), effect.factor))
    unchanged = tuple(f for f in FACTORS if put_back(winner, baseline, f) is None)
    unmeasured = [f for f in FACTORS if f not in unchanged and f not in counterfactual_accuracy]
    sentence = price_sentence(winner, baseline, effects, unmeasured)
    found = Tradeoff(tuple(effects), unchanged, sentence)
    if forward is None:
        return found
    start = start_of(winner, baseline)
    return _with_forward(found, forward, start, winner_accuracy, counterfactual_accuracy)


def shapley_shares(
    accuracy: Mapping[frozenset[str], BySeed], groups: Mapping[str, tuple[str, ...]]
) -> tuple[Share, ...]:
    """Shapley values of groups of factors, one a seed, then their mean and interval.

    Args:
        accuracy: by the set of groups at the winner's values, then by seed; every set.
        groups: name -> the factors in it.

    Raises:
        InvalidInput: too many groups, a set is missing, or no seed is common to all.
    """
    names = list(groups)
    wanted = [accuracy[s] for s in subsets(names) if s in accuracy]
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in wanted))) if wanted else []
    if not seeds:
        raise InvalidInput("Shapley values need a seed that every run has, but there is none.")
    by_seed = [shapley_values({s: a[i] for s, a in accuracy.items()}, names) for i in seeds]
    shares = [
        Share(factors, _summarised([100 * values[name] for values in by_seed], 0))
        for name, factors in groups.items()
    ]
    return tuple(sorted(shares, key=lambda share: -abs(share.worth.points)))


def contrast(after: BySeed, before: BySeed, diverged: Sequence[int], what: str) -> Contrast:
    """Accuracy after a change less that before it, paired by seed.

    Raises:
        InvalidInput: no seed in common.
    """
    seeds = sorted(after.keys() & before.keys())
    if not seeds:
        ours, theirs = sorted(before), sorted(after)
        raise InvalidInput(f"{what}: no seed in common to pair, but {ours} and {theirs}.")
    differences = [100 * (after[seed] - before[seed]) for seed in seeds]
    step = 100 * resolution_of((*after.values(), *before.values()))
    return _summarised(differences, len(set(diverged) & set(seeds)), step)


def _summarised(differences: Sequence[float], diverged: int, resolution: float = 0.0) -> Contrast:
    runs = len(differences)
    if runs == 1:
        return Contrast(differences[0], None, None, False, diverged, 1)
    interval = mean_interval(differences, CONFIDENCE, resolution)
    separable = interval.low > 0 or interval.high < 0
    return Contrast(interval.mean, interval.low, interval.high, separable, diverged, runs)


def _effect(
    winner: Recipe,
    baseline: Recipe,
    factor: str,
    winner_accuracy: BySeed,
    accuracy: BySeed,
    diverged: Sequence[int],
) -> Effect:
    if put_back(winner, baseline, factor) is None:
        raise InvalidInput(
            f"{factor} was put back, but winner and baseline agree in it: "
            f"both have {value_text(winner, factor)}."
        )
    found = contrast(accuracy, winner_accuracy, diverged, factor)
    return Effect(
        factor=factor,
        winner_value=value_text(winner, factor),
        baseline_value=value_text(baseline, factor),
        points=found.points,
        low=found.low,
        high=found.high,
        separable=found.separable,
        diverged=found.diverged,
        runs=found.runs,
    )


def _with_forward(
    found: Tradeoff,
    forward: Forward,
    start: Recipe,
    winner_accuracy: BySeed,
    counterfactual_accuracy: Mapping[str, BySeed],
) -> Tradeoff:
    effects = tuple(
        _both_ends(effect, forward, winner_accuracy, counterfactual_accuracy[effect.factor])
        for effect in found.effects
    )
    mean = fmean(forward.start.values())
    return replace(
        found,
        effects=effects,
        start=start,
        start_accuracy=mean,
        total=contrast(winner_accuracy, forward.start, (), "all factors"),
        order_sentence=order_sentence(effects, mean),
    )


def _both_ends(effect: Effect, forward: Forward, winner: BySeed, put_back_: BySeed) -> Effect:
    """The effect with its forward end, where that was trained."""
    alone = forward.accuracy.get(effect.factor)
    if alone is None:
        return effect
    lost = forward.diverged.get(effect.factor, ())
    first = contrast(alone, forward.start, lost, f"{effect.factor} alone")
    seeds = winner.keys() & put_back_.keys() & alone.keys() & forward.start.keys()
    last_less_first = {s: (winner[s] - put_back_[s]) - (alone[s] - forward.start[s]) for s in seeds}
    zero = dict.fromkeys(seeds, 0.0)
    order = contrast(last_less_first, zero, (), f"order of {effect.factor}")
    return replace(effect, forward=first, order=order)
