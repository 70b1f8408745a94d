"""The functions of the Python API: `search`, and its steps one by one."""

from __future__ import annotations

from typing import get_args

from autosuperconv.core.class_balance import about_balance
from autosuperconv.core.events import Listener, Note, Step, StepStarted, silent
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.core.trace import Job, Split, Trace, evenly
from autosuperconv.errors import one_of
from autosuperconv.pipeline.report import write_report
from autosuperconv.pipeline.setup import open_search, task_of
from autosuperconv.pipeline.single_run import teller
from autosuperconv.pipeline.steps import plan_search, run_steps, sweep_range
from autosuperconv.pipeline.timing import Start
from autosuperconv.training.data.arrays import Data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.probe.jobs import try_jobs

TRAIN_PHASES = 20


def search(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
    began: float | None = None,
) -> Report:
    """Find out whether the network can be trained several times faster with one large cycle.

    The same call again resumes the search: finished runs are never repeated. A study holds one
    search: other data, options or layers get a study of their own, or are refused where they are
    given the `study_name` of another search. Changed code in `forward` is not detected: give such
    a network another `study_name`.

    Args:
        model_factory: builds a fresh network with output (B, classes) at each call. Lambdas and
            local functions work too, also with several workers.
        data: what `load_dataset` returns, or NumPy arrays, tensors or torch `Dataset`s, as
            `autosuperconv.training.data.arrays.as_task_data` takes them.
        options: how to search.
        listener: receives every event.
        began: when `timeout` began, on the clock of `time.monotonic`; None: now.

    Raises:
        InvalidInput: an option, the model or the data do not fit.
        StorageUnavailable: the storage cannot be used.
        NothingCompleted: every run of a step diverged.
        TimeUp: the time was up before any run had ended.
    """
    start = None if began is None else Start(began)
    with open_search(model_factory, data, options, listener, start) as work:
        report = run_steps(work)
        work.session.note("Writing the report.")
        write_report(work, report)
        return report


def plan(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
    began: float | None = None,
) -> Plan:
    """Plan a search without running it: what would it take? Arguments and errors as in `search`."""
    start = None if began is None else Start(began)
    with open_search(model_factory, data, options, listener, start) as work:
        return plan_search(work)


def range_test(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
) -> RangeTest:
    """Run the range test alone, over the range of `max_lr`; a search does not repeat its sweeps.

    Arguments and errors as in `search`.
    """
    with open_search(model_factory, data, options, listener) as work:
        return sweep_range(work, bounded=True)


def train(
    model_factory: ModelFactory,
    data: TaskData | Data,
    recipe: Recipe,
    measured_on: Split = "validation",
    device: str = "auto",
    listener: Listener = silent,
    curvature: bool = False,
    deterministic: bool = False,
) -> Trace:
    """Train one recipe, measured at 20 phases of the run and at its end.

    Args:
        model_factory: as in `search`.
        data: as in `search`.
        recipe: what to train.
        measured_on: the split that accuracy is measured on, "validation" or "test".
        device: as in `SearchOptions`.
        listener: receives each evaluation.
        curvature: also measure the learning rate that the curvature suggests along the way.
        deterministic: as in `SearchOptions`.

    Raises:
        InvalidInput: the recipe, the model or the data do not fit.
    """
    split: Split = one_of("split", measured_on, get_args(Split))  # type: ignore[assignment]
    task = task_of(data)
    check_model(model_factory, task)
    engine = Engine(resolve_device(device), deterministic=deterministic)
    trainer = TorchTrainer(task, model_factory, engine)
    sizes = [recipe.batch_size] if recipe.batch_size <= trainer.n_train else []
    balance = about_balance(task.balance, task.classes, task.class_names)
    for note in (*task.notes, *filter(None, [balance]), *try_jobs(trainer, recipe, sizes)):
        listener(Note(note))
    listener(StepStarted(Step.TRAIN, TRAIN_PHASES, 0, None))
    job = Job(recipe, split, evenly(TRAIN_PHASES), curvature)
    trace = trainer(job, teller(listener))
    for note in trace.notes:
        listener(Note(note))
    return trace
