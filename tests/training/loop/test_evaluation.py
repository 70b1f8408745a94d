"""What an evaluation leaves alone, and what it says of the end of a run."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.data.task import TaskData, normalised
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.divergence import DivergenceWatch
from autosuperconv.training.loop.evaluation import end_problem, recalibrate
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from tests.training.loop.runs import SHORT, Kept
from tests.training.made import dots
from tests.training.samples import split


class FrozenNorm(nn.Module):
    """Fine-tuned as usual: batch norm stays in evaluation mode, with statistics of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            assert self.norm.running_mean is not None
            self.norm.running_mean.fill_(0.5)

    def train(self, mode: bool = True) -> FrozenNorm:
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.norm(x).mean((2, 3)))
        return out


def test_frozen_batch_norm_keeps_its_statistics() -> None:
    model = FrozenNorm()
    x = torch.rand(8, 3, 4, 4)
    recalibrate(model, [(x, torch.zeros(8))], Engine())
    assert model.norm.running_mean is not None
    assert model.norm.running_mean.tolist() == [0.5] * 3
    assert not model.train().norm.training


def test_looking_more_often_at_a_network_with_frozen_norm_changes_nothing() -> None:
    run = TorchTrainer(dots(), FrozenNorm, Engine(threads=1))
    recipe = Recipe(max_lr=0.1, epochs=4.0, batch_size=16)
    rare, often = run(Job(recipe)), run(Job(recipe, phases=(0.2, 0.4, 0.6, 1.0)))
    assert rare.loss == often.loss


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_at_the_end_is_divergence_whatever_the_accuracy(
    loss: float,
) -> None:
    # 95 % of an unbalanced set may be of the class that a network of NaN names
    assert end_problem(loss, 0.95, 2, 100) == "the loss at the end is not finite"
    assert end_problem(0.2, 0.95, 2, 100) == ""


def test_all_correct_is_not_chance_however_few_the_samples() -> None:
    assert end_problem(0.1, 1.0, 2, 6) == ""
    assert "chance" in end_problem(0.1, 5 / 6, 2, 6)


class Full(nn.Module):
    """Finds no memory as soon as it is trained."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.layer, self.error = nn.Linear(3, 2), error

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            raise self.error
        out: Tensor = self.layer(x.mean((2, 3)))
        return out


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 1 bytes"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_memory_that_ran_out_ends_a_run_and_not_the_search(error: Exception) -> None:
    net = partial(Full, error)
    trace = TorchTrainer(dots(), net, Engine())(Job(Recipe(max_lr=0.1, batch_size=16)))
    assert trace.stopped_because == "out-of-memory"
    assert trace.detail == "a batch of 16 does not fit in memory"


def test_a_network_that_does_not_fit_on_the_device_ends_a_run_and_not_the_search() -> None:
    def too_large() -> nn.Module:
        raise torch.OutOfMemoryError("CUDA out of memory")

    trace = TorchTrainer(dots(), too_large, Engine())(Job(Recipe(max_lr=0.1, batch_size=16)))
    assert (trace.stopped_because, trace.steps) == ("out-of-memory", 0)


def test_a_loss_may_start_at_exactly_0() -> None:
    watch = DivergenceWatch()
    problems = [watch.check(loss) for loss in (0.0, 50.0)]
    assert problems == ["", "the loss (26.3) is above the first loss (0)"]


@pytest.mark.parametrize(("accuracy", "complains"), [(0.12, True), (0.20, False)])
def test_chance_has_a_width_of_three_standard_errors(accuracy: float, complains: bool) -> None:
    # ten classes, 100 samples: standard error 0.03, so the bound is 0.19
    assert bool(end_problem(1.0, accuracy, 10, 100)) is complains


def test_batch_norm_is_measured_with_statistics_of_training_data(digits: TaskData) -> None:
    kept = Kept(model_factory("resnet8", digits.shape, digits.classes))
    n = len(split(digits.train))
    run = TorchTrainer(digits, kept, Engine(statistics_samples=n, evaluation_batch=n))
    run(Job(replace(SHORT, epochs=0.5)))
    layer = next(m for m in kept.model.modules() if isinstance(m, nn.BatchNorm2d))
    conv = next(m for m in kept.model.modules() if isinstance(m, nn.Conv2d))
    with torch.no_grad():
        response = conv(normalised(split(digits.train).x, digits))
    assert layer.running_mean is not None
    assert torch.allclose(layer.running_mean, response.mean((0, 2, 3)), atol=1e-4)
    assert layer.momentum == 0.1


def test_every_sample_counts_alike_in_batch_norm_statistics() -> None:
    model = nn.Sequential(nn.BatchNorm1d(1))
    x = torch.tensor([[0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [4.0], [4.0]])
    batches = [(part, part) for part in (x[:6], x[6:])]
    recalibrate(model, batches, Engine())
    layer = model[0]
    assert isinstance(layer, nn.BatchNorm1d)
    assert layer.running_mean is not None
    assert layer.running_mean.item() == pytest.approx(1.0)  # 8 / 8, not the batches' mean of 2
    assert layer.momentum == 0.1


def test_recalibrating_changes_buffers_but_not_weights(digits: TaskData) -> None:
    train = split(digits.train)
    x = normalised(train.x, digits)
    model = model_factory("resnet8", digits.shape, digits.classes)()
    weights = [p.detach().clone() for p in model.parameters()]
    buffers = [b.clone() for b in model.buffers()]
    recalibrate(model, [(x, train.y)], Engine())
    pairs = zip(weights, model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not all(torch.equal(a, b) for a, b in zip(buffers, model.buffers(), strict=True))


def test_an_end_at_the_largest_class_is_no_better_than_chance() -> None:
    # 90 of 100 samples are of one class, and two classes: 1 / classes would let 0.66 pass
    said = end_problem(0.3, 0.9, 2, 100, majority=0.9)
    assert said.endswith("90.0 %, is no better than giving every sample the largest class (90.0 %)")
    assert end_problem(0.3, 0.91, 2, 100, majority=0.9) == ""
    assert end_problem(0.3, 0.9, 2, 100) == ""
    assert end_problem(0.3, 1.0, 2, 10, majority=1.0) == ""  # no sample of another class
