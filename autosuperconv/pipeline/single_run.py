"""One recipe, trained by itself."""

from __future__ import annotations

from collections.abc import Callable

from autosuperconv.core.curve import Point
from autosuperconv.core.events import Listener, Note, RunFinished, Step, StepStarted
from autosuperconv.core.format import number, percent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Split, Trace, evenly
from autosuperconv.errors import UnknownName
from autosuperconv.pipeline.setup import task_of
from autosuperconv.training.data.arrays import Data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import check_model

PHASES = 20
SPLITS = ("validation", "test")  # to measure on


def train_recipe(
    model_factory: ModelFactory,
    data: TaskData | Data,
    recipe: Recipe,
    measured_on: Split,
    device: str,
    listener: Listener,
    curvature: bool,
    deterministic: bool,
) -> Trace:
    """Train one recipe; arguments and errors as `api.train`."""
    if measured_on not in SPLITS:
        raise UnknownName("split", measured_on, SPLITS)
    task = task_of(data)
    check_model(model_factory, task)
    engine = Engine(resolve_device(device), deterministic=deterministic)
    for note in task.notes:
        listener(Note(note))
    listener(StepStarted(Step.TRAIN, PHASES, 0, None))
    job = Job(recipe, measured_on, evenly(PHASES), curvature)
    trace = TorchTrainer(task, model_factory, engine)(job, teller(listener))
    for note in trace.notes:
        listener(Note(note))
    return trace


def teller(listener: Listener) -> Callable[[Point], None]:
    """What tells the listener of each evaluation."""

    def tell_point(point: Point) -> None:
        if point.accuracy is not None:
            label = f"epoch {number(point.epoch)}, lr {number(point.lr)}"
            listener(RunFinished(Step.TRAIN, label, point_text(point), None, None))

    return tell_point


def point_text(point: Point) -> str:
    """An evaluation in a few words."""
    parts = [percent(point.accuracy), f"train loss {number(point.train_loss)}"]
    if point.path_lr is not None:
        parts.append(f"curvature suggests lr {number(point.path_lr)} along the path")
    if point.gradient_lr is not None:
        parts.append(f"{number(point.gradient_lr)} along the gradient")
    return ", ".join(parts)
