"""Everything that is checked and chosen before the first run."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from autosuperconv.core.events import Listener, silent
from autosuperconv.core.format import without_password
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Plan
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import FORMAT_VERSION
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.serialization import digest, to_dict, to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import (
    Choices,
    Dimension,
    Range,
    SearchSpace,
    default_space,
    fixed_value,
)
from autosuperconv.core.user_path import user_path
from autosuperconv.errors import InvalidSpace
from autosuperconv.pipeline.fixed import as_point
from autosuperconv.pipeline.opening import open_session, settled
from autosuperconv.pipeline.own_name import under_own_name
from autosuperconv.pipeline.ownership import owned, refuse_busy
from autosuperconv.pipeline.resources import ENGINE, Resources, choose_resources
from autosuperconv.pipeline.timing import Start, started_now
from autosuperconv.reporting.files import check_writable, refuse_another_report
from autosuperconv.training.data.arrays import Data, as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.network import declares_dropout, network_fingerprint
from autosuperconv.tuning.samplers import sampler_name
from autosuperconv.tuning.steps.pruner import pruner_name
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.storage import explained_errors


@dataclass(frozen=True)
class Work:
    """A search made ready: everything was checked, nothing has been trained.

    Args:
        setup: what it works with.
        session: its study, executor and listener.
        choices: how runs are carried out and why, one sentence each.
        searching: it may train, and is not only read again.
        out: folder of the report; None: the setup's.
    """

    setup: Setup
    session: Session
    choices: tuple[str, ...] = ()
    searching: bool = True
    out: Path | None = None

    def following(self, plan: Plan) -> Work:
        """The same search, its plan known."""
        return replace(self, session=self.session.following(plan))

    @property
    def folder(self) -> Path:
        """Where the report is written."""
        return self.out or self.setup.out


@contextmanager
def open_search(
    model_factory: ModelFactory,
    data: TaskData | Data,
    options: SearchOptions,
    listener: Listener = silent,
    start: Start | None = None,
) -> Iterator[Work]:
    """Check everything before the first run; workers are stopped at the end.

    Args:
        start: when the time limit began; None: now.

    Raises:
        InvalidInput: an option, the model or the data do not fit.
        StorageUnavailable: the storage cannot be used.
    """
    start = start or started_now()
    task = task_of(data)
    network = check_model(model_factory, task)
    engine = Engine(resolve_device(options.device), deterministic=options.deterministic)
    trainer = TorchTrainer(task, model_factory, engine)
    dimensions, notes = space_to_search(declares_dropout(network), trainer.n_train, options.space)
    setup = make_setup(trainer, dimensions, options)
    fingerprint = fingerprint_of(task, network_fingerprint(network), setup)
    check_setup(setup)
    with explained_errors(options.storage):
        setup, named = under_own_name(setup, fingerprint, options.storage)
        refuse_busy(options.storage, setup.study_name)
    resources = choose_resources(trainer, setup, options.storage)
    first = (*named, *setup.warnings)
    told = (*task.notes, *notes, *first)
    with open_work(resources, fingerprint, options.storage, listener, told, start) as work:
        work.session.store(ENGINE, to_json(resources.engine))
        yield replace(work, choices=(*first, *work.choices))


@contextmanager
def open_work(
    resources: Resources,
    fingerprint: dict[str, object],
    storage: str,
    listener: Listener = silent,
    notes: Sequence[str] = (),
    start: Start | None = None,
) -> Iterator[Work]:
    """Open the study of a search that is set up, whatever trains in it; the executor is stopped
    at the end.

    Args:
        resources: the setup, and what trains in it.
        fingerprint: what makes two searches the same.
        storage: where the study is; a URL with its password.
        listener: receives every event.
        notes: what the user should know beforehand.
        start: when the time limit began; None: now.

    Raises:
        InvalidInput: a name or a size in the setup does not hold, or the study is another's or in
            use.
        TakenOver: another start of the search took this one for dead.
        StorageUnavailable: the storage cannot be used, now or later.
    """
    setup, start = resources.setup, start or started_now()
    check_setup(setup)
    refuse_another_report(setup.out, setup.fingerprint)
    is_new = not setup.out.exists()
    check_writable(setup.out)
    try:
        with explained_errors(storage), owned(setup, fingerprint, storage, listener) as ownership:
            session = open_session(resources, fingerprint, storage, listener, ownership, start)
            with settled(session):
                for note in notes:
                    session.note(note)
                yield Work(setup, session, resources.choices)
    except BaseException:
        if is_new:
            with suppress(OSError):  # there is something in it
                setup.out.rmdir()
        raise
    finally:
        resources.executor.stop()


def check_setup(setup: Setup) -> None:
    """Refuse now what a later step would refuse.

    Raises:
        InvalidInput: no such sampler, pruner or schedule; a batch that is larger than the data.
    """
    sampler_name(setup.options.sampler)
    pruner_name(setup.options.pruner)
    build_schedule(setup.base, steps=100)
    if setup.batch_sizes[-1] > setup.n_train:
        raise InvalidSpace(
            f"batch_size must be at most the number of training samples, {setup.n_train}, but got "
            f"{setup.batch_sizes[-1]}. Search smaller batches (--batch-size) or give more data."
        )


def make_setup(
    trainer: TorchTrainer, dimensions: dict[str, Dimension], options: SearchOptions
) -> Setup:
    """The options, completed by what the data and the model are."""
    model = options.model_name or factory_name(trainer.factory)
    study_name = options.study_name or f"{trainer.data.name}-{model}"
    engine, sizes = trainer.engine, trainer.sizes()
    statistics = min(sizes["train"], engine.statistics_samples)
    batch_size = middle_batch(dimensions, options.base)
    out = None if options.out is None else Path(user_path(os.fspath(options.out)))
    named = replace(
        options, sampler=sampler_name(options.sampler), pruner=pruner_name(options.pruner)
    )
    setup = Setup(
        options=replace(named, storage=without_password(options.storage), out=out),
        study_name=re.sub(r"[^\w.-]+", "-", study_name),
        dataset=trainer.data.name,
        model=model,
        n_train=sizes["train"],
        n_validation=sizes["validation"],
        n_test=sizes["test"],
        classes=trainer.data.classes,
        device=engine.device,
        dimensions=dimensions,
        base=replace(options.base, batch_size=batch_size, seed=options.seed),
        curve_cost=min(sizes["validation"], engine.curve_samples) + statistics,
        statistics=statistics,
        environment={},
        inputs=trainer.data.inputs,
        class_names=trainer.data.class_names,
        balance=trainer.data.balance,
    )
    return replace(setup, base=replace(setup.base, **setup.fixed))  # type: ignore[arg-type]


def task_of(data: TaskData | Data) -> TaskData:
    """The data as a task, whichever way they were given."""
    return data if isinstance(data, TaskData) else as_task_data(data)


def space_to_search(
    has_dropout: bool, n_train: int, requested: dict[str, Dimension]
) -> tuple[dict[str, Dimension], list[str]]:
    """The dimensions to search, and what the user should know about them.

    Raises:
        InvalidSpace: dropout is requested, but the model has no dropout layer.
    """
    requested = {name: as_point(dimension) for name, dimension in requested.items()}
    space = SearchSpace({**default_space(n_train), **requested})
    if has_dropout:
        return dict(space.dimensions), []
    if fixed_value(requested.get("dropout", Range(0.0, 0.0))) != 0:
        raise InvalidSpace(
            "dropout cannot be searched: the model has no dropout layer. "
            "Add nn.Dropout(0.0) where it should be set, or leave dropout out."
        )
    return dict(space.without("dropout").dimensions), [
        "The model has no dropout layer, so dropout is not searched."
    ]


def middle_batch(dimensions: dict[str, Dimension], base: Recipe) -> int:
    """The batch size of the baseline: the middle one of those searched."""
    dimension = dimensions.get("batch_size")
    if not isinstance(dimension, Choices):
        return base.batch_size
    return dimension.values[len(dimension.values) // 2]


def factory_name(factory: ModelFactory) -> str:
    """A factory's own name."""
    if isinstance(factory, functools.partial):
        return factory_name(factory.func)
    return getattr(factory, "__name__", type(factory).__name__)


def fingerprint_of(task: TaskData, network: str, setup: Setup) -> dict[str, object]:
    """What makes two searches the same; a study holds one search only."""
    options = setup.options
    return {
        "format": FORMAT_VERSION,
        "data": f"{task.name} {task.fingerprint}",
        "augment": task.augment,
        "normalise": task.normalise,
        "model": f"{setup.model} {network}",
        "device": setup.device.split(":")[0],
        "precision": options.precision,
        "memory_format": options.memory_format,
        "objective": options.objective,
        "target": options.target,
        "margin": options.criterion.margin if options.target is None else None,
        "epochs": options.epochs,
        "baseline_epochs": options.baseline_epochs,
        "baseline": None if options.baseline is None else to_dict(options.baseline),
        "baseline_curves": digest(options.baseline_curves) if options.baseline_curves else None,
        "seed": options.seed,
        "space": {k: to_dict(v) for k, v in sorted(setup.dimensions.items())},
        "base": to_dict(setup.base),
    }
