"""Everything that is checked and chosen before the first run."""

from __future__ import annotations

import functools
import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from autosuperconv.core.events import Event, Listener, silent
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import FORMAT_VERSION, Plan, Settings
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.serialization import to_dict, to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices, Dimension, Range, SearchSpace
from autosuperconv.errors import InvalidSpace
from autosuperconv.pipeline.resources import ENGINE, settle
from autosuperconv.reporting.dashboard.note import LiveNote, set_note
from autosuperconv.reporting.files import check_writable
from autosuperconv.training.data.arrays import Data, as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.network import declares_dropout, network_fingerprint
from autosuperconv.tuning.samplers import check_sampler
from autosuperconv.tuning.steps.objective import DIRECTIONS
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.sweep_design import HIGHEST_LR, LOWEST_LR
from autosuperconv.tuning.store.executor import Executor
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.storage import answering, open_storage
from autosuperconv.tuning.store.studies import forget_plan, open_study

LARGEST_BATCH = 512
WEIGHT_DECAY = Range(1e-6, 1e-2, log=True)
DROPOUT = Range(0.0, 0.5)
MAX_LR = Range(LOWEST_LR, HIGHEST_LR, log=True)


@dataclass(frozen=True)
class Work:
    """A search made ready: everything was checked, nothing has been trained."""

    setup: Setup
    session: Session
    searching: bool = True  # and not only reading what a search has found

    def following(self, plan: Plan) -> Work:
        """The same search, its plan known."""
        return replace(self, session=self.session.following(plan))


@contextmanager
def prepare(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions,
    listener: Listener = silent,
) -> Iterator[Work]:
    """Check everything before the first run; workers are given back at the end.

    Raises:
        InvalidInput: an option, the model or the data do not fit.
        StorageUnavailable: the storage does not answer.
    """
    task = task_of(data)
    network = check_model(model_factory, task)
    engine = Engine(resolve_device(options.device), deterministic=options.deterministic)
    trainer = TorchTrainer(task, model_factory, engine)
    dimensions, notes = default_space(declares_dropout(network), trainer.n_train, options.space)
    setup = set_up(trainer, dimensions, options)
    fingerprint = fingerprint_of(task, network_fingerprint(network), setup, options)
    check_setup(setup)
    with answering(options.storage):
        forget_plan(open_storage(options.storage), setup.settings.study_name, fingerprint)
    choice, executor, setup = settle(trainer, setup, options)
    with open_work(
        setup, fingerprint, executor, options.storage, options.timeout, listener, notes
    ) as work:
        work.session.store(ENGINE, to_json(choice))
        yield work


@contextmanager
def open_work(
    setup: Setup,
    fingerprint: dict[str, object],
    executor: Executor,
    storage: str,
    timeout: float | None = None,
    listener: Listener = silent,
    notes: Sequence[str] = (),
) -> Iterator[Work]:
    """Open the study of a search that is set up, whatever trains in it; the executor is stopped
    at the end.

    Args:
        fingerprint: what makes two searches the same.

    Raises:
        InvalidInput: a name or a size in the setup does not hold, or the study is another's.
        StorageUnavailable: the storage does not answer, now or later.
    """
    check_setup(setup)
    check_writable(Path(setup.out))
    direction = DIRECTIONS[setup.settings.objective]
    try:
        with answering(storage):
            study, run_store = open_study(
                open_storage(storage), setup.settings.study_name, fingerprint, direction
            )
            keep_note = functools.partial(set_note, study)
            live = LiveNote(name_of_search(setup), keep_note, time.monotonic)
            session = Session(
                *(study, run_store, executor, told_to(listener, live), storage),
                deadline=None if timeout is None else time.monotonic() + timeout,
            )
            session.remember_start()
            session.store("setup", to_json(setup))
            session.store("artifacts", str((Path(setup.out) / "artifacts").resolve()))
            for note in notes:
                session.note(note)
            try:
                yield Work(setup, session)
            except KeyboardInterrupt:
                session.remember_wall_seconds()
                raise
    finally:
        executor.stop()


def check_setup(setup: Setup) -> None:
    """Refuse now what a later step would refuse.

    Raises:
        InvalidInput: no such sampler, pruner or schedule; a batch that is larger than the data.
    """
    check_sampler(setup.sampler)
    make_pruner(setup.pruner, None, 0.0)
    build_schedule(setup.base, steps=100)
    n_train = setup.settings.n_train
    if setup.batch_sizes[-1] > n_train:
        raise InvalidSpace(
            f"batch_size must be at most the number of training samples, {n_train}, but got "
            f"{setup.batch_sizes[-1]}. Search smaller batches (--batch-size) or give more data."
        )


def told_to(*listeners: Listener) -> Listener:
    """One listener that tells all of them, in their order."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell


def name_of_search(setup: Setup) -> str:
    """E.g. "resnet8 on digits"."""
    return f"{setup.settings.model} on {setup.settings.dataset}"


def set_up(
    trainer: TorchTrainer, dimensions: dict[str, Dimension], options: SearchOptions
) -> Setup:
    """The options, filled in by what the data and the model are."""
    model_name = options.model_name or name_of(trainer.factory)
    study_name = options.study_name or f"{trainer.data.name}-{model_name}"
    study_name = re.sub(r"[^\w.-]+", "-", study_name)
    engine, sizes = trainer.engine, trainer.sizes()
    settings = Settings(
        study_name=study_name,
        dataset=trainer.data.name,
        model=model_name,
        objective=options.objective,
        cost="samples",
        target=options.target,
        seed=options.seed,
        n_train=sizes["train"],
        n_validation=sizes["validation"],
        n_test=sizes["test"],
        classes=trainer.data.classes,
        device=engine.device,
        command=options.command,
    )
    batch_size = middle_batch(dimensions, options.base)
    statistics = min(sizes["train"], engine.statistics_samples)
    return Setup(
        settings=settings,
        dimensions=dimensions,
        base=replace(options.base, batch_size=batch_size, seed=options.seed),
        trials=options.trials,
        epochs=options.epochs,
        baseline_epochs=options.baseline_epochs,
        seeds=options.seeds,
        max_seeds=options.most_seeds,
        sampler=options.sampler,
        pruner=options.pruner,
        curve_cost=min(sizes["validation"], engine.curve_samples) + statistics,
        statistics=statistics,
        choices=(),
        environment={},
        out=str(options.out or Path("runs") / study_name),
        shapley=options.shapley,
        sweep=options.sweep,
        range_test_share=options.range_test_share,
    )


def task_of(data: TaskData | Data) -> TaskData:
    """The data as a task, whichever way they were given."""
    return data if isinstance(data, TaskData) else as_task_data(data)


def default_space(
    has_dropout: bool, n_train: int, wanted: dict[str, Dimension]
) -> tuple[dict[str, Dimension], list[str]]:
    """The space to search, and what the user should know of it.

    Raises:
        InvalidSpace: dropout is asked for, but the model has no dropout layer.
    """
    top = min(LARGEST_BATCH, 2 ** max(3, round(math.log2(4 * math.sqrt(n_train)))))
    dimensions: dict[str, Dimension] = {
        "batch_size": Choices((top // 4, top // 2, top)),
        "dropout": DROPOUT,
        "epochs": Range(1.0, 10.0, log=True),
        "max_lr": MAX_LR,
        "weight_decay": WEIGHT_DECAY,
    }
    space = SearchSpace({**dimensions, **wanted})
    if has_dropout:
        return dict(space.dimensions), []
    if "dropout" in wanted:
        raise InvalidSpace(
            "dropout cannot be searched: the model has no dropout layer. "
            "Add nn.Dropout(0.0) where it should be set, or leave dropout out."
        )
    return dict(space.without("dropout").dimensions), [
        "The model has no dropout layer: dropout is not searched."
    ]


def middle_batch(dimensions: dict[str, Dimension], base: Recipe) -> int:
    """The batch size of the baseline: the middle one of those searched."""
    dimension = dimensions.get("batch_size")
    if not isinstance(dimension, Choices):
        return base.batch_size
    return dimension.values[len(dimension.values) // 2]


def name_of(factory: ModelFactory) -> str:
    """A factory's own name."""
    if isinstance(factory, functools.partial):
        return name_of(factory.func)
    return getattr(factory, "__name__", type(factory).__name__)


def fingerprint_of(
    task: TaskData, network: str, setup: Setup, options: SearchOptions
) -> dict[str, object]:
    """What makes two searches the same; a study holds one search only."""
    settings = setup.settings
    return {
        "format": FORMAT_VERSION,
        "data": f"{task.name} {task.fingerprint}",
        "augment": task.augment,
        "model": f"{settings.model} {network}",
        "device": settings.device.split(":")[0],
        "precision": options.precision,
        "memory_format": options.memory_format,
        "objective": settings.objective,
        "target": settings.target,
        "epochs": setup.epochs,
        "baseline_epochs": setup.baseline_epochs,
        "seed": settings.seed,
        "space": {k: to_dict(v) for k, v in sorted(setup.dimensions.items())},
        "base": to_dict(setup.base),
    }
