"""What the caller has set of torch, NumPy and Python is left as it was, and changes no run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

import autosuperconv
from autosuperconv import Recipe, SearchOptions
from autosuperconv.core.trace import Trace
from autosuperconv.training.data.arrays import as_task_data

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
