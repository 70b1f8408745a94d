"""What it costs to tune the baseline with short runs first, and what is lost.

    AUTOSUPERCONV_DATA=data python studies/baseline_tuning/run.py

Trains the standard schedule over learning rates and weight decays, at a sixth of its length and cut
at 0.8 of it, with a few seeds each, keeps the runs in TASK.json, and replays the tool's own
`tune_standard` and plain grids on them. `--page` writes README.md from the kept runs alone.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from optuna.storages import InMemoryStorage

from autosuperconv.core.curve import Curve
from autosuperconv.core.events import silent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, StopReason, Trace
from autosuperconv.training.data import load_dataset
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from autosuperconv.tuning.steps.baseline import (
    STEP_LR,
    WEIGHT_DECAYS,
    best,
    cut_short,
    standard,
    tune_standard,
)
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.studies import open_study

HERE = Path(__file__).parent
EPOCHS = 30.0
RATES = tuple(0.3 * STEP_LR**k for k in range(-4, 3))  # those that a grid below an edge can take
SEEDS = 3
SHORT = 1 / 6  # of the length
REPLAYS = 400
USUAL = WEIGHT_DECAYS[1]


@dataclass(frozen=True, slots=True)
class Task:
    """Where the schedule is tuned."""

    dataset: str
    model: str
    n_train: int | None
    batch_size: int


TASKS = {
    "digits": Task("digits", "resnet8", None, 64),
    "mnist": Task("mnist", "lenet", 1000, 32),
}


def base_of(task: Task) -> Recipe:
    return Recipe(max_lr=1.0, batch_size=task.batch_size)


def jobs_of(task: Task) -> list[Recipe]:
    """Short runs at the usual weight decay, long ones at all, and whole ones of two rates."""
    base, found = base_of(task), []
    for seed in range(SEEDS):
        own = replace(base, seed=seed)
        found += [standard(own, SHORT * EPOCHS, lr, USUAL) for lr in RATES]
        found += [cut_short(standard(own, EPOCHS, lr, wd)) for lr in RATES for wd in WEIGHT_DECAYS]
        found += [standard(own, EPOCHS, lr, USUAL) for lr in RATES[1:5]]
    return found


def key(recipe: Recipe) -> str:
    return f"{recipe.max_lr:.4g} {recipe.weight_decay:g} {recipe.epochs:.4g}"


def train(name: str) -> None:
    """All runs that are not kept yet."""
    task, path = TASKS[name], HERE / f"{name}.json"
    kept: dict[str, dict[str, float | None]] = json.loads(path.read_text()) if path.exists() else {}
    data = load_dataset(
        task.dataset, Path(os.environ.get("AUTOSUPERCONV_DATA", "data")), task.n_train
    )
    factory = model_factory(task.model, data.shape, data.classes)
    trainer = TorchTrainer(data, factory, Engine(threads=1))
    for recipe in jobs_of(task):
        own = kept.setdefault(key(recipe), {})
        if str(recipe.seed) not in own:
            trace = trainer(Job(recipe))
            own[str(recipe.seed)] = trace.accuracy if trace.completed else None
            path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


class Kept:
    """A trainer that draws one of the kept runs of a recipe."""

    def __init__(self, kept: dict[str, dict[str, float | None]], seed: int) -> None:
        self.kept, self.rng, self.cost = kept, np.random.default_rng(seed), 0.0

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        recipe = job.recipe
        ends = list(self.kept.get(key(recipe), {"0": None}).values())
        accuracy = ends[int(self.rng.integers(len(ends)))]
        self.cost += recipe.epochs / EPOCHS
        stopped = StopReason.DIVERGED if accuracy is None else StopReason.COMPLETED
        curve = Curve(step=(1,), phase=(1.0,), epoch=(recipe.epochs,), samples=(1,), lr=(1.0,))
        return Trace(
            *(recipe, "validation", curve, accuracy, None, stopped, "", 10, 1000, 1, 1, 0.0)
        )


def truth(kept: dict[str, dict[str, float | None]], recipe: Recipe) -> float:
    """Mean accuracy at (almost) full length; a run that diverged counts as chance."""
    long = cut_short(replace(recipe, epochs=EPOCHS, milestones=Recipe(max_lr=1.0).milestones))
    return fmean(0.1 if end is None else end for end in kept[key(long)].values())


Tune = Callable[[Session, Recipe], Recipe]


def tool(session: Session, base: Recipe) -> Recipe:
    """The tool's own."""
    return tune_standard(session, base, EPOCHS, None)[0]


def by_grid(at_first: float, then: bool) -> Tune:
    """Four rates at a share of the length, more while the best lies at an end; `then`: the best of
    them and its neighbours near the whole length, and two more weight decays there."""

    def tune(session: Session, base: Recipe) -> Recipe:
        def run(lr: float, wd: float, share: float) -> Trace:
            recipe = standard(base, share * EPOCHS, lr, wd)
            recipe = cut_short(recipe) if share == 1.0 else recipe
            return session.executor.submit(Job(recipe), None).result()

        def widened(rates: Sequence[float], share: float) -> list[Trace]:
            tried = [run(lr, USUAL, share) for lr in rates]
            for _ in range(3):
                at = most_accurate(tried)
                ends = sorted(t.recipe.max_lr for t in tried)
                if ends[0] < at < ends[-1]:
                    break
                tried.append(run(at / STEP_LR if at == ends[0] else at * STEP_LR, USUAL, share))
            return tried

        tried = widened([0.3 / STEP_LR**k for k in range(4)], at_first)
        top = most_accurate(tried)
        if at_first < 1.0 and then:
            tried = widened([top / STEP_LR, top, top * STEP_LR], 1.0)
            top = most_accurate(tried)
        if then:
            tried += [run(top, wd, 1.0) for wd in WEIGHT_DECAYS if wd != USUAL]
        return best(tried).recipe

    return tune


def most_accurate(tried: Sequence[Trace]) -> float:
    """Learning rate of the best run; the lowest one where none completed."""
    sound = [t for t in tried if t.completed]
    return best(sound).recipe.max_lr if sound else min(t.recipe.max_lr for t in tried)


METHODS: dict[str, Tune] = {
    "two rates at 0.8 of the length, more while the best is at an end (the tool)": tool,
    "four rates at 0.8 of the length": by_grid(1.0, True),
    "four rates at a sixth, then the best and its neighbours at 0.8": by_grid(SHORT, True),
    "four rates at a sixth alone": by_grid(SHORT, False),
}


def replay(name: str, tune: Tune, seed: int) -> tuple[float, float]:
    """(regret in percentage points, cost in whole baseline runs) of one tuning."""
    kept = json.loads((HERE / f"{name}.json").read_text())
    trainer = Kept(kept, seed)
    study, runs = open_study(InMemoryStorage(), "s", {"data": name}, "minimize")
    session = Session(study, runs, InProcess(trainer), silent, "")
    chosen = tune(session, base_of(TASKS[name]))
    every = [standard(base_of(TASKS[name]), EPOCHS, lr, wd) for lr in RATES for wd in WEIGHT_DECAYS]
    most = max(truth(kept, recipe) for recipe in every)
    return 100 * (most - truth(kept, chosen)), trainer.cost


def row(name: str, method: str) -> str:
    """A line of the table."""
    found = [replay(name, METHODS[method], seed) for seed in range(REPLAYS)]
    regrets, costs = zip(*found, strict=True)
    error = stdev(regrets) / len(regrets) ** 0.5
    worst = float(np.quantile(regrets, 0.95))
    return (
        f"| {name} | {method} | {fmean(regrets):.2f} +- {error:.2f} | {worst:.2f} | "
        f"{fmean(costs):.2f} |"
    )


def last_fifth(name: str) -> str:
    """How much the last fifth of a whole run moves its accuracy: pairs of one seed."""
    kept = json.loads((HERE / f"{name}.json").read_text())
    moved = []
    for lr in RATES[1:5]:
        whole = standard(base_of(TASKS[name]), EPOCHS, lr, USUAL)
        pairs = zip(kept[key(whole)].values(), kept[key(cut_short(whole))].values(), strict=True)
        moved += [100 * (a - b) for a, b in pairs if a is not None and b is not None]
    return (
        f"| {name} | {len(moved)} | {fmean(moved):+.3f} +- {stdev(moved) / len(moved) ** 0.5:.3f} "
        f"| {stdev(moved):.2f} |"
    )


PAGE = """# What tuning the baseline costs, and what short runs lose

Written by `python studies/baseline_tuning/run.py`: {seeds} seeds of every learning rate and
weight decay were trained ({rates} rates by half decades, {decays} weight decays; digits with a
ResNet-8, 1,000 images of MNIST with a LeNet, 30 epochs), and the tuning is replayed {replays}
times on them, each time with runs drawn at random. Accuracies are on validation data. *Regret*:
expected accuracy of the best standard schedule less that of the chosen one, in percentage points,
mean with its standard error and 95 % quantile. *Cost*: in whole baseline runs, the fresh seeds
left out.

| task | tuning | regret | 95 % quantile | cost |
| --- | --- | --- | --- | --- |
{table}

## A run that ends at 0.8 of its length

Accuracy of a whole run less that of the same run (same seed) at 0.8 of its length, in percentage
points.

| task | pairs | mean difference | standard deviation |
| --- | --- | --- | --- |
{fifth}
"""


def write_page() -> None:
    """README.md from the kept runs."""
    names = [name for name in TASKS if (HERE / f"{name}.json").exists()]
    text = PAGE.format(
        seeds=SEEDS,
        rates=len(RATES),
        decays=len(WEIGHT_DECAYS),
        replays=REPLAYS,
        table="\n".join(row(name, method) for name in names for method in METHODS),
        fifth="\n".join(map(last_fifth, names)),
    )
    (HERE / "README.md").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true")
    if not parser.parse_args().page:
        for name in TASKS:
            train(name)
    write_page()


if __name__ == "__main__":
    main()
