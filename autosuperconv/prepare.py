"""Everything that is checked and chosen before the first run."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from autosuperconv.core.codec import to_dict
from autosuperconv.core.events import Event, Listener
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Dimension, Range, SearchSpace
from autosuperconv.errors import InvalidSpace
from autosuperconv.reporting.files import check_writable
from autosuperconv.training.data import TaskData, as_task_data
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.environment import cpu_workers
from autosuperconv.training.loop import TorchTrainer
from autosuperconv.training.models import ModelFactory, check_model, declares_dropout
from autosuperconv.tuning.executor import Executor, InProcess, Processes
from autosuperconv.tuning.objective import DIRECTIONS
from autosuperconv.tuning.plan import Budget, Sizes
from autosuperconv.tuning.session import Session, open_study
from autosuperconv.tuning.storage import open_storage

STEPS_PER_EPOCH = 8
LARGEST_BATCH = 512
WEIGHT_DECAY = Range(1e-6, 1e-2, log=True)
DROPOUT = Range(0.0, 0.5)
MAX_LR = Range(1e-3, 10.0, log=True)
EPOCHS_OF_BASELINE = (1 / 15, 1 / 3)


@dataclass(frozen=True)
class Work:
    """A search made ready: everything was checked, nothing has been trained."""

    task: TaskData
    model_name: str
    trainer: TorchTrainer
    session: Session
    space: SearchSpace
    base: Recipe
    options: SearchOptions
    out: Path

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The batch sizes that are searched, rising."""
        dimension = self.space.dimensions.get("batch_size")
        return dimension.values if isinstance(dimension, Choices) else (self.base.batch_size,)

    def range_of(self, field: str) -> Range:
        """Where a field is searched; one point where it is not."""
        dimension = self.space.dimensions.get(field)
        value = float(getattr(self.base, field))
        return dimension if isinstance(dimension, Range) else Range(value, value)


def silent(event: Event) -> None:
    """A listener that listens to nothing."""


@contextmanager
def prepare(
    model_factory: ModelFactory, data: object, options: SearchOptions, listener: Listener = silent
) -> Iterator[Work]:
    """Check everything before the first run; workers are given back at the end.

    Raises:
        InvalidInput: an option, the model or the data do not fit.
        StorageUnavailable: the storage does not answer.
    """
    task = as_task_data(data)
    check_model(model_factory, task)
    trainer, executor = engage(task, model_factory, options)
    model_name = options.model_name or name_of(model_factory)
    study_name = options.study_name or f"{task.name}-{model_name}".replace("/", "-")
    out = options.out or Path("runs") / study_name
    check_writable(out)
    space, notes = default_space(declares_dropout(model_factory()), trainer.n_train, options.space)
    base = replace(options.base, batch_size=middle_batch(space, options.base), seed=options.seed)
    question = question_of(task, model_name, trainer.engine, space, base, options)
    storage = open_storage(options.storage)
    study, ledger = open_study(storage, study_name, question, DIRECTIONS[options.objective])
    session = Session(study, ledger, executor, listener, options.storage)
    if options.timeout is not None:
        session.deadline = time.monotonic() + options.timeout
    for note in notes:
        session.note(note)
    try:
        yield Work(task, model_name, trainer, session, space, base, options, out)
    finally:
        executor.stop()


def engage(
    task: TaskData, model_factory: ModelFactory, options: SearchOptions
) -> tuple[TorchTrainer, Executor]:
    """The trainer, and who carries out its jobs: on a CPU one process a core, one thread each."""
    device = resolve_device(options.device)
    workers = options.workers or (cpu_workers() if device == "cpu" else 1)
    engine = Engine(device=device, threads=1 if workers > 1 else None)
    trainer = TorchTrainer(task, model_factory, engine)
    return trainer, Processes(trainer, workers) if workers > 1 else InProcess(trainer)


def default_space(
    has_dropout: bool, n_train: int, wanted: dict[str, Dimension]
) -> tuple[SearchSpace, list[str]]:
    """The space to search, and what the user should know of it.

    Raises:
        InvalidSpace: dropout is asked for, but the model has no dropout layer.
    """
    top = min(LARGEST_BATCH, 2 ** ((max(n_train // STEPS_PER_EPOCH, 8)).bit_length() - 1))
    dimensions: dict[str, Dimension] = {
        "batch_size": Choices((top // 4, top // 2, top)),
        "dropout": DROPOUT,
        "epochs": Range(1.0, 10.0, log=True),
        "max_lr": MAX_LR,
        "weight_decay": WEIGHT_DECAY,
    }
    space = SearchSpace({**dimensions, **wanted})
    if has_dropout:
        return space, []
    if "dropout" in wanted:
        raise InvalidSpace(
            "dropout cannot be searched: the model has no dropout layer. "
            "Add nn.Dropout(0.0) where it should be set, or leave dropout out."
        )
    return space.without("dropout"), ["The model has no dropout layer: dropout is not searched."]


def middle_batch(space: SearchSpace, base: Recipe) -> int:
    """The batch size of the baseline: the middle one of those searched."""
    dimension = space.dimensions.get("batch_size")
    if not isinstance(dimension, Choices):
        return base.batch_size
    return dimension.values[len(dimension.values) // 2]


def budget_of(options: SearchOptions) -> Budget:
    """How much to train, before anything was measured."""
    standard = Budget()
    long = options.baseline_epochs or (
        options.epochs[1] / EPOCHS_OF_BASELINE[1] if options.epochs else standard.baseline_epochs
    )
    low, high = options.epochs or tuple(long * share for share in EPOCHS_OF_BASELINE)
    fixed = options.epochs is not None or options.baseline_epochs is not None
    return Budget(options.trials, long, low, high, options.seeds, fixed)


def sizes_of(work: Work) -> Sizes:
    """What the cost of a run depends on."""
    engine, sizes = work.trainer.engine, work.trainer.sizes()
    curve = min(sizes["validation"], engine.curve_samples) + min(
        sizes["train"], engine.statistics_samples
    )
    return Sizes(sizes["train"], curve, sizes["test"])


def name_of(factory: ModelFactory) -> str:
    """A factory's own name."""
    if isinstance(factory, functools.partial):
        return name_of(factory.func)
    return getattr(factory, "__name__", type(factory).__name__)


def question_of(
    task: TaskData,
    model_name: str,
    engine: Engine,
    space: SearchSpace,
    base: Recipe,
    options: SearchOptions,
) -> dict[str, object]:
    """What makes two searches the same; a study answers one question only."""
    return {
        "data": f"{task.name} {task.fingerprint}",
        "model": model_name,
        "device": engine.device.split(":")[0],
        "objective": options.objective,
        "target": options.target,
        "epochs": options.epochs,
        "baseline_epochs": options.baseline_epochs,
        "seeds": options.seeds,
        "seed": options.seed,
        "space": {k: to_dict(v) for k, v in sorted(space.dimensions.items())},
        "base": to_dict(base),
    }
