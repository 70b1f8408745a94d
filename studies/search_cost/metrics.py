"""What a search cost until it held a good enough trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from contenders import Contender, Tried, encoding, search
from world import World

from autosuperconv.tuning.samplers.surrogate import fit_trial_model
from autosuperconv.tuning.samplers.with_prior import SHORTLIST

FACTORS = (1.25, 1.5, 2.0)  # times the cheapest cycle that reaches the target


@dataclass(frozen=True, slots=True)
class Result:
    """One contender on one world, over seeds.

    Args:
        costs: per seed, longest cycles paid until found, for each of `FACTORS`; inf where the
            budget did not do. trials_until: the same in trials.
        regret: points below the best at the budget's end, for the trial that would be chosen.
        late_broken: share of broken trials among the last two thirds.
    """

    name: str
    costs: tuple[tuple[float, ...], ...]
    trials_until: tuple[tuple[float, ...], ...]
    regret: tuple[float, ...]
    late_broken: float
    trials: float


def shortlisted(world: World, contender: Contender, tried: Sequence[Tried]) -> list[Tried]:
    """What would be trained again: the first of `tuning.steps.selection.shortlists`, by the tool's
    model for the tool, by each trial's own accuracy for the others. Of equal lengths, which
    searches over rungs have, the more accurate comes first."""
    reaching = reaching_by_model(world, contender, tried)

    def rank(t: Tried) -> tuple[bool, float, float]:
        own = world.objective == "cost" and (t.accuracy or 0.0) >= world.target
        reached = own if reaching is None else t.trial.number in reaching
        return (not reached, float(t.x[1]) if reached else 0.0, -(t.accuracy or 0.0))

    return sorted((t for t in tried if t.accuracy is not None and not t.broken), key=rank)[
        :SHORTLIST
    ]


def reaching_by_model(
    world: World, contender: Contender, tried: Sequence[Tried]
) -> set[int] | None:
    """Numbers of the trials that more probably reach the target than not; None where the
    contender has no model, or too few trials."""
    if contender.prior is None or world.objective != "cost":
        return None
    where = encoding(world, contender.prior(world))
    model = fit_trial_model(where, [t.trial for t in tried])
    if model is None:
        return None
    likely = model.probably_reaches(np.array([where.row(t.trial.params) for t in tried]))
    return {t.trial.number for t, yes in zip(tried, likely, strict=True) if yes}


def first_found(world: World, contender: Contender, tried: Sequence[Tried]) -> list[int | None]:
    """The trial at whose end the shortlist first holds a good one, by expected accuracy; one for
    each of `FACTORS`."""
    found: list[int | None] = [None] * len(FACTORS)
    for i in range(len(tried)):
        listed = shortlisted(world, contender, tried[: i + 1])
        for k, factor in enumerate(FACTORS):
            if found[k] is None and any(world.found(s.x, factor) for s in listed):
                found[k] = i
    return found


def regret_of(world: World, contender: Contender, tried: Sequence[Tried]) -> float:
    """Points that the best of the shortlist lacks, after the whole budget."""
    listed = shortlisted(world, contender, tried)
    best = max((float(world.truth(t.x)) for t in listed), default=0.1)
    return 100 * (world.best - best)


def evaluate(world: World, contender: Contender, seeds: int, full_runs: float) -> Result:
    costs, until, regret, broken, trials = [], [], [], [], []
    for seed in range(seeds):
        tried = search(world, contender, seed, full_runs)
        found = first_found(world, contender, tried)
        never = float("inf")
        costs.append(
            tuple(never if i is None else tried[i].paid / world.longest_samples for i in found)
        )
        until.append(tuple(never if i is None else i + 1 for i in found))
        regret.append(regret_of(world, contender, tried))
        late = tried[len(tried) // 3 :]
        broken.append(float(np.mean([t.broken for t in late])))
        trials.append(len(tried))
    return Result(
        contender.name,
        tuple(costs),
        tuple(until),
        tuple(regret),
        float(np.mean(broken)),
        float(np.mean(trials)),
    )
