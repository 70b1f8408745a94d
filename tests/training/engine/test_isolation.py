"""What the caller has set of torch, NumPy and Python is left as it was, and changes no run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

import autosuperconv
from autosuperconv import Recipe, SearchOptions
from autosuperconv.core.trace import Job, Trace, evenly
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.isolation import own_state, seed_all
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models.check import check_model

RECIPE = Recipe(max_lr=0.1, epochs=2.0, batch_size=16)


class Noisy(Dataset[tuple[Tensor, int]]):
    """Two clouds, with fresh noise of three sources at each reading."""

    def __len__(self) -> int:
        return 90

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        label = index % 2
        noise = torch.randn(4) + float(np.random.normal()) + random.gauss(0.0, 1.0)
        return 4.0 * label + noise, label


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))


def clouds() -> tuple[Tensor, Tensor]:
    y = torch.arange(90) % 2
    noise = torch.randn(90, 4, generator=torch.Generator().manual_seed(0))
    return noise + 2 * y[:, None], y


DATA = clouds()


def trained() -> Trace:
    return replace(autosuperconv.train(network, DATA, RECIPE, device="cpu"), seconds=0.0)


@contextmanager
def doubles() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("setting", [doubles, torch.no_grad, torch.inference_mode])
def test_a_run_is_the_same_whatever_the_caller_has_set(
    setting: Callable[[], AbstractContextManager[None]],
) -> None:
    plain = trained()
    with setting():
        assert trained() == plain
        kept = torch.get_default_dtype(), torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    with setting():
        before = torch.get_default_dtype(), torch.is_grad_enabled()
        assert kept == (*before, torch.is_inference_mode_enabled())


def random_state() -> tuple[object, ...]:
    return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()


def test_preparing_a_search_takes_none_of_the_callers_random_numbers(tmp_path: Path) -> None:
    options = SearchOptions(
        storage=str(tmp_path / "s.journal"), out=tmp_path, device="cpu", workers=1
    )
    autosuperconv.plan(network, Noisy(), replace(options, study_name="imports"))
    before = random_state()
    autosuperconv.plan(network, Noisy(), options)
    assert random_state() == before


def test_transforms_may_draw_from_numpy_and_python_and_a_run_is_repeatable() -> None:
    traces = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        trace = autosuperconv.train(network, as_task_data(Noisy()), RECIPE, device="cpu")
        traces.append(replace(trace, seconds=0.0))
    assert traces[0] == traces[1]


@dataclass
class Accelerator:
    """Stands for CUDA or MPS: a random generator that PyTorch seeds, reads and sets as theirs."""

    generator: torch.Generator
    seeded: int = 0

    def seed(self, seed: int) -> None:
        self.generator.manual_seed(seed)
        self.seeded += 1

    def state(self, device: object = None) -> Tensor:
        return self.generator.get_state()

    def set_state(self, state: Tensor, device: object = None) -> None:
        self.generator.set_state(state)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Accelerator:
    """A pretended CUDA module with one device in use."""
    pretended = Accelerator(torch.Generator().manual_seed(123))
    for name, value in (
        ("is_initialized", lambda: True),
        ("device_count", lambda: 1),
        ("manual_seed_all", pretended.seed),
        ("get_rng_state", pretended.state),
        ("set_rng_state", pretended.set_state),
    ):
        monkeypatch.setattr(torch.cuda, name, value)
    return pretended


@pytest.fixture
def mps(monkeypatch: pytest.MonkeyPatch) -> Accelerator:
    """A pretended MPS module."""
    pretended = Accelerator(torch.Generator().manual_seed(123))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "manual_seed", pretended.seed)
    monkeypatch.setattr(torch.mps, "get_rng_state", pretended.state)
    monkeypatch.setattr(torch.mps, "set_rng_state", pretended.set_state)
    return pretended


class Seeding(Noisy):
    """Its transform seeds all devices, as some do to be repeatable."""

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        torch.manual_seed(index)
        return super().__getitem__(index)


def seeding() -> nn.Module:
    torch.manual_seed(4)
    return network()


def job() -> Job:
    return Job(RECIPE, phases=evenly(4))


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_an_accelerators_generator_is_left_as_it_was(
    device: str, request: pytest.FixtureRequest
) -> None:
    accelerator: Accelerator = request.getfixturevalue(device)
    before = accelerator.state()
    with own_state():
        seed_all(0, device)
    check_model(seeding, as_task_data(DATA))
    data = as_task_data(Seeding())
    TorchTrainer(data, seeding, Engine(threads=1))(job())
    assert accelerator.seeded > 100  # by transforms and factories
    assert torch.equal(accelerator.state(), before)


class Masked(nn.Module):
    """Dropout whose masks come from an accelerator, which each run seeds first."""

    def __init__(self, accelerator: Accelerator) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.layer = nn.Linear(4, 2)
        self.draw = accelerator

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            x = x * (torch.rand(4, generator=self.draw.generator) > 0.3)
        out: Tensor = self.layer(x)
        return out


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_the_first_evaluation_of_a_process_does_not_seed_the_run_anew(
    device: str, request: pytest.FixtureRequest
) -> None:
    accelerator: Accelerator = request.getfixturevalue(device)
    trainer = TorchTrainer(as_task_data(DATA), lambda: Masked(accelerator), Engine(threads=1))
    first, second = trainer(job()), trainer(job())
    assert first.curve == second.curve


def test_a_run_on_the_cpu_seeds_no_accelerator(cuda: Accelerator, mps: Accelerator) -> None:
    TorchTrainer(as_task_data(DATA), network, Engine(threads=1))(job())
    assert cuda.seeded == mps.seeded == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_same_job_on_a_gpu_has_the_same_masks_each_time() -> None:
    trainer = TorchTrainer(as_task_data(DATA), network, Engine("cuda", deterministic=True))
    dropout = Job(replace(RECIPE, dropout=0.5), phases=evenly(4))
    torch.cuda.manual_seed(1)
    before = torch.cuda.get_rng_state()
    assert trainer(dropout).curve == trainer(dropout).curve
    assert torch.equal(torch.cuda.get_rng_state(), before)
