"""The ablation: what each change is worth, retrained with the confirmation's seeds and test set.

Backward: the winner with one factor at a time reverted to the baseline's value. Forward: the
winner's schedule and length with every factor at the baseline's value, and from there one factor at
a time at the winner's. Shapley values take the subsets in between as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.core.tradeoff import (
    Forward,
    Share,
    Tradeoff,
    changed_factors,
    name_tradeoff,
    shapley_shares,
    start_of,
    with_values,
)
from autosuperconv.core.tradeoff.factors import factor_name
from autosuperconv.core.tradeoff.shapley import MOST_GROUPS, subsets
from autosuperconv.tuning.steps.confirmation import Confirmation, by_seed, seeds, sound_by_seed
from autosuperconv.tuning.store.session import Session


def ablate(
    session: Session,
    confirmation: Confirmation,
    winner: Recipe,
    baseline: Recipe,
    *,
    shapley: bool = False,
) -> Tradeoff:
    """Retrain both halves with the confirmation's seeds.

    Args:
        session: the search.
        confirmation: gives the winner's own runs.
        winner: the selected recipe.
        baseline: the tuned standard schedule.
        shapley: retrain every subset of the changed factors as well.
    """
    n, candidate = len(confirmation.candidate), sound_by_seed(confirmation.candidate)
    changed = changed_factors(winner, baseline)
    start = start_of(winner, baseline)
    session.start(Step.ABLATION, distinct_runs(len(changed), n, shapley=shapley))
    back = {f"reverted:{f}": with_values(winner, baseline, [f]) for f in changed}
    alone = {f"forward:{f}": with_values(start, winner, [f]) for f in changed}
    first = {"forward:none": start} if changed else {}
    traces = _train(session, {**back, **first, **alone}, n)
    result = name_tradeoff(
        winner,
        baseline,
        candidate,
        {f: by_seed(traces[f"reverted:{f}"]) for f in changed},
        {f: _incomplete(traces[f"reverted:{f}"]) for f in changed},
        _forward(traces, changed) if changed else None,
        (_highest(confirmation.candidate, winner), _highest(confirmation.baseline, baseline)),
    )
    if shapley and changed:
        groups = grouped([effect.factor for effect in result.effects])
        shares = _shares(session, groups, winner, start, candidate, n)
        result = replace(result, shares=shares)
    sentences = (result.sentence, result.order_sentence)
    session.finish(Step.ABLATION, " ".join(s for s in sentences if s))
    return result


def _forward(traces: Mapping[str, Sequence[Trace]], changed: Sequence[str]) -> Forward:
    return Forward(
        sound_by_seed(traces["forward:none"]),
        {f: by_seed(traces[f"forward:{f}"]) for f in changed},
        {f: _incomplete(traces[f"forward:{f}"]) for f in changed},
    )


def _highest(traces: Sequence[Trace], recipe: Recipe) -> float:
    return max((trace.highest_lr for trace in traces), default=recipe.max_lr)


def _incomplete(traces: Sequence[Trace]) -> list[int]:
    return [trace.recipe.seed for trace in traces if not trace.completed]


def distinct_runs(factors: int, seeds: int, *, shapley: bool = False) -> int:
    """Number of runs of both halves; with Shapley values, those of the subsets between them too.
    With one or two factors the two halves share runs."""
    runs = {0: 0, 1: 2, 2: 3}.get(factors, 2 * factors + 1)
    if shapley and factors:
        groups = min(factors, MOST_GROUPS)
        joined = factors > MOST_GROUPS  # the last group is then of several factors: two new ends
        runs += max(2**groups - 2 - 2 * groups, 0) + 2 * joined
    return runs * seeds


def grouped(factors: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """At most four groups: the first factors on their own, the last ones together."""
    own = list(factors) if len(factors) <= MOST_GROUPS else list(factors[: MOST_GROUPS - 1])
    rest = tuple(factors[len(own) :])
    groups = {factor: (factor,) for factor in own}
    return groups | ({"+".join(rest): rest} if rest else {})


def _shares(
    session: Session,
    groups: Mapping[str, tuple[str, ...]],
    winner: Recipe,
    start: Recipe,
    candidate: Mapping[int, float],
    n: int,
) -> tuple[Share, ...]:
    """Shapley values; the run store already holds the runs of the two halves."""
    named = {frozenset(s): _recipe_of(s, groups, winner, start) for s in subsets(list(groups))}
    del named[frozenset(groups)]
    roles = {f"shapley:{'+'.join(sorted(s)) or 'none'}": s for s in named}
    traces = _train(session, {role: named[s] for role, s in roles.items()}, n)
    accuracy = {s: by_seed(traces[role]) for role, s in roles.items()}
    lost = {seed for own in traces.values() for seed in _incomplete(own)}
    return shapley_shares({**accuracy, frozenset(groups): candidate}, groups, lost)


def _recipe_of(
    subset: frozenset[str], groups: Mapping[str, tuple[str, ...]], winner: Recipe, start: Recipe
) -> Recipe:
    """The start with the factors of some groups at the winner's value."""
    return with_values(start, winner, [factor for group in subset for factor in groups[group]])


def _train(session: Session, recipes: Mapping[str, Recipe], n: int) -> dict[str, list[Trace]]:
    """Train every recipe with every seed, all at once to keep workers busy; traces by role."""
    jobs = {
        role: [Job(replace(recipe, seed=s), "test", (1.0,)) for s in seeds(n)]
        for role, recipe in recipes.items()
    }
    role_of: dict[Job, str] = {}
    for role, own in jobs.items():
        for job in own:
            role_of.setdefault(job, role)
    every = [job for own in jobs.values() for job in own]
    traces = iter(
        session.run(Step.ABLATION, role_of.__getitem__, every, lambda job: _text(role_of, job))
    )
    return {role: [next(traces) for _ in own] for role, own in jobs.items()}


def _text(role_of: Mapping[Job, str], job: Job) -> str:
    kind, _, names = role_of[job].partition(":")
    factors = " + ".join(factor_name(name) for name in names.split("+"))
    return f"{kind} {factors}, seed {job.recipe.seed}"
