"""One run: its steps, its end, its points."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from autosuperconv.core.curve import Point, as_curve
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import SCHEDULES
from autosuperconv.core.schedule.reach import steps_of
from autosuperconv.core.trace import Job, PruneTraining, Trace
from autosuperconv.errors import DataError
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, normalised
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from tests.training.loop.runs import SHORT, Kept, digits_trainer, timeless, with_model
from tests.training.samples import split


@pytest.mark.parametrize(
    ("epochs", "batch_size", "n_train", "steps"),
    [(1.0, 100, 1000, 10), (0.5, 100, 1000, 5), (2.5, 64, 1000, 39), (0.001, 100, 1000, 2)],
)
def test_steps_are_whole_batches_as_near_to_the_epochs_as_they_come(
    epochs: float, batch_size: int, n_train: int, steps: int
) -> None:
    recipe = Recipe(max_lr=1.0, epochs=epochs, batch_size=batch_size)
    assert steps_of(recipe, n_train) == steps


def test_samples_epochs_and_steps_agree(digits: TaskData) -> None:
    run = digits_trainer(digits)
    trace = run(Job(replace(SHORT, epochs=1.5, batch_size=100)))
    steps = round(1.5 * run.n_train / 100)
    assert (trace.steps, trace.samples) == (steps, steps * 100)
    curve = trace.curve
    assert (curve.step[-1], curve.samples[-1], trace.phase) == (steps, steps * 100, 1.0)
    assert trace.epochs == pytest.approx(steps * 100 / run.n_train)
    assert all(a < b for a, b in pairwise(curve.step))


def test_the_sealed_end_is_the_accuracy_of_the_same_run_on_the_test_split(digits: TaskData) -> None:
    run = digits_trainer(digits)
    plain, on_test = run(Job(SHORT)), run(Job(SHORT, "test"))
    sealed = run(Job(SHORT, sealed=True))
    assert timeless(replace(sealed, sealed=None)) == timeless(plain)  # measuring it changes nothing
    opened = sealed.opened()
    assert (opened.accuracy, opened.loss) == (on_test.accuracy, on_test.loss)
    assert (opened.evaluated, opened.measured_on) == (on_test.evaluated, "test")
    assert opened.curve == sealed.curve


def test_a_run_that_diverges_has_no_accuracy_when_it_is_opened(digits: TaskData) -> None:
    trace = digits_trainer(digits)(Job(replace(SHORT, max_lr=1e6), sealed=True))
    assert (trace.diverged, trace.sealed) == (True, None)
    assert trace.opened().accuracy is None


class Recorder(nn.Module):
    """Keeps what it is shown while training."""

    def __init__(self, seen: list[torch.Tensor]) -> None:
        super().__init__()
        self.inner, self.seen = nn.Linear(4, 3), seen

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen.append(x.detach().clone())
        return self.inner(x)  # type: ignore[no-any-return]


def numbered(n: int = 50) -> TaskData:
    """Features that tell which sample it is."""
    x = np.arange(4 * n, dtype=np.float32).reshape(n, 4)
    return as_task_data((x, np.arange(n) % 3))


def test_every_sample_is_seen_once_an_epoch_and_a_batch_may_span_two() -> None:
    data, seen = numbered(), list[torch.Tensor]()
    n = len(split(data.train))
    with_model(data, lambda: Recorder(seen))(Job(Recipe(max_lr=1e-4, epochs=3.0, batch_size=7)))
    assert {len(batch) for batch in seen} == {7}
    first = torch.cat(seen)[:, 0].tolist()
    assert n % 7 != 0
    for epoch in range(len(first) // n):
        assert len(set(first[epoch * n : (epoch + 1) * n])) == n
    assert first[:n] != first[n : 2 * n]


def test_a_batch_larger_than_the_data_is_refused(digits: TaskData) -> None:
    with pytest.raises(DataError, match=r"at most the number of training samples, \d+, but got"):
        digits_trainer(digits)(Job(replace(SHORT, batch_size=5000)))


def test_a_huge_rate_is_stopped_within_a_few_steps_and_says_why(digits: TaskData) -> None:
    recipe = replace(SHORT, max_lr=1e6, div_factor=1.0, schedule="constant", epochs=5.0)
    trace = digits_trainer(digits)(Job(recipe))
    assert trace.diverged
    assert trace.steps <= 10
    assert "loss" in trace.detail
    assert f"at step {trace.steps} of" in trace.detail
    assert trace.accuracy is None


class Poisoned(nn.Module):
    """Returns NaN from its third training step."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.steps = nn.Linear(64, 10), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.steps += self.training
        scores: torch.Tensor = self.inner(x.flatten(1))
        return scores * (math.nan if self.steps >= 3 else 1.0)


def test_a_loss_that_is_not_a_number_stops_the_run_there(digits: TaskData) -> None:
    trace = with_model(digits, Poisoned)(Job(SHORT))
    assert trace.diverged
    assert trace.steps == 3
    assert "not finite" in trace.detail
    assert trace.curve.step[-1] == 3


class Stuck(nn.Module):
    """Always says class 0, whatever it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = torch.zeros(len(x), 10)
        scores[:, 0] = 1
        return scores * (1 + 0 * self.weight)


def test_the_accuracy_of_guessing_at_the_end_counts_as_diverged(digits: TaskData) -> None:
    trace = with_model(digits, Stuck)(Job(SHORT))
    assert trace.diverged
    assert "is no better than chance" in trace.detail
    assert trace.steps == steps_of(SHORT, digits_trainer(digits).n_train)


@pytest.mark.parametrize("measured_on", ["validation", "test"])
def test_the_accuracy_at_the_end_is_that_of_plain_torch_on_the_whole_split(
    measured_on: str, digits: TaskData
) -> None:
    kept = Kept(model_factory("mlp", digits.shape, digits.classes))
    run = TorchTrainer(digits, kept, Engine(curve_samples=50, evaluation_batch=33))
    trace = run(Job(SHORT, measured_on))  # type: ignore[arg-type]
    part = split(getattr(digits, measured_on))
    kept.model.eval()
    with torch.no_grad():
        scores = kept.model(normalised(part.x, digits))
    assert trace.accuracy == pytest.approx((scores.argmax(1) == part.y).double().mean().item())
    assert trace.loss == pytest.approx(functional.cross_entropy(scores, part.y).item(), rel=1e-5)
    assert trace.evaluated == len(part)


def test_a_share_bounds_what_a_curve_costs_and_changes_no_end(digits: TaskData) -> None:
    seen: list[int] = []
    net = model_factory("mlp", digits.shape, digits.classes)

    def counting() -> nn.Module:
        model = net()
        model.register_forward_hook(
            lambda m, x, y: None if m.training else seen.append(len(y))  # type: ignore[func-returns-value]
        )
        return model

    def evaluated(share: float | None) -> tuple[int, Trace]:
        seen.clear()
        run = TorchTrainer(digits, counting, Engine(threads=1))
        trace = run(Job(SHORT, phases=(0.25, 0.5, 1.0), curve_share=share))
        return sum(seen) - trace.evaluated, trace

    whole, freely = evaluated(None)
    bounded, cheaply = evaluated(0.1)
    validation = len(split(digits.validation))
    assert whole == 2 * validation
    assert bounded == 2 * 200
    assert cheaply.accuracy == freely.accuracy
    assert evaluated(0.1)[1].curve == cheaply.curve


def test_points_are_evaluated_at_the_phases_that_were_asked_for(digits: TaskData) -> None:
    trace = digits_trainer(digits)(Job(SHORT, phases=(0.25, 0.5, 1.0)))
    at = [phase for phase, _ in trace.curve.evaluated(trace.curve.phase)]
    assert at == pytest.approx([0.25, 0.5, 1.0], abs=0.51 / trace.steps)


def test_a_callback_can_end_the_run(digits: TaskData) -> None:
    def stop(point: Point) -> None:
        if point.phase >= 0.5:
            raise PruneTraining("enough")

    trace = digits_trainer(digits)(Job(SHORT, phases=(0.5, 1.0)), stop)
    assert trace.stopped_because == "pruned"
    assert trace.detail == "enough"
    assert trace.accuracy is None
    assert trace.curve.phase[-1] == pytest.approx(0.5, abs=0.05)
    assert trace.samples == trace.curve.samples[-1]


def test_a_callback_sees_every_point_and_changes_nothing(digits: TaskData) -> None:
    seen: list[Point] = []
    watched = digits_trainer(digits)(Job(SHORT), seen.append)
    assert as_curve(seen) == watched.curve
    assert timeless(watched) == timeless(digits_trainer(digits)(Job(SHORT)))


@pytest.mark.parametrize("steps", [2, 3, 7])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_highest_learning_rate_of_a_trace_is_the_one_that_was_run(
    schedule: str, steps: int
) -> None:
    data, seen = numbered(), list[Point]()
    n = len(split(data.train))
    job = Job(Recipe(max_lr=1e-4, epochs=steps * 5 / n, batch_size=5, schedule=schedule))
    trace = with_model(data, lambda: nn.Linear(4, 3))(job, seen.append)
    assert trace.steps == steps
    assert trace.highest_lr == max(point.lr for point in seen)
