"""Searches that train: a check on the replay, which knows its runs from a surface alone.

    AUTOSUPERCONV_DATA=data python studies/search_cost/live.py mnist mnist-mlp --seeds 10

Every trial is a real run on a seed of its own. Whatever a search's shortlist holds is trained again
on fresh seeds, which are not charged; where their mean reaches the target, its length counts.
Adds to live.json, which the page shows; `--first 8 --seeds 16` adds eight seeds to eight.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from contenders import Contender, Tried, search
from design import row
from metrics import shortlisted
from run import BUDGET, GP, OURS, PLAIN
from tasks import RUNGS, TASKS, trainer_of
from world import HERE, Floats, World, fit, load, rungs_of

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.tuning.steps.study import CURVE_SHARE

PROCESSES = 2
FRESH = 4  # seeds on which a shortlisted trial is trained again
CONTENDERS: tuple[Contender, ...] = (*PLAIN[1:], GP, OURS)


class LiveWorld(World):
    """A task whose runs are trained; target and noise are those of its design."""

    def __init__(self, name: str) -> None:
        design = load(name)
        super().__init__(design, fit(design), "cost")
        self._trainer = trainer_of(design.task)

    def run(self, x: Floats, rng: np.random.Generator) -> tuple[Floats, float]:
        trace = self._train(x, int(rng.integers(10**6, 10**9)), RUNGS)
        whole = trace.recipe.epochs * self.design.n_train
        share = 1.0 if trace.completed else min(1.0, trace.samples / whole)
        line = {name: "" if value is None else str(value) for name, value in row(trace).items()}
        return np.array(rungs_of(line)), share

    def reaches(self, x: Floats) -> bool:
        """Whether the mean over fresh seeds is the target, less half the tolerance."""
        ends = [self._train(x, seed, (1.0,)).accuracy or 0.0 for seed in range(FRESH)]
        return float(np.mean(ends)) >= self.target - self.tolerance / 2

    def _train(self, x: Floats, seed: int, phases: tuple[float, ...]) -> Trace:
        recipe = Recipe(
            max_lr=float(10 ** x[0]),
            epochs=float(np.exp(x[1])),
            batch_size=round(2 ** x[2]),
            weight_decay=float(10 ** x[3]),
            dropout=float(x[4]),
            seed=seed,
        )
        return self._trainer(Job(recipe, phases=phases, curve_share=CURVE_SHARE))


def improvements(
    world: LiveWorld, contender: Contender, tried: Sequence[Tried]
) -> list[tuple[float, float]]:
    """(longest cycles paid, epochs) whenever the shortlist first holds a shorter cycle that
    reaches the target."""
    known: dict[int, bool] = {}
    found: list[tuple[float, float]] = []
    for i, last in enumerate(tried):
        for t in shortlisted(world, contender, tried[: i + 1]):
            epochs = float(np.exp(t.x[1]))
            if found and epochs >= found[-1][1]:
                continue
            if t.trial.number not in known:
                known[t.trial.number] = world.reaches(t.x)
            if known[t.trial.number]:
                found.append((last.paid / world.longest_samples, epochs))
    return found


def one(job: tuple[str, str, int]) -> dict[str, Any]:
    """One search."""
    warnings.simplefilter("ignore")
    task, name, seed = job
    world = LiveWorld(task)
    contender = next(c for c in CONTENDERS if c.name == name)
    tried = search(world, contender, seed, BUDGET)
    late = tried[len(tried) // 3 :]
    return {
        "task": task,
        "search": name,
        "seed": seed,
        "found": improvements(world, contender, tried),
        "late_broken": float(np.mean([t.broken for t in late])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=TASKS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="Seed to begin with.")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.seeds)
    started = time.monotonic()
    jobs = [(n, c.name, s) for n in asked.names for s in seeds for c in CONTENDERS]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.map(one, jobs, chunksize=1)
    path = HERE / "live.json"
    known = json.loads(path.read_text()) if path.exists() else []
    again = {(name, seed) for name in asked.names for seed in seeds}
    kept = [line for line in known if (line["task"], line["seed"]) not in again]
    path.write_text(json.dumps([*kept, *found], indent=1) + "\n")
    print(f"{len(jobs)} searches in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
