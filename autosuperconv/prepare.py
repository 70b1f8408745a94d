"""Everything that is checked and chosen before the first run."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from optuna.trial import Trial

from autosuperconv.core.codec import to_dict, to_json
from autosuperconv.core.events import Event, Listener
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Settings
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices, Dimension, Range, SearchSpace
from autosuperconv.core.trace import Trace
from autosuperconv.errors import InvalidSpace
from autosuperconv.reporting.dashboard import attach_curve, open_artifacts, publish_live
from autosuperconv.reporting.files import check_writable
from autosuperconv.reporting.live import LiveNote
from autosuperconv.training.data import Data, TaskData, as_task_data
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.environment import cpu_workers, describe_environment
from autosuperconv.training.loop import TorchTrainer
from autosuperconv.training.models import ModelFactory, check_model, declares_dropout
from autosuperconv.tuning.executor import Executor, InProcess, Processes
from autosuperconv.tuning.objective import DIRECTIONS
from autosuperconv.tuning.session import Session, open_study
from autosuperconv.tuning.storage import open_storage
from autosuperconv.tuning.summaries import curve_of

STEPS_PER_EPOCH = 8
LARGEST_BATCH = 512
WEIGHT_DECAY = Range(1e-6, 1e-2, log=True)
DROPOUT = Range(0.0, 0.5)
MAX_LR = Range(1e-3, 10.0, log=True)


@dataclass(frozen=True)
class Work:
    """A search made ready: everything was checked, nothing has been trained."""

    setup: Setup
    session: Session


def silent(event: Event) -> None:
    """A listener that listens to nothing."""


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
    check_model(model_factory, task)
    trainer, executor = engage(task, model_factory, options)
    dimensions, notes = default_space(
        declares_dropout(model_factory()), trainer.n_train, options.space
    )
    setup = set_up(trainer, dimensions, options)
    check_writable(Path(setup.out))
    study, ledger = open_study(
        open_storage(options.storage),
        setup.settings.study_name,
        question_of(task, setup),
        DIRECTIONS[options.objective],
    )
    live = LiveNote(name_of_search(setup), functools.partial(publish_live, study), time.monotonic)
    session = Session(study, ledger, executor, told_to(listener, live), options.storage)
    session.store("setup", to_json(setup))
    session.keep_curve = curve_keeper(session, Path(setup.out) / "artifacts")
    if options.timeout is not None:
        session.deadline = time.monotonic() + options.timeout
    for note in notes:
        session.note(note)
    try:
        yield Work(setup, session)
    finally:
        executor.stop()


def told_to(*listeners: Listener) -> Listener:
    """One listener that tells all of them, in their order."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell


def name_of_search(setup: Setup) -> str:
    """E.g. "resnet8 on digits"."""
    return f"{setup.settings.model} on {setup.settings.dataset}"


def curve_keeper(session: Session, folder: Path) -> Callable[[Trial, Trace], None]:
    """Keeps each trial's learning curve as an artifact in the folder."""
    store = open_artifacts(folder)
    session.store("artifacts", str(folder.resolve()))
    return lambda trial, trace: attach_curve(trial, curve_of(trace), store)


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
    return Setup(
        settings=settings,
        dimensions=dimensions,
        base=replace(options.base, batch_size=batch_size, seed=options.seed),
        trials=options.trials,
        epochs=options.epochs,
        baseline_epochs=options.baseline_epochs,
        seeds=options.seeds,
        max_seeds=options.max_seeds,
        sampler=options.sampler,
        pruner=options.pruner,
        curve_cost=min(sizes["validation"], engine.curve_samples)
        + min(sizes["train"], engine.statistics_samples),
        choices=trainer.choices(),
        environment=describe_environment(engine),
        out=str(options.out or Path("runs") / study_name),
        shapley=options.shapley,
    )


def task_of(data: TaskData | Data) -> TaskData:
    """The data as a task, whichever way they were given."""
    return data if isinstance(data, TaskData) else as_task_data(data)


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
) -> tuple[dict[str, Dimension], list[str]]:
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


def question_of(task: TaskData, setup: Setup) -> dict[str, object]:
    """What makes two searches the same; a study answers one question only."""
    settings = setup.settings
    return {
        "data": f"{task.name} {task.fingerprint}",
        "model": settings.model,
        "device": settings.device.split(":")[0],
        "objective": settings.objective,
        "target": settings.target,
        "epochs": setup.epochs,
        "baseline_epochs": setup.baseline_epochs,
        "seed": settings.seed,
        "space": {k: to_dict(v) for k, v in sorted(setup.dimensions.items())},
        "base": to_dict(setup.base),
    }
