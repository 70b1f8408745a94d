"""What a search cost until it held a good enough trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from contenders import Contender, Tried, search
from world import World

from autosuperconv.tuning.winner import SHORTLIST

FACTORS = (1.25, 1.5, 2.0)  # times the cheapest cycle that reaches the target


@dataclass(frozen=True, slots=True)
class Result:
    """One contender on one world, over seeds.

    Args:
        costs: per seed, longest cycles paid until found, for each of `FACTORS`; inf where the
            budget did not do.
        regret: points below the best at the budget's end, for the trial that would be chosen.
        late_broken: share of broken trials among the last two thirds.
    """

    name: str
    costs: tuple[tuple[float, ...], ...]
    regret: tuple[float, ...]
    late_broken: float
    trials: float


def shortlisted(world: World, tried: Sequence[Tried]) -> list[Tried]:
    """What the tool would train again: `tuning.winner.shortlist`."""

    def rank(t: Tried) -> tuple[bool, float]:
        reached = world.objective == "cost" and (t.accuracy or 0.0) >= world.target
        return (not reached, float(t.x[1]) if reached else -(t.accuracy or 0.0))

    return sorted((t for t in tried if t.accuracy is not None and not t.broken), key=rank)[
        :SHORTLIST
    ]


def costs_until_found(world: World, tried: Sequence[Tried]) -> list[float]:
    """Longest cycles paid when the shortlist first holds a good one, by expected accuracy; one
    figure for each of `FACTORS`."""
    costs = [float("inf")] * len(FACTORS)
    for i, t in enumerate(tried):
        listed = shortlisted(world, tried[: i + 1])
        for k, factor in enumerate(FACTORS):
            if costs[k] == float("inf") and any(world.found(s.x, factor) for s in listed):
                costs[k] = t.paid / world.longest_samples
    return costs


def regret_of(world: World, tried: Sequence[Tried]) -> float:
    """Points that the best of the shortlist lacks, after the whole budget."""
    best = max((float(world.truth(t.x)) for t in shortlisted(world, tried)), default=0.1)
    return 100 * (world.best - best)


def evaluate(world: World, contender: Contender, seeds: int, full_runs: float) -> Result:
    costs, regret, broken, trials = [], [], [], []
    for seed in range(seeds):
        tried = search(world, contender, seed, full_runs)
        costs.append(tuple(costs_until_found(world, tried)))
        regret.append(regret_of(world, tried))
        late = tried[len(tried) // 3 :]
        broken.append(float(np.mean([t.broken for t in late])))
        trials.append(len(tried))
    return Result(
        contender.name,
        tuple(costs),
        tuple(regret),
        float(np.mean(broken)),
        float(np.mean(trials)),
    )
