"""The trade-off: what each change of regularization is worth, by retraining.

From both ends. Backward: each factor of the winner is reverted to the baseline's value alone.
Forward: from the baseline's values, under the winner's schedule and length, each factor alone is
set to the winner's value. So a change is measured as the last one and as the first one; where
factors act together, the two differ and the effects do not add up. The intervals are per factor
at 95 %, not for all of them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats import Contrast, paired_contrast, resolution_of
from autosuperconv.core.tradeoff.factors import (
    FACTORS,
    changed_factors,
    factor_name,
    factor_value,
    revert,
    start_of,
    with_values,
)
from autosuperconv.core.tradeoff.shapley import shapley_values, subsets
from autosuperconv.core.tradeoff.types import Effect, Share, Tradeoff
from autosuperconv.core.tradeoff.words import order_sentence, price_sentence
from autosuperconv.errors import InvalidInput

__all__ = [
    "FACTORS",
    "Effect",
    "Forward",
    "Share",
    "Tradeoff",
    "changed_factors",
    "compare_by_seed",
    "factor_name",
    "name_tradeoff",
    "revert",
    "shapley_shares",
    "start_of",
    "with_values",
]

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


def name_tradeoff(
    winner: Recipe,
    baseline: Recipe,
    winner_accuracy: BySeed,
    reverted: Mapping[str, BySeed],
    diverged: Mapping[str, Sequence[int]] | None = None,
    forward: Forward | None = None,
    highest: tuple[float, float] | None = None,
) -> Tradeoff:
    """Effects and sentences from paired runs.

    Args:
        winner_accuracy: final accuracy by seed.
        reverted: the same by the factor that was reverted.
        diverged: by reverted factor, the seeds that diverged (their accuracy is chance).
        forward: the other half; None where it was not trained.
        highest: learning rate that the winner's and the baseline's runs had; None: their max_lr.

    Raises:
        InvalidInput: a factor in which the two agree was reverted, or it shares no seed with
            the runs that it is compared with.
        UnknownName: no such factor.
    """
    effects = []
    for factor, accuracy in reverted.items():
        lost = (diverged or {}).get(factor, ())
        last = compare_by_seed(winner_accuracy, accuracy, lost, factor)
        effect = _effect(winner, baseline, factor, last)
        if forward is not None:
            effect = _both_ends(effect, forward, winner_accuracy, accuracy, lost)
        effects.append(effect)
    effects.sort(key=lambda effect: (-abs(effect.last.difference), effect.factor))
    changed = changed_factors(winner, baseline)
    unchanged = tuple(factor for factor in FACTORS if factor not in changed)
    unmeasured = [factor for factor in changed if factor not in reverted]
    rates = highest or (winner.max_lr, baseline.max_lr)
    sentence = price_sentence(winner, baseline, effects, unmeasured, rates)
    found = Tradeoff(tuple(effects), unchanged, sentence)
    if forward is None:
        return found
    mean = fmean(forward.start.values())
    return replace(
        found,
        start=start_of(winner, baseline),
        start_accuracy=mean,
        total=compare_by_seed(winner_accuracy, forward.start, (), "all factors"),
        order_sentence=order_sentence(effects, mean),
    )


def shapley_shares(
    accuracy: Mapping[frozenset[str], BySeed],
    groups: Mapping[str, tuple[str, ...]],
    diverged: Collection[int] = (),
) -> tuple[Share, ...]:
    """Shapley values of groups of factors, one per seed, then their mean and interval.

    Args:
        accuracy: by the set of groups at the winner's values, then by seed; every set.
        groups: name -> the factors in it.
        diverged: seeds of which a run diverged.

    Raises:
        InvalidInput: too many groups, a set is missing, or no seed is common to all.
    """
    names = list(groups)
    needed = [accuracy[s] for s in subsets(names) if s in accuracy]
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in needed))) if needed else []
    if not seeds:
        raise InvalidInput("Shapley values need a seed that every run has, but there is none.")
    by_seed = {i: shapley_values({s: a[i] for s, a in accuracy.items()}, names) for i in seeds}
    shares = [
        Share(factors, sound_contrast({i: v[name] for i, v in by_seed.items()}, diverged))
        for name, factors in groups.items()
    ]
    return tuple(sorted(shares, key=lambda share: -abs(share.worth.difference)))


def compare_by_seed(after: BySeed, before: BySeed, diverged: Sequence[int], what: str) -> Contrast:
    """Accuracy after a change less that before it, paired by seed.

    Args:
        diverged: seeds that diverged, on either side.
        what: was changed, for the message.

    Raises:
        InvalidInput: no seed in common.
    """
    seeds = sorted(after.keys() & before.keys())
    if not seeds:
        raise InvalidInput(
            f"{what}: no seed in common to pair, but {sorted(after)} and {sorted(before)}."
        )
    step = resolution_of((*after.values(), *before.values()))
    return sound_contrast({s: after[s] - before[s] for s in seeds}, diverged, step)


def sound_contrast(differences: BySeed, diverged: Collection[int], step: float = 0.0) -> Contrast:
    """Over the seeds of which no run diverged; where there is none, over all.

    Args:
        differences: by seed.
        diverged: seeds of which a run diverged.
        step: of the scale on which accuracy was measured.
    """
    sound = [d for seed, d in differences.items() if seed not in diverged]
    if sound:
        return paired_contrast(sound, resolution=step, diverged=len(differences) - len(sound))
    n = len(differences)
    return replace(paired_contrast(list(differences.values()), resolution=step), diverged=n)


def _effect(winner: Recipe, baseline: Recipe, factor: str, last: Contrast) -> Effect:
    if revert(winner, baseline, factor) is None:
        raise InvalidInput(
            f"{factor} was reverted, but winner and baseline agree in it: "
            f"both have {factor_value(winner, factor)}."
        )
    return Effect(factor, factor_value(winner, factor), factor_value(baseline, factor), last)


def _both_ends(
    effect: Effect,
    forward: Forward,
    winner: BySeed,
    reverted: BySeed,
    lost_at_the_end: Sequence[int],
) -> Effect:
    """The effect with its forward end, where that was trained.

    Args:
        lost_at_the_end: seeds that diverged when the factor was reverted.
    """
    alone = forward.accuracy.get(effect.factor)
    if alone is None:
        return effect
    lost = forward.diverged.get(effect.factor, ())
    first = compare_by_seed(alone, forward.start, lost, f"{effect.factor} alone")
    lost = (*lost, *lost_at_the_end)
    seeds = winner.keys() & reverted.keys() & alone.keys() & forward.start.keys()
    last_less_first = {s: (winner[s] - reverted[s]) - (alone[s] - forward.start[s]) for s in seeds}
    zero = dict.fromkeys(seeds, 0.0)
    order = compare_by_seed(last_less_first, zero, lost, f"order of {effect.factor}")
    return replace(effect, first=first, order=order)
