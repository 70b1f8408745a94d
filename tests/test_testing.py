"""The check that holds a trainer to the protocol, and the trainers that pass it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Point, Trace, Trainer
from autosuperconv.testing import SurfaceTrainer, check_trainer
from autosuperconv.training.engine import Engine
from tests.training import made

RECIPE = Recipe(max_lr=0.1, epochs=4.0, batch_size=16)


@pytest.mark.parametrize(
    "trainer",
    [
        SurfaceTrainer(),
        made.trainer(made.dots(), Engine(threads=1)),
        made.trainer(made.streamed(made.dots()), Engine(threads=1)),
    ],
    ids=["surface", "resident", "streamed"],
)
def test_a_trainer_of_this_package_keeps_the_protocol(trainer: Trainer) -> None:
    check_trainer(trainer, RECIPE)


@dataclass
class Forgetful:
    """Never the same twice."""

    runs: int = 0

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        self.runs += 1
        return SurfaceTrainer(best=0.9 + self.runs / 1000)(job, on_point)


class NotCopied(SurfaceTrainer):
    """Loses its settings on the way to another process."""

    def __reduce__(self) -> tuple[type[SurfaceTrainer], tuple[float, float]]:
        return SurfaceTrainer, (3.0, 0.5)


class SameForAllSeeds(SurfaceTrainer):
    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer(noise=0.0)(job, on_point)
        return trace


class OnePhase(SurfaceTrainer):
    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        return SurfaceTrainer.__call__(self, replace(job, phases=(1.0,)), on_point)


class Unwatched(SurfaceTrainer):
    """Shows its points after the run, when nothing can end it any more."""

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        points: list[Point] = []
        trace = SurfaceTrainer.__call__(self, job, points.append)
        for point in points if on_point is not None else []:
            try:
                on_point(point)  # type: ignore[misc]
            except Exception:
                break
        return trace


class AlwaysOnTest(SurfaceTrainer):
    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        return SurfaceTrainer.__call__(self, replace(job, measured_on="test"), on_point)


class InPercent(SurfaceTrainer):
    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer.__call__(self, job, on_point)
        return replace(trace, accuracy=100 * (trace.accuracy or 0))


@pytest.mark.parametrize(
    ("trainer", "rule"),
    [
        (Forgetful(), "the same job must give the same trace"),
        (NotCopied(), "a pickled copy must give the same trace"),
        (SameForAllSeeds(), "another seed must give another trace"),
        (OnePhase(), r"evaluations must be at the phases \(0.25, 0.5, 1.0\)"),
        (Unwatched(), "PruneTraining must end the run as pruned"),
        (AlwaysOnTest(), "a job for validation must not be measured on test"),
        (InPercent(), "accuracy must be a fraction of 1"),
        (SurfaceTrainer(edge=0.01), "the recipe must train to the end"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_trainer_that_breaks_the_protocol_is_told_how(trainer: Trainer, rule: str) -> None:
    with pytest.raises(AssertionError, match=rule):
        check_trainer(trainer, RECIPE)
