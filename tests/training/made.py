"""A small made task and nets for tests of the engine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer


def dots(n: int = 120, augment: bool = False) -> TaskData:
    """(3, 8, 8) images of two classes, told apart by the brightness of one channel."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    x = rng.integers(0, 120, (n, 3, 8, 8)).astype(np.uint8)
    x[:, 0] += (100 * y[:, None, None]).astype(np.uint8)
    data = as_task_data((x, y))
    assert data.augment == "crop-flip"
    return data if augment else _without_augment(data)


def _without_augment(data: TaskData) -> TaskData:
    return replace(data, augment="none")


def small_net() -> nn.Module:
    """A convolution, batch norm and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2),
    )


class Float32Only(nn.Module):
    """Refuses what autocast would give it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = small_net()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        if out.dtype != torch.float32:
            raise RuntimeError("float32 only")
        return out


class Greedy(nn.Module):
    """Wants more memory than there is."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("out of memory")


class AsDataset(Dataset[tuple[Tensor, int]]):
    """A split as a torch data set of normalised floats, read one by one."""

    def __init__(self, split: TensorSplit, scale: float = 255.0) -> None:
        self._split, self._scale = split, scale

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._split.x[index].float() / self._scale, int(self._split.y[index])


def streamed(data: TaskData) -> TaskData:
    """The same data through torch data sets."""
    parts = (data.train, data.validation, data.test)
    train, validation, test = (AsDataset(p) for p in parts if isinstance(p, TensorSplit))
    return replace(data, train=train, validation=validation, test=test)


def trainer(data: TaskData, engine: Engine | None = None) -> TorchTrainer:
    return TorchTrainer(data, small_net, engine or Engine(threads=1))


float32_only = partial(Float32Only)
greedy = partial(Greedy)
