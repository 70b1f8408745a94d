"""One search on a replay world, by whichever sampler and pruner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState
from tasks import RUNGS
from world import MAX_LR, Floats, World, coordinates

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.store.run_store import step_of

TRIALS = 60
optuna.logging.set_verbosity(optuna.logging.ERROR)


def _no_pruner(target: float | None, noise: float) -> BasePruner:
    return NopPruner()


def _random(world: World, seed: int) -> BaseSampler:
    return RandomSampler(seed=seed)


def _nothing(world: World, study: optuna.Study) -> None:
    pass


@dataclass(frozen=True)
class Contender:
    """A way to search.

    Args:
        sampler: from (world, seed). pruner: from (target, noise).
        sweeps: it needs the range test, to be charged on top.
        by_step: accuracies are reported at whole epochs, as a plain user of Optuna does; else
            at phases of the cycle.
        after: called with the study after every trial.
        prior: of the search, where its shortlist is made by the tool's model; else every trial
            stands for itself.
        most_seeds: searches at most, where it is slow.
        search: all of it, from (world, seed, budget in longest cycles), where it is not Optuna that
            searches; sampler, pruner and after are then not asked.
    """

    name: str
    sampler: Callable[[World, int], BaseSampler] = _random
    pruner: Callable[[float | None, float], BasePruner] = _no_pruner
    sweeps: bool = False
    by_step: bool = False
    after: Callable[[World, optuna.Study], None] = _nothing
    prior: Callable[[World], LrPrior] | None = None
    most_seeds: int = 1000
    search: Callable[[World, int, float], list[Tried]] | None = None


def encoding(world: World, prior: LrPrior) -> Encoding:
    """What the tool's sampler and shortlist know of a world."""
    task, by_cost = world.design.task, world.objective == "cost"
    space = SearchSpace(
        {
            "batch_size": Choices(task.batch_sizes),
            "dropout": Range(0.0, 0.5),
            "epochs": Range(*task.epochs, log=True),
            "max_lr": MAX_LR,
            "weight_decay": Range(1e-6, 1e-2, log=True),
        }
    )
    base = Recipe(max_lr=1.0, epochs=task.epochs[1])
    return Encoding(
        space if by_cost else space.without("epochs"),
        base,
        prior,
        world.target if by_cost else None,
    )


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial: what had been paid when it ended, what it was, what came out.

    Args:
        accuracy: None where the trial cannot be chosen: it was pruned, or is shorter than asked.
    """

    trial: FrozenTrial
    paid: float
    x: Floats
    accuracy: float | None
    broken: bool


def search(world: World, contender: Contender, seed: int, full_runs: float) -> list[Tried]:
    """Search until as much was trained as `full_runs` of the longest cycle."""
    if contender.search is not None:
        return contender.search(world, seed, full_runs)
    rng = np.random.default_rng([seed, 99])
    by_cost = world.objective == "cost"
    study = optuna.create_study(
        study_name=f"{contender.name}-{seed}",  # Hyperband hashes it
        direction="minimize" if by_cost else "maximize",
        sampler=contender.sampler(world, seed),
        pruner=contender.pruner(world.target if by_cost else None, world.noise),
    )
    paid = 0.0
    tried: list[Tried] = []
    while paid < full_runs * world.longest_samples and len(tried) < TRIALS:
        trial = study.ask()
        x = suggest(world, trial)
        rungs, end = world.run(x, rng)
        samples, accuracy = follow(world, contender, study, trial, x, rungs, end)
        paid += samples
        ended = study.get_trials(deepcopy=False)[-1]
        tried.append(Tried(ended, paid, x, accuracy, end < 1 or rungs[-1] < 0.15))
        contender.after(world, study)
    return tried


def suggest(world: World, trial: optuna.Trial) -> Floats:
    """The tool's own order: max_lr last."""
    task = world.design.task
    batch = trial.suggest_categorical("batch_size", task.batch_sizes)
    dropout = trial.suggest_float("dropout", 0.0, 0.5)
    epochs = task.epochs[1]
    if world.objective == "cost":
        epochs = trial.suggest_float("epochs", *task.epochs, log=True)
    decay = trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True)
    lr = trial.suggest_float("max_lr", 1e-3, 10.0, log=True)
    return coordinates(lr, epochs, batch, decay, dropout)


def follow(
    world: World,
    contender: Contender,
    study: optuna.Study,
    trial: optuna.Trial,
    x: Floats,
    rungs: Floats,
    end: float,
) -> tuple[float, float | None]:
    """Report the course, perhaps prune, tell the end; returns (samples, accuracy or None)."""
    full = float(np.exp(x[1])) * world.design.n_train
    for phase, step, accuracy in reports(contender, x, rungs):
        if phase >= end or phase >= 1:
            break
        worth = 1 - accuracy if contender.by_step and world.objective == "cost" else accuracy
        trial.report(worth, step)  # Optuna's pruners compare in the study's direction
        if trial.should_prune():
            tell(world, study, trial, full, accuracy, pruned=True)
            return phase * full, None
    tell(world, study, trial, full, float(rungs[-1]), pruned=False, broken=end < 1)
    return end * full, float(rungs[-1])


def reports(contender: Contender, x: Floats, rungs: Floats) -> list[tuple[float, int, float]]:
    """(phase, step, accuracy) in order."""
    if not contender.by_step:
        return [(p, step_of(p), float(a)) for p, a in zip(RUNGS, rungs, strict=True)]
    epochs = float(np.exp(x[1]))
    whole = np.arange(1, int(epochs + 1e-9) + 1)
    at = np.interp(whole / epochs, RUNGS, rungs)
    return [(float(e / epochs), int(e), float(a)) for e, a in zip(whole, at, strict=True)]


def tell(
    world: World,
    study: optuna.Study,
    trial: optuna.Trial,
    full: float,
    accuracy: float,
    pruned: bool,
    broken: bool = False,
) -> None:
    """As `tuning.steps.objective.tell`."""
    lost = broken or accuracy < 0.15
    trial.set_user_attr("accuracy", accuracy)
    trial.set_user_attr("samples", full)
    trial.set_user_attr(
        "stopped_because", "pruned" if pruned else "diverged" if lost else "completed"
    )
    if world.objective == "cost":
        short = world.target - (0.0 if broken else accuracy)
        trial.set_constraint("accuracy", max(short, 1e-3) if pruned else short)
    if pruned:
        study.tell(trial, state=TrialState.PRUNED)
    elif world.objective == "cost":
        study.tell(trial, 2 * world.longest_samples if broken else full)
    else:
        study.tell(trial, accuracy)
