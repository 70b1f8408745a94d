"""The functions of the Python API: `search`, and its steps one by one."""

from __future__ import annotations

from autosuperconv.core.curve import Point
from autosuperconv.core.events import Listener, RunFinished, Step, StepStarted, silent
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.core.trace import Job, Split, Trace, evenly
from autosuperconv.errors import UnknownName
from autosuperconv.pipeline.report import write_report
from autosuperconv.pipeline.setup import open_search, task_of
from autosuperconv.pipeline.steps import plan_search, run_steps, sweep_range
from autosuperconv.training.data.arrays import Data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import check_model

TRAIN_PHASES = 20
SPLITS = ("validation", "test")  # to measure on


def search(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
) -> Report:
    """Find out whether the network can be trained several times faster with one large cycle.

    The same call again resumes: finished runs are never repeated. Other data, options or layers
    under the study's name are refused; a `forward` of other code is not seen, so give it a
    `study_name` of its own.

    Args:
        model_factory: builds a fresh network with output (B, classes) at each call. Lambdas and
            local functions may be trained by several workers, too.
        data: a `TaskData`, or what `autosuperconv.training.data.as_task_data` takes: NumPy
            arrays, tensors, torch `Dataset`s.

    Raises:
        InvalidInput: an option, the model or the data do not fit.
        StorageUnavailable: the storage cannot be used.
        NothingCompleted: every run of a step diverged.
    """
    with open_search(model_factory, data, options, listener) as work:
        report = run_steps(work)
        work.session.note("Writing the report.")
        write_report(work, report)
        return report


def plan(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
) -> Plan:
    """The first step of a search alone: what it would take. Arguments and errors as `search`."""
    with open_search(model_factory, data, options, listener) as work:
        made = plan_search(work)
        work.session.remember_plan_only()
        return made


def range_test(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
) -> RangeTest:
    """The range test alone; a search goes on from it. Arguments and errors as `search`."""
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
        measured_on: the split that accuracy is measured on, "validation" or "test".
        curvature: measure, too, what learning rate the curvature suggests on the way.
        deterministic: as in `SearchOptions`.

    Raises:
        InvalidInput: the recipe, the model or the data do not fit.
    """
    if measured_on not in SPLITS:
        raise UnknownName("split", measured_on, SPLITS)
    task = task_of(data)
    check_model(model_factory, task)
    trainer = TorchTrainer(
        task, model_factory, Engine(resolve_device(device), deterministic=deterministic)
    )
    listener(StepStarted(Step.TRAIN, TRAIN_PHASES, 0, None))

    def tell(point: Point) -> None:
        if point.accuracy is not None:
            text = f"{100 * point.accuracy:.2f} %, train loss {point.train_loss:.4g}"
            if point.path_lr is not None:
                text += f", curvature suggests {point.path_lr:.3g} along the path"
            if point.gradient_lr is not None:
                text += f", {point.gradient_lr:.3g} along the gradient"
            label = f"epoch {point.epoch:.3g}, lr {point.lr:.3g}"
            listener(RunFinished(Step.TRAIN, label, text, None, None))

    return trainer(Job(recipe, measured_on, evenly(TRAIN_PHASES), curvature), tell)
