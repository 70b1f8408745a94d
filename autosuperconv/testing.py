"""For tests, yours and ours: a `Trainer` that computes its accuracy from a formula instead of
training, and a check that holds any trainer to the protocol.

The formula is never behind a reported number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from joblib.externals.loky.backend.reduction import dumps, loads

from autosuperconv.core.curve import Point, as_curve
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum, build_schedule
from autosuperconv.core.schedule.reach import highest_lr, steps_of
from autosuperconv.core.trace import (
    Job,
    OnPoint,
    PruneTraining,
    Sealed,
    Split,
    StopReason,
    Trace,
    Trainer,
    evenly,
)


@dataclass(frozen=True, slots=True)
class SurfaceTrainer:
    """An analytic surface with a cliff.

    A run's accuracy approaches `best` as its integrated learning rate grows, decreases with the
    distance of weight decay from `weight_decay`, and falls to chance at once above `edge`. While
    the learning rate is high, the accuracy is lower, as in real cycles.

    Args:
        edge: learning rate above which every run diverges.
        best: accuracy of an endless run at the best weight decay, fraction of 1.
        weight_decay: at which runs are most accurate.
        noise: standard deviation of the final accuracy over seeds.
        n_train: samples of one epoch.
        classes: of the task.
    """

    edge: float = 3.0
    best: float = 0.95
    weight_decay: float = 1e-4
    noise: float = 0.003
    n_train: int = 1000
    classes: int = 10

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        """The trace that the formula gives; equal jobs, equal traces."""
        phases = sorted({*evenly(20), *job.phases})
        schedule = build_schedule(job.recipe, 1000)
        points: list[Point] = []
        stopped, detail, dose = StopReason.COMPLETED, "", 0.0
        for phase in phases:
            now = schedule(phase)
            before = points[-1].phase if points else 0.0
            dose += now.lr * (phase - before) * job.recipe.epochs
            diverged = now.lr > self.edge
            point = self._point(job, phase, now, dose, diverged)
            points.append(point)
            try:
                if on_point is not None:
                    on_point(point)
            except PruneTraining as why:
                stopped, detail = StopReason.PRUNED, str(why)
                break
            if diverged:
                stopped = StopReason.DIVERGED
                detail = f"the learning rate, {now.lr:.3g}, is above {self.edge:g}"
                break
        return self._trace(job, points, stopped, detail, dose)

    def _accuracy(self, recipe: Recipe, dose: float, lr: float) -> float:
        decades = abs(math.log10(max(recipe.weight_decay, 1e-8) / self.weight_decay))
        learned = 1 - math.exp(-4 * dose)
        quiet = 1 - 0.25 * min(lr / self.edge, 1.0)
        chance = 1 / self.classes
        return chance + (self.best - chance - 0.01 * decades) * learned * quiet

    def _point(self, job: Job, phase: float, now: LrMomentum, dose: float, diverged: bool) -> Point:
        accuracy = 1 / self.classes if diverged else self._accuracy(job.recipe, dose, now.lr)
        steps = steps_of(job.recipe, self.n_train)
        return Point(
            step=max(1, round(phase * steps)),
            phase=phase,
            epoch=phase * job.recipe.epochs,
            samples=round(phase * job.recipe.epochs * self.n_train),
            lr=now.lr,
            momentum=now.momentum,
            train_loss=math.inf if diverged else -math.log(accuracy),
            accuracy=accuracy if phase in job.phases and not diverged else None,
        )

    def _trace(
        self, job: Job, points: Sequence[Point], stopped: StopReason, detail: str, dose: float
    ) -> Trace:
        rng = np.random.default_rng([job.recipe.seed, job.recipe.batch_size])
        last = points[-1]
        expected = self._accuracy(job.recipe, dose, last.lr)
        end = expected + rng.normal(0, self.noise)
        sealed = Sealed(min(expected + rng.normal(0, self.noise), 1.0), None, 1000)
        return Trace(
            recipe=job.recipe,
            measured_on=job.measured_on,
            curve=as_curve(points),
            accuracy=min(end, 1.0) if stopped == StopReason.COMPLETED else None,
            loss=None,
            stopped_because=stopped,
            detail=detail,
            classes=self.classes,
            evaluated=1000,
            steps=last.step,
            samples=last.samples,
            seconds=last.samples / 1e6,
            reached_lr=highest_lr(job.recipe, 1000, math.ceil(1000 * last.phase)),
            sealed=sealed if job.sealed and stopped == StopReason.COMPLETED else None,
        )


def check_trainer(trainer: Trainer, recipe: Recipe) -> None:
    """Hold a trainer to what a search relies on; it trains the recipe eight times.

    Args:
        recipe: one that trains to the end, in 12 steps or more.

    Raises:
        AssertionError: the trainer breaks the protocol; the message says how.
    """
    job = Job(recipe, phases=(0.25, 0.5, 1.0))
    points: list[Point] = []
    trace = trainer(job, points.append)
    _check_ends(trace, recipe)
    _check_points(points, trace, job.phases)
    copied: Trainer = loads(dumps(trainer))  # as a worker process gets it
    alike = _without_time(trace)
    _check(_without_time(trainer(job)) == alike, "the same job must give the same trace")
    _check(_without_time(copied(job)) == alike, "a pickled copy must give the same trace")
    other = trainer(replace(job, recipe=replace(recipe, seed=recipe.seed + 1)))
    differs = _without_time(replace(other, recipe=recipe)) != alike
    _check(differs, "another seed must give another trace")
    _check_splits(trainer, job)
    _check_pruning(trainer, job)


def _check(holds: bool, rule: str) -> None:
    if not holds:
        raise AssertionError(f"{rule}.")


def _without_time(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0)


def _check_ends(trace: Trace, recipe: Recipe) -> None:
    _check(trace.recipe == recipe, "a trace must hold the recipe of its job")
    _check(trace.completed, f"the recipe must train to the end, but: {trace.detail}")
    accuracy = -1.0 if trace.accuracy is None else trace.accuracy
    _check(0 <= accuracy <= 1, f"accuracy must be a fraction of 1, but is {trace.accuracy}")
    _check(trace.seconds >= 0 and trace.samples > 0, "a trace must say what the run cost")


def _check_points(points: list[Point], trace: Trace, phases: tuple[float, ...]) -> None:
    """`on_point` hears of every evaluation, in the order of training."""
    steps = [point.step for point in points]
    _check(steps == sorted(set(steps)), "the points' steps must rise")
    evaluated = [point.phase for point in points if point.accuracy is not None]
    near = len(evaluated) == len(phases) and all(
        abs(at - phase) <= 1 / trace.steps for at, phase in zip(evaluated, phases, strict=True)
    )
    _check(near, f"evaluations must be at the phases {phases}, but are at {tuple(evaluated)}")


def _check_splits(trainer: Trainer, job: Job) -> None:
    ends = {}
    for split in get_args(Split):
        trace = ends[split] = trainer(replace(job, measured_on=split))
        measured_on = trace.measured_on
        _check(measured_on == split, f"a job for {split} must not be measured on {measured_on}")
    sealed = trainer(replace(job, sealed=True))
    plain = _without_time(replace(sealed, sealed=None))
    _check(sealed.sealed is not None, "a sealed job must also measure its end on the test split")
    _check(plain == _without_time(ends["validation"]), "the sealed measurement must change nothing")


def _check_pruning(trainer: Trainer, job: Job) -> None:
    def end(point: Point) -> None:
        if point.accuracy is not None:
            raise PruneTraining("enough")

    trace = trainer(job, end)
    pruned = trace.stopped_because == StopReason.PRUNED and trace.detail == "enough"
    _check(pruned, "PruneTraining must end the run as pruned, with its message as the detail")
    _check(trace.accuracy is None, "a pruned run must have no final accuracy")
