"""The training loop: one `Job` in, one `Trace` out.

Every step: set the rate from the schedule's table, forward, backward, update. Accuracy is always
measured with batch-norm statistics recalibrated on training data: with the usual running averages
a short high-rate run reads far too low (facts in Smith & Topin's issue 2; condition C6).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import Rate, tabulate
from autosuperconv.core.trace import (
    Job,
    OnPoint,
    Point,
    PruneTraining,
    StoppedBecause,
    Trace,
)
from autosuperconv.errors import DataError
from autosuperconv.training.batches import Batches, make_batches, size_of
from autosuperconv.training.data import Split, TaskData
from autosuperconv.training.engine import Engine, autocast, isolated
from autosuperconv.training.evaluation import chance_complaint, evaluate, recalibrate
from autosuperconv.training.models import ModelFactory, set_dropout
from autosuperconv.training.optimizer import make_optimizer, set_rate

LOSS_POINTS = 50
DIVERGED_LOSS = 4.0


class TorchTrainer:
    """The `Trainer` of this package: any `nn.Module` on any classification data.

    Args:
        data: the splits. factory: builds a fresh, untrained model. engine: how to run it.
    """

    def __init__(self, data: TaskData, factory: ModelFactory, engine: Engine) -> None:
        self.data, self.factory, self.engine = data, factory, engine
        self._batches: Batches | None = None

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        batches = self.batches()
        _check_batch(job.recipe, batches.n_train)
        with isolated(self.engine):
            return Run(job, self, batches, on_point).carry_out()

    def batches(self) -> Batches:
        """The data, brought to the device at the first call."""
        if self._batches is None:
            self._batches = make_batches(self.data, self.engine)
        return self._batches

    @property
    def n_train(self) -> int:
        """Training samples of one epoch."""
        return self.sizes()["train"]

    def sizes(self) -> dict[str, int]:
        """Samples of each split."""
        data = self.data
        return {
            "train": size_of(data.train),
            "validation": size_of(data.validation),
            "test": size_of(data.test),
        }

    def choices(self) -> tuple[str, ...]:
        """What the engine does and why, one sentence each."""
        kind = "resident on the device" if isinstance(self.data.train, Split) else "streamed"
        engine = self.engine
        return (
            f"Data {kind}.",
            f"{engine.precision}, {engine.memory_format}, device {engine.device}.",
        )

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_batches": None}


def steps_of(recipe: Recipe, n_train: int) -> int:
    """Steps of a run: whole batches, as near to `epochs` as they come; at least two."""
    return max(2, round(recipe.epochs * n_train / recipe.batch_size))


def _check_batch(recipe: Recipe, n_train: int) -> None:
    if recipe.batch_size > n_train:
        raise DataError(
            f"batch_size must be at most the number of training samples, {n_train}, "
            f"but got {recipe.batch_size}. Lower the batch size or give more data."
        )


@dataclass
class LossWatch:
    """Tells divergence: a loss that is not finite, or far above its start."""

    start: float = 0.0
    average: float = 0.0
    seen: int = 0

    def complaint(self, loss: float) -> str:
        """Take one step's loss; "" while all is well."""
        if not math.isfinite(loss):
            return "the loss is not finite"
        if self.seen == 0:
            self.start = loss
        self.seen += 1
        self.average = 0.9 * self.average + 0.1 * loss
        level = self.average / (1 - 0.9**self.seen)
        if level > DIVERGED_LOSS * max(self.start, 0.5):
            return f"the loss, {level:.3g}, is {level / self.start:.1f} x its start"
        return ""


class Run:
    """One run in progress."""

    def __init__(
        self, job: Job, trainer: TorchTrainer, batches: Batches, on_point: OnPoint | None
    ) -> None:
        self.job, self.engine, self.batches, self.on_point = job, trainer.engine, batches, on_point
        self.classes = trainer.data.classes
        recipe = job.recipe
        torch.manual_seed(recipe.seed)
        self.model = trainer.factory().to(self.engine.device)
        if self.engine.memory_format == "channels_last":
            self.model.to(memory_format=torch.channels_last)
        set_dropout(self.model, recipe.dropout)
        self.optimizer = make_optimizer(recipe, self.model)
        self.steps = steps_of(recipe, batches.n_train)
        self.rates = tabulate(recipe, self.steps)
        self.evaluate_after = {max(1, round(p * self.steps)) for p in job.phases} | {self.steps}
        spread = range(1, LOSS_POINTS + 1)
        self.note_after = {math.ceil(self.steps * i / LOSS_POINTS) for i in spread}
        self.points: list[Point] = []
        self.watch = LossWatch()
        self.done = 0
        self.evaluated = batches.size(job.measured_on)
        self.final: tuple[float, float] | None = None

    def carry_out(self) -> Trace:
        """Train to the end, or until something ends it."""
        started = time.perf_counter()
        stopped: StoppedBecause
        accuracy = loss = None
        try:
            detail = self._train()
            if not detail:
                loss, accuracy = self.final or self._measure(None)
                detail = chance_complaint(accuracy, self.classes, self.evaluated)
            stopped = "diverged" if detail else "completed"
        except PruneTraining as why:
            stopped, detail = "pruned", str(why)
        except torch.cuda.OutOfMemoryError:
            stopped, detail = "out-of-memory", f"batch {self.job.recipe.batch_size} does not fit"
        seconds = time.perf_counter() - started
        return self._trace(stopped, detail, accuracy, loss, seconds)

    def _train(self) -> str:
        """All steps; returns why the run diverged, or ""."""
        sums = torch.zeros(2, device=self.engine.device)
        since = 0
        recipe = self.job.recipe
        for x, y in self.batches.training(recipe.batch_size, recipe.seed):
            rate = self.rates[self.done]
            loss, correct = self._step(x, y, rate)
            sums += torch.stack((loss, correct))
            since += 1
            self.done += 1
            complaint = self.watch.complaint(loss.item())
            if complaint or self.done in self.note_after or self.done in self.evaluate_after:
                mean_loss, mean_accuracy = (sums / since).tolist()
                self._note(rate, mean_loss, mean_accuracy, evaluate=not complaint)
                sums.zero_()
                since = 0
            if complaint or self.done == self.steps:
                return f"{complaint} at step {self.done} of {self.steps}" if complaint else ""
        raise AssertionError("training batches never end")

    def _step(self, x: Tensor, y: Tensor, rate: Rate) -> tuple[Tensor, Tensor]:
        """One update; returns (mean loss, share correct) of the batch, both on the device."""
        set_rate(self.optimizer, rate)
        self.model.train()
        with autocast(self.engine):
            scores = self.model(x)
            loss = functional.cross_entropy(
                scores, y, label_smoothing=self.job.recipe.label_smoothing
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach(), (scores.detach().argmax(1) == y).float().mean()

    def _note(self, rate: Rate, loss: float, accuracy: float, evaluate: bool) -> None:
        """Keep a point, and show it to whoever watches."""
        measured: tuple[float, float] | tuple[None, None] = (None, None)
        if evaluate and self.done in self.evaluate_after:
            measured = self._measure(self.engine.curve_samples)
            if self.done == self.steps and self.evaluated <= self.engine.curve_samples:
                self.final = measured
        samples = self.done * self.job.recipe.batch_size
        point = Point(
            step=self.done,
            phase=self.done / self.steps,
            epoch=samples / self.batches.n_train,
            samples=samples,
            lr=rate.lr,
            momentum=rate.momentum,
            train_loss=loss,
            train_accuracy=accuracy,
            loss=measured[0],
            accuracy=measured[1],
        )
        self.points.append(point)
        if self.on_point is not None:
            self.on_point(point)

    def _measure(self, limit: int | None) -> tuple[float, float]:
        recalibrate(self.model, self.batches.statistics(), self.engine)
        return evaluate(
            self.model, self.batches.evaluation(self.job.measured_on, limit), self.engine
        )

    def _trace(
        self,
        stopped: StoppedBecause,
        detail: str,
        accuracy: float | None,
        loss: float | None,
        seconds: float,
    ) -> Trace:
        return Trace(
            recipe=self.job.recipe,
            measured_on=self.job.measured_on,
            points=tuple(self.points),
            accuracy=accuracy,
            loss=loss,
            stopped_because=stopped,
            detail=detail,
            classes=self.classes,
            evaluated=self.evaluated,
            steps=self.done,
            samples=self.done * self.job.recipe.batch_size,
            seconds=seconds,
        )
