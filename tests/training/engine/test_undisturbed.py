"""Looking at a network changes neither the network nor its run."""

from __future__ import annotations

import math
import random
from collections import deque
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, evenly
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.undisturbed import undisturbed
from autosuperconv.training.loop.trainer import TorchTrainer


class Net(nn.Module):
    """Changes its hidden layer in a way of its own, in evaluation mode as well."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.b(self.change(self.a(x).relu()))
        return out

    def change(self, hidden: Tensor) -> Tensor:
        return hidden


class MonteCarlo(Net):
    def change(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, 0.3, training=True)


class NumpyNoise(Net):
    def change(self, hidden: Tensor) -> Tensor:
        return hidden + float(np.random.randn()) * 0.1


class PythonNoise(Net):
    def change(self, hidden: Tensor) -> Tensor:
        return hidden * (1 + 0.1 * random.random())


class OwnGenerators(Net):
    def __init__(self) -> None:
        super().__init__()
        self.torch = torch.Generator().manual_seed(1)
        self.numpy = np.random.default_rng(1)
        self.older = np.random.RandomState(1)
        self.python = random.Random(1)

    def change(self, hidden: Tensor) -> Tensor:
        drawn = self.numpy.random() + self.older.rand() + self.python.random()
        return hidden * (torch.rand(16, generator=self.torch) + float(drawn))


class Counter(Net):
    calls = 0

    def change(self, hidden: Tensor) -> Tensor:
        self.calls += 1
        return hidden * (1 + 0.3 * math.sin(self.calls))


class Buffer(Net):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(16))

    def change(self, hidden: Tensor) -> Tensor:
        self.mean: Tensor = 0.9 * self.mean + 0.1 * hidden.detach().mean(0)
        return hidden - self.mean


class StatisticsByHand(Net):
    """PyTorch does not count what `batch_norm` writes as a change."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(16))
        self.register_buffer("var", torch.ones(16))

    def change(self, hidden: Tensor) -> Tensor:
        mean, var = self.get_buffer("mean"), self.get_buffer("var")
        functional.batch_norm(hidden, mean, var, training=True)
        return hidden - mean


class TensorAttribute(Net):
    def __init__(self) -> None:
        super().__init__()
        self.mean = torch.zeros(16)

    def change(self, hidden: Tensor) -> Tensor:
        self.mean.mul_(0.9).add_(hidden.detach().mean(0))
        return hidden - self.mean


class Queue(Net):
    def __init__(self) -> None:
        super().__init__()
        self.queue: deque[Tensor] = deque(maxlen=4)

    def change(self, hidden: Tensor) -> Tensor:
        self.queue.append(hidden.detach().mean(0))
        return hidden - torch.stack(list(self.queue)).mean(0)


class Rebound(Net):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def change(self, hidden: Tensor) -> Tensor:
        self.seen = [*self.seen, hidden.detach().mean(0)][-3:]
        return hidden - torch.stack(self.seen).mean(0)


class Memory:
    """An object of the caller's own."""

    def __init__(self) -> None:
        self.values = {"mean": np.zeros(16, np.float32)}

    def add(self, hidden: Tensor) -> Tensor:
        self.values["mean"] += hidden.detach().mean(0).numpy()
        return torch.tensor(self.values["mean"])


class Nested(Net):
    def __init__(self) -> None:
        super().__init__()
        self.parts = ({"memory": Memory()},)

    def change(self, hidden: Tensor) -> Tensor:
        return hidden - 0.01 * self.parts[0]["memory"].add(hidden)


class Renorm(Net):
    """Trains with its running statistics, which an evaluation recalibrates."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(16)

    def change(self, hidden: Tensor) -> Tensor:
        out: Tensor = self.norm(hidden)
        assert self.norm.running_mean is not None
        return out + 0.1 * self.norm.running_mean.detach()


NETS = [
    *(MonteCarlo, NumpyNoise, PythonNoise, OwnGenerators, Counter, Buffer, StatisticsByHand),
    *(TensorAttribute, Queue, Rebound, Nested, Renorm),
]


def losses(net: type[Net], looks: int, **job: Any) -> tuple[float, ...]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 8)).astype(np.float32)
    y = (x[:, 0] + 0.5 * rng.standard_normal(200) > 0).astype(int)
    trainer = TorchTrainer(as_task_data((x, y)), net, Engine(threads=1))
    recipe = Recipe(max_lr=0.1, epochs=3.0, batch_size=20)
    curve = trainer(Job(recipe, phases=evenly(looks), **job)).curve
    return curve.train_loss


@pytest.mark.parametrize("net", NETS)
def test_a_run_is_the_same_bit_for_bit_however_often_it_is_watched(net: type[Net]) -> None:
    once = losses(net, 1)
    assert losses(net, 12) == once
    assert losses(net, 12, curvature=True) == once


def test_what_a_listener_draws_is_not_taken_from_the_run() -> None:
    def drawing(point: object) -> None:
        torch.rand(1)
        np.random.rand()
        random.random()

    y = torch.arange(60) % 2
    data = as_task_data((torch.randn(60, 8, generator=torch.Generator().manual_seed(0)), y))
    trainer = TorchTrainer(data, MonteCarlo, Engine(threads=1))
    job = Job(Recipe(max_lr=0.1, epochs=2.0, batch_size=12))
    assert trainer(job, drawing).curve == trainer(job).curve


class Jitter:
    """A transform with a generator of its own."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, x: Tensor) -> Tensor:
        return x + float(self.rng.normal())


class Jittered(Dataset[tuple[Tensor, int]]):
    """Draws from a generator of its own and one of its transform; opens a file when first read."""

    opened = 0

    def __init__(self) -> None:
        self.generator, self.transforms = torch.Generator().manual_seed(0), [Jitter()]
        self.file: str | None = None

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if self.file is None:
            self.file, Jittered.opened = "open", Jittered.opened + 1
        label = index % 2
        return self.transforms[0](2.0 * label + torch.rand(8, generator=self.generator)), label


def test_evaluations_take_nothing_from_a_data_sets_own_generators() -> None:
    found = []
    for looks in (1, 6):
        torch.manual_seed(0)
        data = as_task_data(Jittered())
        trainer = TorchTrainer(data, Net, Engine(threads=1))
        job = Job(Recipe(max_lr=0.1, epochs=3.0, batch_size=10), phases=evenly(looks))
        Jittered.opened = 0
        found.append(trainer(job).curve.train_loss)
        assert Jittered.opened <= 1  # and not once more after each look
    assert found[0] == found[1]


def test_modes_attributes_and_references_are_restored() -> None:
    net = Nested()
    net.b.eval()
    memory, bias = net.parts[0]["memory"], net.b.bias
    values = memory.values["mean"]
    with undisturbed(net):
        net.train()
        net(torch.ones(4, 8))
        net.new = 1
        memory.values["more"] = values
    assert (net.training, net.b.training) == (True, False)
    assert "new" not in vars(net)
    assert memory.values == {"mean": values}  # the same array
    assert values.tolist() == [0.0] * 16
    assert net.b.bias is bias


def test_a_buffer_of_another_shape_is_restored() -> None:
    net = Buffer()
    with undisturbed(net):
        net.mean = torch.ones(3)
    assert net.mean.tolist() == [0.0] * 16
    with undisturbed(net):
        net.mean.resize_(3)
    assert net.mean.tolist() == [0.0] * 16


def test_an_expanded_buffer_is_left_alone() -> None:
    net = Net()
    net.register_buffer("table", torch.zeros(1).expand(5))
    with undisturbed(net):
        net(torch.ones(4, 8))
    assert net.get_buffer("table").tolist() == [0.0] * 5


def test_a_sparse_table_hinders_nothing() -> None:
    net = Net()
    net.adjacency = torch.eye(5).to_sparse()
    net.register_buffer("other", torch.eye(5).to_sparse())
    with undisturbed(net):
        net(torch.ones(4, 8))
    assert torch.equal(net.get_buffer("other").to_dense(), torch.eye(5))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_a_scripted_network_is_left_in_its_mode() -> None:
    net = torch.jit.script(nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4)))
    with undisturbed(net):
        net.eval()
        net(torch.ones(4, 8))
    assert all(module.training for module in net.modules())
