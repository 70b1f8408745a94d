"""Replays searches on the committed designs; writes results.json, README.md and cost.svg.

    python studies/search_cost/run.py [--seeds 20] [--gp] [--neps]
    python studies/search_cost/run.py --only cifar10

`--gp` adds Optuna's Gaussian-process sampler, which takes longer than all others together; `--neps`
adds PriorBand, from the package neural-pipeline-search. `--only` replays the shortest cycle of one
task and prints the mean costs instead.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

import optuna
from contenders import Contender, encoding
from counterfactual_table import pruner_rows
from metrics import Result, evaluate
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from page import mean_costs, write_page
from tasks import TASKS
from world import HERE, MAX_LR, TREES, World, fit, load, make_world

from autosuperconv.tuning.samplers import StudySampler, make_sampler
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.prior_revision import revised_prior
from autosuperconv.tuning.steps.pruner import PhasePruner

BUDGET = 30.0  # longest cycles
WORLDS = [
    *[(name, "cost", 0.0) for name in TASKS],
    *[(f"{name}{TREES}", "cost", 0.0) for name in TASKS],
    *[(name, "accuracy", 0.0) for name in TASKS],
    *[(name, "cost", decades) for name in TASKS for decades in (-1.0, 1.0)],
]


def tested(world: World) -> LrPrior:
    """The range test's prior."""
    return LrPrior(world.range_test, MAX_LR)


def untested(world: World) -> LrPrior:
    """No range test."""
    return LrPrior(None, MAX_LR)


def ours(world: World, seed: int) -> BaseSampler:
    """The tool's sampler under the prior."""
    return make_sampler("cost-aware", encoding(world, tested(world)), seed, 0)


def without_prior(world: World, seed: int) -> BaseSampler:
    """The tool's sampler without a range test."""
    return make_sampler("cost-aware", encoding(world, untested(world)), seed, 0)


def tpe_within(world: World, seed: int) -> BaseSampler:
    """TPE under the prior, and below the ceiling on lengths: `--sampler tpe`."""
    return make_sampler("tpe", encoding(world, tested(world)), seed, 0)


def check(world: World, study: optuna.Study) -> None:
    """The prior check, after every trial."""
    sampler = study.sampler
    assert isinstance(sampler, StudySampler)
    sampler.prior = revised_prior(sampler.prior, study.get_trials(deepcopy=False))


def phase(target: float | None, noise: float) -> BasePruner:
    return PhasePruner(target, noise)


def median(target: float | None, noise: float) -> BasePruner:
    return MedianPruner()


def hyperband(target: float | None, noise: float) -> BasePruner:
    return HyperbandPruner(min_resource=1, max_resource=10)


def asha(target: float | None, noise: float) -> BasePruner:
    return SuccessiveHalvingPruner()


def tpe(world: World, seed: int) -> BaseSampler:
    return TPESampler(seed=seed)


def random(world: World, seed: int) -> BaseSampler:
    return RandomSampler(seed=seed)


def gp(world: World, seed: int) -> BaseSampler:
    return GPSampler(seed=seed, deterministic_objective=False)


OURS = Contender("ours", ours, phase, sweeps=True, after=check, prior=tested)
PLAIN = [
    Contender("random", random),
    Contender("TPE", tpe),
    Contender("TPE + median", tpe, median, by_step=True),
]
MORE = [
    Contender("TPE + ASHA", tpe, asha, by_step=True),
    Contender("TPE + Hyperband", tpe, hyperband, by_step=True),
    Contender("ours, no prior", without_prior, phase, after=check, prior=untested),
    Contender("ours, no pruner", ours, sweeps=True, after=check, prior=tested),
    Contender("ours, by TPE", tpe_within, phase, sweeps=True, after=check, prior=tested),
]
GP = Contender("GP", gp, most_seeds=8)


def replay(seeds: int, world: tuple[str, str, float], contender: Contender) -> Result:
    """One contender on one world."""
    warnings.simplefilter("ignore")
    seeds = min(seeds, contender.most_seeds)
    return evaluate(make_world(*world), contender, seeds, BUDGET)


def priorband() -> list[Contender]:
    """NePS's contenders; ends the program where the package is missing."""
    try:
        from neps_contender import PRIORBAND
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"--neps needs the package neural-pipeline-search ({error}): "
            "pip install neural-pipeline-search==0.17.0"
        ) from error
    return PRIORBAND


def jobs(extra: Sequence[Contender]) -> list[tuple[tuple[str, str, float], Contender]]:
    """All that is replayed; a wrong range test concerns only ours."""
    wanted = []
    for world in WORLDS:
        if world[2]:
            wanted += [(world, OURS)]
        else:
            more = MORE if world[1] == "cost" else []
            all_of_them = [*PLAIN, OURS] + ([] if TREES in world[0] else [*more, *extra])
            wanted += [(world, c) for c in all_of_them]
    return wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--gp", action="store_true")
    parser.add_argument("--neps", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--page", action="store_true", help="Only write the page again.")
    parser.add_argument("--only", choices=TASKS)
    asked = parser.parse_args()
    if asked.page:
        write_page(json.loads((HERE / "results.json").read_text()))
        return
    started = time.monotonic()
    wanted = jobs([*([GP] if asked.gp else []), *(priorband() if asked.neps else [])])
    if asked.only:
        wanted = [job for job in wanted if job[0] == (asked.only, "cost", 0.0)]
    for name in TASKS:
        fit(load(name))
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        found = pool.starmap(partial(replay, asked.seeds), wanted, chunksize=1)
        pruners = [] if asked.only else pool.map(pruner_rows, list(TASKS), chunksize=1)
    if asked.only:
        for result in found:
            print(f"{result.name:20s} {mean_costs(result.costs)}")
        return
    results = [
        {"world": list(world), "sweeps": contender.sweeps, **asdict(result)}
        for (world, contender), result in zip(wanted, found, strict=True)
    ]
    data = {
        "seeds": asked.seeds,
        "searches": results,
        "pruners": dict(zip(TASKS, pruners, strict=True)),
    }
    (HERE / "results.json").write_text(json.dumps(data) + "\n")
    write_page(data)
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
