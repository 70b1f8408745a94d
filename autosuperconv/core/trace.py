"""`Job` (a run that is asked for) and `Trace` (what happened).

These two and `Recipe` are all that crosses between training and tuning.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from autosuperconv.core.recipe import Recipe

Split = Literal["validation", "test"]


class StopReason(StrEnum):
    """Why a run ended; a trial above the range test's edge never began."""

    COMPLETED = "completed"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    ABOVE_EDGE = "above-edge"
    OUT_OF_MEMORY = "out-of-memory"


def evenly(n: int) -> tuple[float, ...]:
    """n phases, the last at the end."""
    return tuple((i + 1) / n for i in range(n))


@dataclass(frozen=True, slots=True)
class Job:
    """A run that is asked for.

    Args:
        recipe: what to train.
        measured_on: the split on which accuracy is measured. The test split is for
            confirmation alone.
        phases: shares of the run, rising and in (0, 1], after which to evaluate. The last
            evaluation is always the end of the run.
        curvature: measure, too, what learning rate the curvature suggests.
        curve_share: of the cost of training, what evaluations before the end may take at most,
            as far as subsets can be made smaller; None: whatever they take.
    """

    recipe: Recipe
    measured_on: Split = "validation"
    phases: tuple[float, ...] = (1.0,)
    curvature: bool = False
    curve_share: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """The state of a run after some step.

    Args:
        phase: share of the run that is done, in [0, 1].
        epoch: passes over the training data so far.
        samples: training samples seen so far.
        lr: learning rate of the last step.
        momentum: momentum of the last step.
        train_loss: mean over the steps since the last point.
        train_accuracy: mean over the steps since the last point, fraction of 1.
        loss: on the evaluation subset; None where it was not evaluated.
        accuracy: on the evaluation subset, fraction of 1; None where it was not evaluated.
        grad_norm: L2 norm of the last step's gradient; None where it was not measured.
        path_lr: rate suggested by the curvature along the path (Smith & Topin, eq. 8), a moving
            average; None where it was not measured.
        gradient_lr: rate suggested by the curvature along the gradient, g'g / g'Hg; None where it
            was not measured, or the loss does not curve upwards.
    """

    step: int
    phase: float
    epoch: float
    samples: int
    lr: float
    momentum: float
    train_loss: float
    train_accuracy: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    grad_norm: float | None = None
    path_lr: float | None = None
    gradient_lr: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened in one run.

    Args:
        recipe: what was trained.
        measured_on: the split behind `accuracy` and `loss`.
        points: rising in step; the curve. Its accuracies may come from a subset of the split.
        accuracy: at the end of the run, on the whole split, fraction of 1; None where the run
            did not get there.
        loss: as `accuracy`.
        stopped_because: why the run ended.
        detail: one sentence more on that, or "".
        classes: of the task.
        evaluated: samples behind the final `accuracy`.
        steps, samples, seconds: cost that was really paid; seconds include evaluation.
        guess: accuracy of naming the commonest class every time, where classes are unbalanced.
    """

    recipe: Recipe
    measured_on: Split
    points: tuple[Point, ...]
    accuracy: float | None
    loss: float | None
    stopped_because: StopReason
    detail: str
    classes: int
    evaluated: int
    steps: int
    samples: int
    seconds: float
    guess: float | None = None

    @property
    def chance(self) -> float:
        """Accuracy without learning anything."""
        return 1 / self.classes if self.guess is None else self.guess

    @property
    def completed(self) -> bool:
        return self.stopped_because == StopReason.COMPLETED

    @property
    def diverged(self) -> bool:
        return self.stopped_because == StopReason.DIVERGED

    @property
    def samples_per_second(self) -> float:
        return self.samples / self.seconds if self.seconds > 0 else math.nan


class PruneTraining(Exception):
    """Raised by an `on_point` callback to end the run early; the message says why."""


OnPoint = Callable[[Point], None]


class Trainer(Protocol):
    """Does the job. The seam between the search and whatever trains.

    A trainer must be picklable, and the same job must give the same trace.
    """

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace: ...
