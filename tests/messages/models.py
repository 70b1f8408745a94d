"""Networks, their factories, and what runs them."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, only_deterministic, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.network import set_dropout
from autosuperconv.training.probe.jobs import try_jobs
from tests.messages.table import Row, call

CHECK = "training/models/check.py"
RNG = np.random.default_rng(0)
Y = np.arange(60) % 3


def floats(*shape: int) -> TaskData:
    return as_task_data((RNG.normal(size=(60, *shape)).astype("float32"), Y))


FLAT, GRAY, COLOUR, SERIES = floats(8), floats(1, 28, 28), floats(3, 32, 32), floats(10, 5)
NUMBERS = np.minimum(RNG.integers(1, 1000, (60, 12)), 99)
IDS = as_task_data((NUMBERS, Y))


class Words(nn.Module):
    def __init__(self, rows: int = 100) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(rows, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.embedding(x).mean(1))
        return out


class After(nn.Module):
    """A linear layer and what becomes of its output."""

    def __init__(self, then: Callable[[Tensor], object], inputs: int = 8) -> None:
        super().__init__()
        self.net, self.then = nn.Linear(inputs, 3), then

    def forward(self, x: Tensor) -> Any:
        return self.then(self.net(x))


class Constant(nn.Module):
    """Without a gradient, or with one."""

    def __init__(self, detached: bool) -> None:
        super().__init__()
        self.net, self.detached = nn.Linear(8, 3), detached

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        return out.detach() if self.detached else out


class Sizes(Dataset[Any]):
    """Samples of two sizes, or of one."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int) -> Any:
        return torch.randn(self.sizes[index % len(self.sizes)]), index % 3


def check(factory: Any, data: TaskData = FLAT) -> object:
    return check_model(factory, data)


def checked(build: Callable[[], object], data: TaskData = FLAT) -> Callable[[], object]:
    return call(check, build, data)


def layers(*stack: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(*(layer() for layer in stack))


def linear(inputs: int, outputs: int = 3) -> Callable[[], nn.Module]:
    return lambda: nn.Linear(inputs, outputs)


def tried(net: Callable[[], nn.Module], *sizes: int) -> object:
    return try_jobs(TorchTrainer(FLAT, net, Engine()), Recipe(max_lr=0.1), sizes)


def deterministic(message: str) -> None:
    with only_deterministic():
        if message:
            raise RuntimeError(message)


def on_mps() -> object:
    with patch.object(torch.backends.mps, "is_available", return_value=False):
        return resolve_device("mps")


def two_sizes(*sizes: int) -> object:
    data = as_task_data((RNG.normal(size=(60, 8)), Y))
    return check(linear(8), replace(data, train=Sizes(*sizes)))


def lazy() -> nn.Module:
    model = nn.LazyLinear(3)
    model(torch.zeros(2, 8))
    return model


def norm() -> nn.Module:
    return nn.BatchNorm1d(4)


NET = nn.Linear(8, 3)
AUTO = call(resolve_device, "auto")
ROWS = [
    Row(
        "training/engine/__init__.py resolve_device 1",
        call(resolve_device, "gpu"),
        "or cuda:N",
        AUTO,
    ),
    Row(
        "training/engine/__init__.py resolve_device 2",
        call(resolve_device, "cuda:99"),
        "Use --device cpu or --device auto",
        AUTO,
    ),
    Row(
        "training/engine/__init__.py resolve_device 3",
        on_mps,
        "Use --device cpu or --device auto",
        AUTO,
    ),
    Row(
        "training/engine/__init__.py only_deterministic 1",
        call(deterministic, "x has no deterministic implementation."),
        "Leave out --deterministic",
        call(deterministic, ""),
    ),
    Row(
        f"{CHECK} _build 1",
        checked(NET),
        "Pass lambda: copy.deepcopy(model)",
        checked(lambda: copy.deepcopy(NET)),
    ),
    Row(
        f"{CHECK} _build 2",
        checked(lambda: nn.Linear(8, -1)),
        "Call the factory by itself",
        nothing="the error is the caller's own, and named",
    ),
    Row(f"{CHECK} _build 3", checked(lambda: None), "end with `return`", checked(linear(8))),
    Row(
        f"{CHECK} _build 3",
        checked(lambda: (NET, 1)),
        "Return its entry 0 alone",
        checked(linear(8)),
    ),
    Row(
        f"{CHECK} _build 3",
        checked(lambda: Words),
        "Return an instance of the class, Words()",
        checked(Words, IDS),
    ),
    Row(
        f"{CHECK} _build 4",
        checked(lambda: nn.LazyLinear(3)),
        "call the network once",
        checked(lazy),
    ),
    Row(
        f"{CHECK} _build 5",
        checked(lambda: nn.Linear(8, 3).requires_grad_(False)),
        "Leave some of its layers unfrozen",
        checked(linear(8)),
    ),
    Row(
        f"{CHECK} _check_call 1",
        checked("mlp"),  # type: ignore[arg-type]
        "autosuperconv.model_factory('mlp', shape, classes)",
        checked(model_factory("mlp", FLAT.shape, FLAT.classes)),
    ),
    Row(
        f"{CHECK} _check_call 2",
        checked(3),  # type: ignore[arg-type]
        "Give a function, such as lambda: nn.Linear(8, 2)",
        checked(lambda: nn.Linear(8, 3)),
    ),
    Row(
        f"{CHECK} _check_call 3",
        checked(nn.Linear),
        "functools.partial(factory, ...)",
        checked(functools.partial(nn.Linear, 8, 3)),
    ),
    Row(
        f"{CHECK} _check_fresh 1",
        checked(lambda: NET),
        "return copy.deepcopy(model)",
        checked(lambda: copy.deepcopy(NET)),
    ),
    Row(
        f"{CHECK} _check_gradients 1",
        checked(lambda: Constant(True)),
        "use no torch.no_grad()",
        checked(lambda: Constant(False)),
    ),
    Row(f"{CHECK} _probe 1", call(two_sizes, 8, 9), "Resize them", call(two_sizes, 8, 8)),
    Row(
        "training/models/network.py set_dropout 1",
        call(set_dropout, NET, 1.0),
        "in [0, 1)",
        call(set_dropout, NET, 0.9),
    ),
    Row(
        "training/probe/jobs.py _step 1",
        call(tried, lambda: After(lambda x: nn.functional.pad(x, (0, 2))), 1, 8),
        "(B, classes) for every batch size",
        call(tried, lambda: After(lambda x: x), 1, 8),
    ),
    Row(
        "training/probe/jobs.py _refusing 1",
        call(tried, layers(linear(8, 4), norm, linear(4)), 1),
        "with larger batches",
        call(tried, layers(linear(8, 4), norm, linear(4)), 2),
    ),
]
