"""The real tasks of the study, and the space that is searched on all of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from autosuperconv.training.data import load_dataset
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory

LOG_LR = (-3.0, 1.0)
LOG_DECAY = (-6.0, -2.0)
DROPOUT = (0.0, 0.5)
RUNGS = (0.1, 0.25, 0.5, 0.625, 0.75, 0.875, 1.0)
"""Where the designs' runs are measured: earlier than the tool's pruner looks, too."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task.

    Args:
        epochs: shortest and longest cycle.
        runs: of the random design.
        engine: how to train.
    """

    name: str
    dataset: str
    model: str
    n_train: int | None
    epochs: tuple[float, float]
    batch_sizes: tuple[int, int, int]
    runs: int
    engine: Engine


TASKS = {
    "digits": TaskSpec(
        "digits",
        "digits",
        "resnet8",
        None,
        (1.0, 10.0),
        (32, 64, 128),
        700,
        Engine(threads=1),
    ),
    "mnist": TaskSpec(
        "mnist",
        "mnist",
        "lenet",
        1000,
        (1.0, 8.0),
        (16, 32, 64),
        500,
        Engine(precision="bfloat16", memory_format="channels_last", threads=1),
    ),
    "mnist-mlp": TaskSpec(
        "mnist-mlp",
        "mnist",
        "mlp",
        2000,
        (1.0, 15.0),
        (32, 64, 128),
        600,
        Engine(threads=1),
    ),
    "cifar10": TaskSpec(
        "cifar10",
        "cifar10 as images",
        "resnet8",
        1500,
        (1.0, 10.0),
        (32, 64, 128),
        400,
        Engine(precision="bfloat16", memory_format="channels_last", threads=1),
    ),
}


def trainer_of(task: TaskSpec) -> TorchTrainer:
    """The project's own trainer; data from $AUTOSUPERCONV_DATA, and CIFAR-10's images, in train/
    and test/ class folders, from $AUTOSUPERCONV_CIFAR."""
    folder = Path(os.environ.get("AUTOSUPERCONV_DATA", "data"))
    name = task.dataset
    if name == "cifar10 as images":
        name = f"folder:{os.environ.get('AUTOSUPERCONV_CIFAR', 'data/cifar10')}"
    data = load_dataset(name, folder, task.n_train)
    factory = model_factory(task.model, data.shape, data.classes)
    return TorchTrainer(data, factory, task.engine)
