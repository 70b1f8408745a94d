"""Whole searches whose runs are computed, not trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from autosuperconv.core.curve import Point
from autosuperconv.core.events import Listener, silent
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Budget
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices, Dimension, Range
from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.pipeline.resources import Resources
from autosuperconv.pipeline.setup import Work, open_work
from autosuperconv.pipeline.timing import Start
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.training.probe.autotune import EngineChoice
from autosuperconv.tuning.store.executor import Executor, InProcess

SPACE: dict[str, Dimension] = {
    "batch_size": Choices((16, 32)),
    "max_lr": Range(1e-3, 10.0, log=True),
    "weight_decay": Range(1e-6, 1e-2, log=True),
}


BUDGET = Budget(20, 30.0, 2.0, 10.0, seeds=3, fixed=False, factors=5)
OPTIONS = SearchOptions(
    trials=12,
    epochs=(1.0, 4.0),
    baseline_epochs=20.0,
    max_seeds=3,
    sampler="tpe",
    device="cpu",
    command="autosuperconv search",
)


def make_setup(
    folder: Path,
    dimensions: dict[str, Dimension] = SPACE,
    study_name: str = "surface",
    **options: object,
) -> Setup:
    """A search that computes; the options are those above, with some changed."""
    return Setup(
        options=replace(OPTIONS, **{"out": folder / "out", **options}),  # type: ignore[arg-type]
        study_name=study_name,
        dataset="surface",
        model="surface",
        n_train=1000,
        n_validation=1000,
        n_test=1000,
        classes=10,
        device="cpu",
        dimensions=dimensions,
        base=Recipe(max_lr=1.0, batch_size=32),
        curve_cost=300,
        statistics=0,
        environment={"python": "3"},
    )


@contextmanager
def surface_work(
    folder: Path,
    setup: Setup | None = None,
    trainer: Trainer = SurfaceTrainer(),
    executor: Executor | None = None,
    listener: Listener = silent,
    start: Start | None = None,
) -> Iterator[Work]:
    setup = setup or make_setup(folder)
    resources = Resources(
        setup,
        executor or InProcess(trainer),
        EngineChoice("float32", "contiguous", 1, ()),
        ("Computed, not trained.",),
    )
    fingerprint: dict[str, object] = {"data": "surface", "objective": setup.options.objective}
    storage = str(folder / "study.journal")
    with open_work(resources, fingerprint, storage, listener, start=start) as work:
        yield work


@dataclass
class PretendedClock:
    """Goes on as runs are trained, and never by itself."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Taking:
    """A trainer whose runs take time on a pretended clock: so many seconds an epoch, and a moment
    for each run."""

    clock: PretendedClock
    trainer: Trainer
    seconds: float = 1.0
    each: float = 0.05

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        began = self.clock.now
        self.clock.now += self.each

        def pass_time(point: Point) -> None:
            self.clock.now = began + self.each + point.epoch * self.seconds
            if on_point is not None:
                on_point(point)

        trace = self.trainer(job, pass_time)
        return replace(trace, seconds=self.clock.now - began)
