"""What an evaluation leaves alone, and what it says of the end of a run."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.divergence import DivergenceWatch
from autosuperconv.training.loop.evaluation import end_problem, recalibrate
from autosuperconv.training.loop.trainer import TorchTrainer
from tests.training.made import dots


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
    """Finds no memory as soon as it is trained, as torch says it on a CPU."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 1 bytes")
        out: Tensor = self.layer(x.mean((2, 3)))
        return out


def test_a_cpu_without_memory_ends_a_run_as_a_gpu_does() -> None:
    trace = TorchTrainer(dots(), Full, Engine())(Job(Recipe(max_lr=0.1, batch_size=16)))
    assert trace.stopped_because == "out-of-memory"
    assert trace.detail == "a batch of 16 does not fit in memory"


def test_a_loss_may_start_at_exactly_0() -> None:
    watch = DivergenceWatch()
    problems = [watch.check(loss) for loss in (0.0, 50.0)]
    assert problems == ["", "the loss, 26.3, is above the first loss, 0"]
