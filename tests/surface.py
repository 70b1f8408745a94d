"""Whole searches whose runs are computed, not trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autosuperconv.core.events import Listener, silent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Settings
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices, Dimension, Range
from autosuperconv.core.trace import Trainer
from autosuperconv.pipeline.setup import Work, open_work
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import Executor, InProcess

SPACE: dict[str, Dimension] = {
    "batch_size": Choices((16, 32)),
    "max_lr": Range(1e-3, 10.0, log=True),
    "weight_decay": Range(1e-6, 1e-2, log=True),
}


def settings(name: str = "surface", **changed: object) -> Settings:
    given = {
        "study_name": name,
        "dataset": "surface",
        "model": "surface",
        "objective": "cost",
        "cost": "samples",
        "target": None,
        "seed": 0,
        "n_train": 1000,
        "n_validation": 1000,
        "n_test": 1000,
        "classes": 10,
        "device": "cpu",
        "command": "autosuperconv search",
    }
    return Settings(**{**given, **changed})  # type: ignore[arg-type]


def make_setup(
    folder: Path,
    trials: int = 12,
    epochs: tuple[float, float] | None = (1.0, 4.0),
    baseline_epochs: float | None = 20.0,
    sampler: str = "tpe",
    pruner: str = "phase",
    max_seeds: int = 3,
    dimensions: dict[str, Dimension] = SPACE,
    **changed: object,
) -> Setup:
    return Setup(
        settings=settings(**changed),  # type: ignore[arg-type]
        dimensions=dimensions,
        base=Recipe(max_lr=1.0, batch_size=32),
        trials=trials,
        epochs=epochs,
        baseline_epochs=baseline_epochs,
        seeds=3,
        max_seeds=max_seeds,
        sampler=sampler,
        pruner=pruner,
        curve_cost=300,
        statistics=0,
        choices=("Computed, not trained.",),
        environment={"python": "3"},
        out=str(folder / "out"),
    )


@contextmanager
def surface_work(
    folder: Path,
    setup: Setup | None = None,
    trainer: Trainer = SurfaceTrainer(),
    executor: Executor | None = None,
    listener: Listener = silent,
    timeout: float | None = None,
) -> Iterator[Work]:
    setup = setup or make_setup(folder)
    executor = executor or InProcess(trainer)
    fingerprint: dict[str, object] = {"data": "surface", "objective": setup.settings.objective}
    storage = str(folder / "study.journal")
    with open_work(setup, fingerprint, executor, storage, timeout, listener) as work:
        yield work
