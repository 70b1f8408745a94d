"""What a search cost until it held a good enough trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from contenders import Contender, Tried, search
from world import World


@dataclass(frozen=True, slots=True)
class Result:
    """One contender on one world, over seeds.

    Args:
        costs: longest cycles paid until found; inf where the budget did not do.
        regret: points below the best at the budget's end, for the trial that would be chosen.
        late_broken: share of broken trials among the last two thirds.
    """

    name: str
    costs: tuple[float, ...]
    regret: tuple[float, ...]
    late_broken: float
    trials: float

    def quantile(self, q: float) -> float:
        return float(np.quantile(self.costs, q, method="inverted_cdf"))

    @property
    def found(self) -> float:
        return float(np.isfinite(self.costs).mean())


def chosen(world: World, tried: Sequence[Tried]) -> list[int]:
    """After each trial, the index of the one that would be taken; -1 while there is none."""
    best, taken, at = -np.inf, -1, []
    for i, t in enumerate(tried):
        value = _worth(world, t)
        if value > best:
            best, taken = value, i
        at.append(taken)
    return at


def _worth(world: World, t: Tried) -> float:
    if t.accuracy is None or t.broken:
        return -np.inf
    if world.objective == "accuracy":
        return t.accuracy
    return -float(np.exp(t.x[1])) if t.accuracy >= world.target else -np.inf


def cost_until_found(world: World, tried: Sequence[Tried]) -> float:
    """Longest cycles paid when the chosen trial is first a good one, by its expected accuracy."""
    for t, taken in zip(tried, chosen(world, tried), strict=True):
        if taken >= 0 and world.found(tried[taken].x):
            return t.paid / world.longest_samples
    return float("inf")


def evaluate(world: World, contender: Contender, seeds: int, full_runs: float) -> Result:
    costs, regret, broken, trials = [], [], [], []
    for seed in range(seeds):
        tried = search(world, contender, seed, full_runs)
        costs.append(cost_until_found(world, tried))
        taken = chosen(world, tried)[-1]
        regret.append(
            100 * (world.best - float(world.truth(tried[taken].x))) if taken >= 0 else 90.0
        )
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
