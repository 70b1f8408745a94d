"""The trade-off: what each change of regularization is worth, by retraining.

Under the winner's schedule and length, combinations of the baseline's and the winner's values are
trained (`fraction`), each with a seed of its own. Every run thereby counts for every factor. A
change is worth one thing as the first change and another as the last one, where factors act
together; what is said of it is the mean of the two, which is its Shapley value as far as factors
act in pairs. Limits hold for all factors at once (`estimate`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import DEFAULT_SPACE
from autosuperconv.core.stats import resolution_of
from autosuperconv.core.tradeoff import notes
from autosuperconv.core.tradeoff.combinations import CellRuns, Combinations
from autosuperconv.core.tradeoff.estimate import (
    MEAN_ALPHA,
    MORE_ALPHA,
    Estimates,
    Noise,
    estimate,
    half_width_alone,
    narrowly,
    pooled_noise,
)
from autosuperconv.core.tradeoff.factors import (
    FACTORS,
    changed_factors,
    factor_name,
    factor_value,
    revert,
    with_values,
)
from autosuperconv.core.tradeoff.fraction import Cell, at_most_five, distinct_runs, fraction
from autosuperconv.core.tradeoff.types import Effect, Tradeoff, Worth
from autosuperconv.core.tradeoff.words import all_give_way, is_raised, price_sentence

__all__ = [
    "FACTORS",
    "Cell",
    "CellRuns",
    "Combinations",
    "Effect",
    "Tradeoff",
    "Worth",
    "changed_factors",
    "distinct_runs",
    "factor_name",
    "fraction",
    "grouped",
    "hanging",
    "name_tradeoff",
    "recipe_in_cell",
    "revert",
    "unchanged_factors",
    "with_values",
]


def grouped(changed: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The factors as they are changed: each on its own up to five, else the last ones together.
    Those that are searched by default go first, because they usually matter most."""
    return at_most_five(sorted(changed, key=lambda factor: factor not in DEFAULT_SPACE))


def unchanged_factors(winner: Recipe, baseline: Recipe) -> tuple[str, ...]:
    """The factors in which the two agree."""
    changed = changed_factors(winner, baseline)
    return tuple(factor for factor in FACTORS if factor not in changed)


def recipe_in_cell(
    cell: Cell, groups: Sequence[Sequence[str]], winner: Recipe, baseline: Recipe
) -> Recipe:
    """The winner with the groups of sign -1 at the baseline's values."""
    reverted = [group for group, sign in zip(groups, cell, strict=True) if sign < 0]
    return with_values(winner, baseline, [factor for group in reverted for factor in group])


def name_tradeoff(
    winner: Recipe,
    baseline: Recipe,
    runs: Combinations,
    highest: tuple[float, float] | None = None,
) -> Tradeoff:
    """Effects and sentences from the runs of the combinations.

    Args:
        highest: learning rate that the winner's and the baseline's runs had; None: their max_lr.
    """
    noise = _noise(runs)
    found = _estimates(runs, noise)
    noise = noise if found is None else found.noise
    effects = []
    for place, (name, group) in enumerate(zip(runs.names, runs.groups, strict=True)):
        mean, last = _from_cells(runs, found, place)
        effect = Effect(name, _values(winner, group), _values(baseline, group), mean, last)
        if name in runs.alone:
            effect = _with_own_runs(effect, runs, noise)
        effects.append(effect)
    effects.sort(key=lambda effect: (-_size(effect), effect.factor))
    spread = math.sqrt(float(noise.variance)) if effects and float(noise.degrees) else None
    return Tradeoff(
        effects=tuple(effects),
        unchanged=unchanged_factors(winner, baseline),
        sentence=price_sentence(
            winner, baseline, effects, highest or (winner.max_lr, baseline.max_lr)
        ),
        notes=notes.all_notes(runs, effects, spread),
        spread=spread,
        runs=sum(cell.count for signs, cell in runs.cells.items() if -1 in signs)
        + sum(own.count for own in runs.alone.values()),
    )


def hanging(
    winner: Recipe, baseline: Recipe, found: Tradeoff, lr_of_runs: tuple[float, float]
) -> str | None:
    """The factor on which the sentence hangs, so that it deserves more seeds; None where there is
    none.

    The learning rate rose, nothing is said to have given way for it, and of the regularization that
    did the factor worth most is the one, if its limits include zero narrowly.
    """
    ways = [e for e in found.effects if all_give_way(winner, baseline, e)]
    if not is_raised(winner, baseline, lr_of_runs) or any(e.clearly_gains for e in ways):
        return None
    known = [(w.difference, w.highest, e.factor) for e in ways if (w := e.mean) and not e.alone]
    if not known:
        return None
    difference, highest, factor = max(known)
    half = highest - difference  # nothing where no spread is known
    return factor if half > 0 and narrowly(difference, half) else None


def _noise(runs: Combinations) -> Noise:
    """From replicate runs; no smaller than rounding alone makes it: three equal accuracies are no
    proof of a spread of nothing."""
    own = next(iter(runs.cells.values())).accuracies
    groups = [own, *(group for group in runs.replicates if group)]
    known = runs.spread
    noise = pooled_noise(groups, (known.sd, known.degrees) if known is not None else None)
    every = [a for cell in runs.cells.values() for a in cell.accuracies]
    rounding = resolution_of(every) ** 2 / 12
    return replace(noise, variance=np.maximum(noise.variance, rounding))


def _estimates(runs: Combinations, noise: Noise) -> Estimates | None:
    """From the cells in which no culprit is reverted, of the other factors."""
    kept, culprits = runs.kept, runs.culprits
    others = [place for place in range(len(runs.groups)) if place not in culprits]
    if len(kept) < 2 or not others:
        return None
    cells = [tuple(cell[place] for place in others) for cell in kept]
    return estimate(cells, [runs.cells[cell].accuracies for cell in kept], noise)


def _from_cells(
    runs: Combinations, found: Estimates | None, place: int
) -> tuple[Worth | None, Worth | None]:
    """A group's worth over both orders and as the last change, where the cells tell."""
    if found is None or place in runs.culprits:
        return None, None
    column = place - sum(culprit < place for culprit in runs.culprits)
    mean = _worth(float(found.mean[column]), float(found.mean_half[column]))
    return mean, _worth(float(found.last[column]), float(found.last_half[column]))


def _with_own_runs(effect: Effect, runs: Combinations, noise: Noise) -> Effect:
    """With the worth as the last change from runs in which the factor alone is reverted."""
    own = runs.alone[effect.factor]
    effect = replace(effect, alone=own.count, diverged=own.diverged)
    if own.lost:
        return replace(effect, last=None)
    won = next(iter(runs.cells.values())).accuracies
    instead = effect.mean is None  # of the worth over both orders: one statement for each factor
    factors = len(runs.groups)
    half = half_width_alone(
        (len(won), len(own.accuracies)),
        noise,
        factors if instead else 1,
        MEAN_ALPHA[factors] if instead else MORE_ALPHA,
    )
    difference = float(np.mean(won) - np.mean(own.accuracies))
    return replace(effect, last=_worth(difference, float(half)))


def _worth(difference: float, half: float) -> Worth | None:
    if math.isnan(difference):
        return None
    if not math.isfinite(half):
        return Worth(difference, None, None)
    return Worth(difference, difference - half, difference + half)


def _size(effect: Effect) -> float:
    if effect.always_diverged:
        return math.inf
    return 0.0 if effect.worth is None else abs(effect.worth.difference)


def _values(recipe: Recipe, group: Sequence[str]) -> str:
    return ", ".join(factor_value(recipe, factor) for factor in group)
