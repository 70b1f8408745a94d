"""Runs on the digits, for the tests of the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Trace
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory

SHORT = Recipe(max_lr=0.3, epochs=2.0, batch_size=64)


def digits_trainer(data: TaskData, model: str = "mlp", **engine: Any) -> TorchTrainer:
    return TorchTrainer(data, model_factory(model, data.shape, data.classes), Engine(**engine))


def with_model(data: TaskData, factory: Callable[[], nn.Module]) -> TorchTrainer:
    return TorchTrainer(data, factory, Engine())


def timeless(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0)


class Kept:
    """A factory that keeps the last model it built."""

    def __init__(self, factory: Callable[[], nn.Module]) -> None:
        self.factory = factory

    def __call__(self) -> nn.Module:
        self.model = self.factory()
        return self.model
