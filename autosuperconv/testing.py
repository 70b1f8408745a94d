"""A shipped fake: a `Trainer` that computes accuracy from a formula instead of training.

For tests of whatever works with traces: yours and ours. Never behind a reported number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.trace import (
    Job,
    OnPoint,
    Point,
    PruneTraining,
    StopReason,
    Trace,
    evenly,
)


@dataclass(frozen=True, slots=True)
class SurfaceTrainer:
    """An analytic surface with a cliff.

    A run's accuracy approaches `best` as its integrated learning rate grows, loses where weight
    decay is far from `weight_decay`, and falls to chance at once above `edge`. While the rate is
    high the accuracy on the way is lower, as in real cycles.

    Args:
        edge: learning rate above which every run diverges.
        best: accuracy of an endless run at the best weight decay, fraction of 1.
        weight_decay: the best one.
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
            rate = schedule(phase)
            before = points[-1].phase if points else 0.0
            dose += rate.lr * (phase - before) * job.recipe.epochs
            broken = rate.lr > self.edge
            point = self._point(job, phase, rate.lr, rate.momentum, dose, broken)
            points.append(point)
            try:
                if on_point is not None:
                    on_point(point)
            except PruneTraining as why:
                stopped, detail = StopReason.PRUNED, str(why)
                break
            if broken:
                stopped, detail = (
                    StopReason.DIVERGED,
                    f"the rate {rate.lr:.3g} is above {self.edge:g}",
                )
                break
        return self._trace(job, tuple(points), stopped, detail)

    def _accuracy(self, recipe: Recipe, dose: float, rate: float) -> float:
        decades = abs(math.log10(max(recipe.weight_decay, 1e-8) / self.weight_decay))
        learned = 1 - math.exp(-4 * dose)
        quiet = 1 - 0.25 * min(rate / self.edge, 1.0)
        chance = 1 / self.classes
        return chance + (self.best - chance - 0.01 * decades) * learned * quiet

    def _point(
        self, job: Job, phase: float, lr: float, momentum: float, dose: float, broken: bool
    ) -> Point:
        accuracy = 1 / self.classes if broken else self._accuracy(job.recipe, dose, lr)
        steps = max(2, round(job.recipe.epochs * self.n_train / job.recipe.batch_size))
        return Point(
            step=max(1, round(phase * steps)),
            phase=phase,
            epoch=phase * job.recipe.epochs,
            samples=round(phase * job.recipe.epochs * self.n_train),
            lr=lr,
            momentum=momentum,
            train_loss=math.inf if broken else -math.log(accuracy),
            accuracy=accuracy if phase in job.phases and not broken else None,
        )

    def _trace(
        self, job: Job, points: tuple[Point, ...], stopped: StopReason, detail: str
    ) -> Trace:
        rng = np.random.default_rng([job.recipe.seed, job.recipe.batch_size])
        last = points[-1]
        end = self._accuracy(job.recipe, self._dose(points), last.lr) + rng.normal(0, self.noise)
        return Trace(
            recipe=job.recipe,
            measured_on=job.measured_on,
            points=points,
            accuracy=min(end, 1.0) if stopped == StopReason.COMPLETED else None,
            loss=None,
            stopped_because=stopped,
            detail=detail,
            classes=self.classes,
            evaluated=1000,
            steps=last.step,
            samples=last.samples,
            seconds=last.samples / 1e6,
        )

    def _dose(self, points: tuple[Point, ...]) -> float:
        """The integral of the learning rate over epochs."""
        before = 0.0
        dose = 0.0
        for point in points:
            dose += point.lr * (point.epoch - before)
            before = point.epoch
        return dose
