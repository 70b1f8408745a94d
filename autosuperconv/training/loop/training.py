"""The training loop: one run, from the first step to its trace.

Every step: set the learning rate from the schedule's table, forward, backward, update. Accuracy is
always measured with batch-norm statistics recalibrated on training data: with the usual running
averages, a short run at a high learning rate measures far too low (issue 2 of
github.com/lnsmith54/super-convergence; the verdict's condition C6).
"""

from __future__ import annotations

import contextlib
import math
import time

from autosuperconv.core.curve import Point, as_curve
from autosuperconv.core.evaluation_budget import Subsets, affordable
from autosuperconv.core.schedule import LrMomentum, tabulate
from autosuperconv.core.schedule.reach import steps_of
from autosuperconv.core.trace import (
    Job,
    OnPoint,
    PruneTraining,
    Sealed,
    Split,
    StopReason,
    Trace,
)
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.isolation import own_state, seed_all
from autosuperconv.training.engine.system import ran_out
from autosuperconv.training.engine.undisturbed import undisturbed
from autosuperconv.training.feed import Batches
from autosuperconv.training.loop.curvature import CurvatureWatch
from autosuperconv.training.loop.divergence import DivergenceWatch, RecentLosses
from autosuperconv.training.loop.evaluation import end_problem, evaluate, recalibrate
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.models import ModelFactory

LOSS_POINTS = 50
CHECK_EVERY = 8  # steps between two checks of the losses: each waits for the GPU


class Training:
    """One run in progress."""

    def __init__(
        self,
        job: Job,
        data: TaskData,
        factory: ModelFactory,
        engine: Engine,
        batches: Batches,
        on_point: OnPoint | None = None,
    ) -> None:
        self.job, self.engine, self.batches, self.on_point = job, engine, batches, on_point
        self.classes = data.classes
        self.majority_accuracy = data.majority_on(job.measured_on)
        recipe = job.recipe
        self.factory = factory
        self.steps = steps_of(recipe, batches.n_train)
        self.table = tabulate(recipe, self.steps)
        self.evaluate_after = {max(1, round(p * self.steps)) for p in job.phases} | {self.steps}
        spread = range(1, LOSS_POINTS + 1)
        self.point_after = {math.ceil(self.steps * i / LOSS_POINTS) for i in spread}
        self.points: list[Point] = []
        self.watch = DivergenceWatch()
        self.recent = RecentLosses(self.watch)
        self.done = 0
        self.evaluated = batches.size(job.measured_on)
        self.final: tuple[float, float] | None = None
        self.sealed: Sealed | None = None
        self.curvature: CurvatureWatch | None = None
        self.on_the_way = self._subsets()

    def carry_out(self) -> Trace:
        """Train to the end, or until something ends it."""
        started = time.perf_counter()
        stopped: StopReason
        accuracy = loss = None
        try:
            self._build()
            detail = self._train()
            if not detail:
                loss, accuracy = self.final or self._measure(None)
                detail = end_problem(
                    loss, accuracy, self.classes, self.evaluated, self.majority_accuracy
                )
                if self.job.sealed and not detail:
                    self.sealed = self._measure_sealed()
            stopped = StopReason.DIVERGED if detail else StopReason.COMPLETED
        except PruneTraining as why:
            stopped, detail = StopReason.PRUNED, str(why)
        except Exception as error:
            if not ran_out(error):
                raise
            stopped = StopReason.OUT_OF_MEMORY
            detail = f"a batch of {self.job.recipe.batch_size} does not fit in memory"
        seconds = time.perf_counter() - started
        return self._trace(stopped, detail, accuracy, loss, seconds)

    def _build(self) -> None:
        """The model on the device, which may have no room for it."""
        self.learner = Learner(self.job.recipe, self.factory, self.engine)
        self.model = self.learner.model
        if self.job.curvature:
            self.curvature = CurvatureWatch(self.model, self.job.recipe.label_smoothing)

    def _train(self) -> str:
        """All steps; returns why the run diverged, or ""."""
        recipe = self.job.recipe
        self.model.train()
        batches = self.batches.training(recipe.batch_size, recipe.seed)
        with contextlib.closing(batches):
            for x, y in batches:
                now = self.table[self.done]
                loss, scores = self.learner.step(x, y, now)
                self.done += 1
                if self.curvature is not None:
                    self.curvature.take((x, y), now.lr)
                self.recent.add(loss, (scores.argmax(1) == y).sum())
                if problem := self._check(now):
                    return f"{problem} of {self.steps}"
                if self.done == self.steps:
                    return ""
        raise AssertionError("training batches never end")

    def _check(self, now: LrMomentum) -> str:
        """At some steps: check the losses, add a point, evaluate; why the run diverged, or ""."""
        due = self.done in self.point_after or self.done in self.evaluate_after
        if not due and self.done % CHECK_EVERY:
            return ""
        problem = self.recent.check()
        if problem or due:
            self._add_point(now, *self.recent.means(self.job.recipe.batch_size), not problem)
        return problem

    def _add_point(self, now: LrMomentum, loss: float, accuracy: float, evaluate: bool) -> None:
        """Add a point to the curve, and pass it to the callback."""
        measured: tuple[float, float] | tuple[None, None] = (None, None)
        if evaluate and self.done in self.evaluate_after:
            last = self.done == self.steps  # measured once, on the whole split
            measured = self._measure(None if last else self.on_the_way)
            self.final = measured if last else None
        samples = self.done * self.job.recipe.batch_size
        point = Point(
            step=self.done,
            phase=self.done / self.steps,
            epoch=samples / self.batches.n_train,
            samples=samples,
            lr=now.lr,
            momentum=now.momentum,
            train_loss=loss,
            train_accuracy=accuracy,
            loss=measured[0],
            accuracy=measured[1],
            **(self.curvature.columns(measured[1] is not None) if self.curvature else {}),
        )
        self.points.append(point)
        if self.on_point is not None:
            with own_state():
                self.on_point(point)

    def _subsets(self) -> Subsets:
        """How many samples an evaluation before the end uses."""
        most = Subsets(self.engine.statistics_samples, self.engine.curve_samples)
        if self.job.curve_share is None:
            return most
        samples, evaluations = self.steps * self.job.recipe.batch_size, len(self.evaluate_after) - 1
        return affordable(samples, evaluations, self.job.curve_share, most)

    def _measure(self, subsets: Subsets | None) -> tuple[float, float]:
        """Loss and accuracy on a part of the split, or on all of it."""
        samples = subsets.statistics if subsets else self.engine.statistics_samples
        limit = subsets.curve if subsets else None
        last = subsets is None  # nothing follows it
        with own_state() if last else undisturbed(self.model):
            seed_all(self.job.recipe.seed, self.engine.device)
            recalibrate(self.model, self.batches.statistics(samples), self.engine)
            return self._evaluate(self.job.measured_on, limit)

    def _measure_sealed(self) -> Sealed:
        """The end of the run on the test split; follows `_measure`, whose statistics it uses."""
        split: Split = "test"
        with own_state():
            seed_all(self.job.recipe.seed, self.engine.device)
            loss, accuracy = self._evaluate(split, None)
        return Sealed(accuracy, loss, self.batches.size(split))

    def _evaluate(self, split: Split, limit: int | None) -> tuple[float, float]:
        return evaluate(self.model, self.batches.evaluation(split, limit), self.engine)

    def _trace(
        self,
        stopped: StopReason,
        detail: str,
        accuracy: float | None,
        loss: float | None,
        seconds: float,
    ) -> Trace:
        return Trace(
            recipe=self.job.recipe,
            measured_on=self.job.measured_on,
            curve=as_curve(self.points),
            accuracy=accuracy,
            loss=loss,
            stopped_because=stopped,
            detail=detail,
            classes=self.classes,
            evaluated=self.evaluated,
            steps=self.done,
            samples=self.done * self.job.recipe.batch_size,
            seconds=seconds,
            majority_accuracy=self.majority_accuracy,
            reached_lr=max((now.lr for now in self.table[: self.done]), default=0.0),
            notes=(*self.batches.notes, *(self.curvature.notes if self.curvature else ())),
            sealed=self.sealed,
        )
