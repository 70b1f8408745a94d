"""A search's study step by the clock, against the same trials one by one in plain torch."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import peers
from joblib import cpu_count
from task import Case, photographs, use_threads

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json
from autosuperconv.core.trace import Trace
from autosuperconv.pipeline.setup import Work, open_search
from autosuperconv.pipeline.steps import goal_of, plan_search, run_study, sweep_range
from autosuperconv.training.models import model_factory
from autosuperconv.tuning.steps.baseline import measure_baseline

N_TRAIN = 2560  # ten batches of 256, so that epochs are whole batches at every size searched
TRIALS = 14
EPOCHS = (2.0, 6.0)
Say = Callable[[str], None]


def case() -> Case:
    """ResNet-8 on a part of CIFAR-10."""
    data = photographs(N_TRAIN)
    factory = model_factory("resnet8", data.shape, data.classes)
    return Case("resnet8 on CIFAR-10", data, factory, Recipe(max_lr=0.3))


def measure(say: Say) -> dict[str, Any]:
    """Seconds of the study step with all that belongs to it, and of the same recipes plainly."""
    task = case()
    folder = Path(tempfile.mkdtemp())
    options = SearchOptions(
        storage=str(folder / "study.journal"),
        out=folder / "out",
        trials=TRIALS,
        epochs=EPOCHS,
        baseline_epochs=EPOCHS[1],
        device="cpu",
        model_name="resnet8",
    )
    with open_search(task.factory, task.data, options) as work:
        mine, traces = study_step(work, say)
        choices = work.choices
        workers = work.session.executor.size
    recipes = [trace.recipe for trace in traces]
    threads = better_threads(task, recipes[0])
    theirs = one_after_the_other(task, recipes, threads)
    say(f"the same recipes in plain torch: {theirs:.0f} s")
    return {
        "case": task.name,
        "n_train": N_TRAIN,
        "peer": "plain torch",
        "peer_threads": threads,
        "workers": workers,
        "choices": list(choices),
        "trials": len(traces),
        "ended": {why: ended(traces, why) for why in ("completed", "pruned", "diverged")},
        "samples_trained": sum(trace.samples for trace in traces),
        "samples_whole": sum(replace_recipe(task, recipe).samples for recipe in recipes),
        "seconds": mine,
        "peer_seconds": theirs,
        "ratio": theirs / mine,
    }


def study_step(work: Work, say: Say) -> tuple[float, list[Trace]]:
    """(Seconds, what was trained): the range test and the baseline come before, unmeasured."""
    plan = plan_search(work)
    sweeps = sweep_range(work, plan)
    say("range test done")
    epochs = plan.budget.baseline_epochs
    baseline = measure_baseline(work.session, work.setup, epochs, sweeps)
    say("baseline done")
    started = time.perf_counter()
    run_study(work, plan, sweeps, goal_of(work.setup, baseline))
    seconds = time.perf_counter() - started
    say(f"study step: {seconds:.0f} s")
    trials = work.session.study.get_trials(deepcopy=False)
    texts = [t.user_attrs["trace"] for t in trials if "trace" in t.user_attrs]
    return seconds, [from_json(Trace, text) for text in texts]


def one_after_the_other(task: Case, recipes: Sequence[Recipe], threads: int) -> float:
    """Seconds of all recipes to their ends, without any evaluation."""
    use_threads(threads)
    started = time.perf_counter()
    for recipe in recipes:
        peers.plain(replace_recipe(task, recipe), recipe.seed)
    return time.perf_counter() - started


def better_threads(task: Case, recipe: Recipe) -> int:
    """One thread or all: whichever trains one epoch sooner."""
    short = replace(recipe, epochs=1.0)
    took = {n: one_after_the_other(task, [short], n) for n in (1, cpu_count(), 1, cpu_count())}
    return min(took, key=lambda n: took[n])


def replace_recipe(task: Case, recipe: Recipe) -> Case:
    """The same net and data, another recipe."""
    return replace(task, recipe=recipe)


def ended(traces: Sequence[Trace], why: str) -> int:
    return sum(trace.stopped_because == why for trace in traces)
