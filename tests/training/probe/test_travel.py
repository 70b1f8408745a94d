"""What cannot be sent to a worker process is known before one is started."""

from __future__ import annotations

import copy
import functools
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.utils.data import Dataset

from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.probe.travel import why_not_sent
from tests.training.made import dots, small_net


def deepcopied(change: Callable[[nn.Module], nn.Module]) -> ModelFactory:
    net = nn.Sequential(change(nn.Linear(8, 16)), nn.ReLU(), nn.Linear(16, 2))
    return lambda: copy.deepcopy(net)


def locked() -> ModelFactory:
    lock = threading.Lock()

    def build() -> nn.Module:
        with lock:
            return small_net()

    return build


@functools.lru_cache
def remembered(i: int) -> Tensor:
    return torch.full((8,), float(i))


class OfScript(Dataset[tuple[Tensor, int]]):
    """Its samples come from a function that only the script has."""

    def __init__(self, function: Callable[[int], Tensor]) -> None:
        self.function, self.targets = function, [i % 2 for i in range(40)]

    def __len__(self) -> int:
        return 40

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.function(i), self.targets[i]


def test_what_a_script_alone_has_and_is_sent_by_name_is_known_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer = TorchTrainer(as_task_data(OfScript(remembered)), small_net, Engine())
    assert why_not_sent(trainer) == ""  # a module has it
    monkeypatch.setattr(remembered, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "remembered", remembered, raising=False)
    assert why_not_sent(trainer) == (
        "the training data set cannot be sent to another process (AttributeError: remembered is "
        "defined in the script itself; move it to a module)"
    )


class NotRebuilt:
    """Can be sent, but not received."""

    def __call__(self) -> nn.Module:
        return small_net()

    def __getstate__(self) -> dict[str, int]:
        return {"x": 1}

    def __setstate__(self, state: dict[str, int]) -> None:
        raise KeyError("weights")


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        (small_net, ""),
        (deepcopied(lambda layer: layer), ""),
        (deepcopied(weight_norm), "RuntimeError: Serialization of parametrized modules"),
        (deepcopied(spectral_norm), "RuntimeError: Serialization of parametrized modules"),
        (NotRebuilt(), "KeyError: 'weights'"),
        (locked(), "TypeError: cannot pickle '_thread.lock' object"),
    ],
)
def test_a_factory_is_tried(factory: ModelFactory, why: str) -> None:
    found = why_not_sent(TorchTrainer(dots(), factory, Engine()))
    assert found.startswith("the function that builds the network cannot be sent" if why else "")
    assert why in found
    assert bool(found) is bool(why)


class Locked(Dataset[tuple[Tensor, int]]):
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.full((8,), float(index)), index % 2


def test_a_data_set_of_the_callers_own_is_tried() -> None:
    data = as_task_data(Locked())
    found = why_not_sent(TorchTrainer(data, small_net, Engine()))
    assert found.startswith("the training data set cannot be sent to another process (TypeError: ")
    whole = dots()
    held = replace(data, train=whole.train, validation=whole.validation, test=whole.test)
    assert why_not_sent(TorchTrainer(held, small_net, Engine())) == ""
