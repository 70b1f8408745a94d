"""`Job` (a run that is requested) and `Trace` (what happened).

These two and `Recipe` are all that crosses between training and tuning.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from autosuperconv.core.curve import Curve, Point
from autosuperconv.core.format import number, percent
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
    """A run that is requested.

    Args:
        recipe: what to train.
        measured_on: the split on which accuracy is measured. Only the ablation measures on the
            test split alone.
        phases: shares of the run, rising and in (0, 1], after which to evaluate. The last
            evaluation is always the end of the run.
        curvature: also measure what learning rate the curvature suggests.
        curve_share: share of the cost of training that evaluations before the end may take, as
            far as their subsets can be made smaller; None: no limit.
        sealed: also measure the end of the run on the test split. Nothing before the confirmation
            may read it, but for the spread between seeds of one recipe.
    """

    recipe: Recipe
    measured_on: Split = "validation"
    phases: tuple[float, ...] = (1.0,)
    curvature: bool = False
    curve_share: float | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """The end of a run on the test split.

    Args:
        accuracy: on the whole split, fraction of 1.
        loss: likewise.
        evaluated: samples behind both.
    """

    accuracy: float
    loss: float | None
    evaluated: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened in one run.

    Args:
        recipe: what was trained.
        measured_on: the split behind `accuracy` and `loss`.
        curve: its course. Accuracies before the end may come from a subset of the split.
        accuracy: at the end of the run, on the whole split, fraction of 1; None where the run
            did not get there.
        loss: as `accuracy`.
        stopped_because: why the run ended.
        detail: one sentence more on that, or "".
        classes: of the task.
        evaluated: samples behind the final `accuracy`.
        steps: that were really made.
        samples: training samples that were really seen.
        seconds: that it really took, evaluation included.
        majority_accuracy: majority-class accuracy, where classes are unbalanced.
        reached_lr: highest learning rate of the steps that were made; None where the trainer does
            not say.
        notes: what could not be measured beside the run, and why; one sentence each.
        sealed: the end of the run on the test split; None where it was not requested, or the run
            did not get there.
    """

    recipe: Recipe
    measured_on: Split
    curve: Curve
    accuracy: float | None
    loss: float | None
    stopped_because: StopReason
    detail: str
    classes: int
    evaluated: int
    steps: int
    samples: int
    seconds: float
    majority_accuracy: float | None = None
    reached_lr: float | None = None
    notes: tuple[str, ...] = ()
    sealed: Sealed | None = None

    def opened(self) -> Trace:
        """The same run as measured on the test split; its curve stays that of the other split.

        A run that did not get to its end has no accuracy on either.
        """
        if self.sealed is None:
            return replace(self, measured_on="test", accuracy=None, loss=None)
        end = self.sealed
        return replace(
            self,
            measured_on="test",
            accuracy=end.accuracy,
            loss=end.loss,
            evaluated=end.evaluated,
        )

    @property
    def chance(self) -> float:
        """Accuracy without learning anything."""
        return 1 / self.classes if self.majority_accuracy is None else self.majority_accuracy

    @property
    def highest_lr(self) -> float:
        """The highest learning rate that the run had, which need not be the recipe's `max_lr`."""
        if self.reached_lr is not None:
            return self.reached_lr
        return max(self.curve.lr, default=self.recipe.max_lr)

    @property
    def phase(self) -> float:
        """Share of the run that was done."""
        return self.curve.phase[-1] if self.curve.phase else 0.0

    @property
    def epochs(self) -> float:
        """Passes over the training data that were really made."""
        return self.curve.epoch[-1] if self.curve.epoch else 0.0

    @property
    def completed(self) -> bool:
        return self.stopped_because == StopReason.COMPLETED

    @property
    def diverged(self) -> bool:
        return self.stopped_because == StopReason.DIVERGED

    @property
    def outcome(self) -> str:
        """How the run ended, e.g. "92.04 % after 4.5 epochs"."""
        if self.accuracy is not None and self.completed:
            epochs = number(self.epochs or self.recipe.epochs)
            return f"{percent(self.accuracy)} after {epochs} epochs"
        return ": ".join(text for text in (self.stopped_because, self.detail) if text)

    @property
    def samples_per_second(self) -> float:
        return self.samples / self.seconds if self.seconds > 0 else math.nan


class PruneTraining(Exception):
    """Raised by an `on_point` callback to end the run early; the message says why."""


OnPoint = Callable[[Point], None]


class Trainer(Protocol):
    """Carries out a job: the interface between the search and whatever trains.

    A trainer must be picklable, and the same job must give the same trace.
    """

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace: ...


@runtime_checkable
class SharesData(Protocol):
    """A trainer whose data all processes of a machine can read from one place."""

    def shared(self) -> AbstractContextManager[object]:
        """While it is open: what to send to a process; unpickled there, it is the trainer.

        Where sharing is not possible, that is the trainer itself.
        """
        ...
