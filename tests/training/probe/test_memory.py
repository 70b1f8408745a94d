"""What a run needs in memory is found without running out of it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.system import process_memory
from autosuperconv.training.probe import memory
from autosuperconv.training.probe.memory import (
    COPIES,
    WORKSPACE,
    MemoryNeed,
    Stepper,
    estimate_need,
    measure_needs,
    measure_upwards,
    measuring,
    most_runs,
)
from tests.training.made import dots, small_net, trainer

RECIPE = Recipe(max_lr=1.0, batch_size=16)
linux = pytest.mark.skipif(math.isnan(process_memory()[0]), reason="needs /proc")


def stepper(net: nn.Module, features: int = 10, evaluation_batch: int = 1) -> Stepper:
    engine = Engine(threads=1, evaluation_batch=evaluation_batch)
    return Stepper(lambda: net, (features,), 2, engine, RECIPE)


def test_a_need_is_estimated_from_what_the_backward_pass_keeps() -> None:
    # kept of a sample: 10 inputs, 100 hidden units (ReLU's result); and the 2 scores, 4 bytes each
    net = nn.Sequential(nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 2))
    weights = 4 * (1000 + 100 + 200 + 2)
    kept = 4 * (10 + 100 + 2)
    assert estimate_need(stepper(net))(32) == COPIES * weights + WORKSPACE + kept * 64
    assert estimate_need(stepper(net, evaluation_batch=500))(32) == COPIES * weights + WORKSPACE + (
        kept * 500
    )


def test_batches_are_tried_from_the_smallest_up_and_only_where_a_line_says_they_fit() -> None:
    tried: list[int] = []

    def peak_of(batch_size: int) -> int:
        tried.append(batch_size)
        return 100 + 10 * batch_size

    needs = measure_upwards((16, 32, 64, 128), 1000, lambda b: 20 * b, peak_of)
    assert tried == [8, 16, 32, 64]  # 128 would need 1380
    assert [(n.batch_size, n.bytes, n.fits, n.measured) for n in needs] == [
        (16, 260, True, True),
        (32, 420, True, True),
        (64, 740, True, True),
        (128, 1380, False, False),
    ]


def test_after_one_that_did_not_fit_no_larger_one_is_tried() -> None:
    tried: list[int] = []

    def peak_of(batch_size: int) -> int | None:
        tried.append(batch_size)
        return None if batch_size > 16 else 10

    needs = measure_upwards((16, 32, 64), 1000, lambda b: b, peak_of)
    assert tried == [8, 16, 32]
    assert [n.fits for n in needs] == [True, False, False]


@pytest.fixture
def never_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(stepper: Stepper) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr(memory, "measuring", refuse)


@linux
def test_far_below_what_is_free_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, never_measured: None
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 2.0**40)
    needs = measure_needs(trainer(dots()), RECIPE, (8, 16))
    assert [n.batch_size for n in needs] == [8, 16]
    assert all(n.fits and not n.measured for n in needs)


def test_where_the_system_does_not_say_what_is_free_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch, never_measured: None
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: math.inf)
    assert measure_needs(trainer(dots()), RECIPE, (8, 16)) == ()
    assert most_runs((), "cpu") is None


class Wide(nn.Module):
    """Keeps 8 MiB of float32 for each sample."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2**21))
        self.last = nn.Linear(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = (x[:, :1] * self.scale).exp()
        out: torch.Tensor = self.last(wide.mean(1, keepdim=True))
        return out


@linux
@pytest.mark.slow
def test_a_peak_is_measured_in_a_process_of_its_own() -> None:
    with measuring(Stepper(Wide, (2,), 2, Engine(evaluation_batch=1), RECIPE)) as peak_of:
        few, many = peak_of(2), peak_of(20)
    assert few is not None
    assert many is not None
    slope = (many - few) / 18 / 2**20
    assert 15 < slope < 50  # MiB a sample: the result kept, its gradient, and one on the way


def test_as_many_runs_at_once_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 1000.0)
    fits, too_large = MemoryNeed(8, 250, 900, True), MemoryNeed(16, 950, 900, False)
    assert most_runs((fits, too_large), "cuda") == 3  # 900 of 1000 may be taken
    monkeypatch.setattr(memory, "free_memory", lambda device: 10.0)
    assert most_runs((fits,), "cuda") == 1


@linux
def test_on_a_cpu_each_run_is_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "process_memory", lambda: (2.0**29, 2.0**29))
    monkeypatch.setattr(memory, "free_memory", lambda device: 2.0**32)
    needs = (MemoryNeed(8, 2**28, 2**32, True),)  # 1/4 + 1/2 + 1/4 for data kept ready, of 4
    assert most_runs(needs, "cpu") == 3


def test_a_small_net_on_this_machine_fits() -> None:
    assert all(n.fits for n in measure_needs(trainer(dots()), RECIPE, (8, 16)))
    assert small_net()  # the net is one that needs next to nothing
