"""The engine's run, the bare step below it, and what stands around a trial."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
from task import Case

from autosuperconv.core.curve import Point
from autosuperconv.core.evaluation_budget import Subsets
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.core.trace import Job, PruneTraining
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.training.engine import Engine, isolated
from autosuperconv.training.feed.batches import input_layout
from autosuperconv.training.loop.evaluation import evaluate, recalibrate
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.loop.training import Training
from autosuperconv.training.probe.autotune import Timing, fastest, time_engines
from autosuperconv.tuning.steps.objective import Objective, Reporter, suggest, tell
from autosuperconv.tuning.steps.pruner import RUNGS, make_pruner
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import open_study


class TimedRun(Training):
    """A run that also counts the processor seconds it spends on evaluation."""

    measuring = 0.0

    def _measure(self, subsets: Subsets | None) -> tuple[float, float]:
        started = time.process_time()
        result = super()._measure(subsets)
        self.measuring += time.process_time() - started
        return result


def chosen_engine(case: Case, threads: int) -> tuple[TorchTrainer, list[Timing]]:
    """The trainer in the fastest of the four settings, and all four's speeds."""
    trainer = TorchTrainer(case.data, case.factory, Engine(threads=threads))
    formats = ("contiguous", "channels_last") if len(case.data.shape) == 3 else ("contiguous",)
    engines = [
        Engine(threads=threads, precision=precision, memory_format=memory_format)
        for precision in ("float32", "bfloat16")
        for memory_format in formats
    ]
    timings = time_engines(trainer, case.recipe, engines)
    return trainer.with_engine(fastest(timings).engine), timings


def fit(case: Case, trainer: TorchTrainer, seed: int) -> tuple[float, torch.nn.Module]:
    """(Processor seconds of training without evaluation, the model)."""
    with isolated(trainer.engine):
        started = time.process_time()
        job = Job(replace(case.recipe, seed=seed))
        run = TimedRun(job, trainer.data, trainer.factory, trainer.engine, trainer.batches())
        trace = run.carry_out()
        seconds = time.process_time() - started - run.measuring
    assert trace.samples == case.samples
    return seconds, run.model


def bare(case: Case, trainer: TorchTrainer, steps: int) -> float:
    """Samples/s of the same step on one batch that stays where it is: no data, no looking."""
    engine = trainer.engine
    with isolated(engine):
        learner = Learner(case.recipe, case.factory, engine)
        learner.model.train()
        x = input_layout(torch.randn(case.recipe.batch_size, *case.data.shape), engine)
        y = torch.randint(0, case.data.classes, (len(x),))
        for _ in range(2):
            learner.step(x, y, LrMomentum(1e-6, 0.9))
        started = time.process_time()
        for _ in range(steps):
            learner.step(x, y, LrMomentum(1e-6, 0.9))
        return steps * len(x) / (time.process_time() - started)


def accuracy(case: Case, trainer: TorchTrainer, model: torch.nn.Module) -> float:
    """Of anybody's model, measured alike: float32, statistics recalibrated."""
    plain = trainer.with_engine(Engine(threads=trainer.engine.threads))
    batches = plain.batches()
    with isolated(plain.engine):
        model.to(memory_format=torch.contiguous_format)
        recalibrate(model, batches.statistics(plain.engine.statistics_samples), plain.engine)
        return evaluate(model, batches.evaluation("validation"), plain.engine)[1]


def around_a_trial(trials: int = 30) -> dict[str, list[float]]:
    """Milliseconds that each part of a trial takes besides training it.

    Trials of the shipped fake, which takes no time, through the very calls of a search.
    """
    folder = Path(tempfile.mkdtemp())
    url = str(folder / "study.journal")
    study, _ = open_study(open_storage(url), "overhead", {}, "minimize")
    trainer = SurfaceTrainer()
    space = SearchSpace(
        {
            "batch_size": Choices((64, 128, 256)),
            "epochs": Range(1, 5, log=True),
            "max_lr": Range(1e-3, 1, log=True),
            "weight_decay": Range(1e-6, 1e-2, log=True),
        }
    )
    objective, pruner = Objective("cost", 0.9, 1000, 5), make_pruner("phase", 0.9, 0.01)
    parts: dict[str, list[float]] = {}

    def took(part: str, since: float) -> float:
        now = time.perf_counter()
        parts.setdefault(part, []).append(1000 * (now - since))
        return now

    for _ in range(trials):
        at = time.perf_counter()
        trial = study.ask()
        recipe: Recipe = suggest(trial, space, Recipe(max_lr=1.0), 0)
        at = took("proposing", at)
        points: list[Point] = []
        trace = trainer(Job(recipe, phases=RUNGS), points.append)
        reporter = Reporter(url, study.study_name, trial._trial_id, pruner)
        at = time.perf_counter()
        for point in points:
            try:
                reporter(point)
            except PruneTraining:
                break
        at = took("reporting its course", at)
        tell(study, trial, objective, trace)
        took("telling its end", at)
    return {part: values[trials // 3 :] for part, values in parts.items()}


def overhead_ms(parts: dict[str, list[float]]) -> float:
    """Of all parts together, medians."""
    return sum(median(values) for values in parts.values())
