"""Made data for the tests of data and models, and a count of parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autosuperconv.errors import DataError
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.models import model_factory


def features(n: int = 60, classes: int = 3, width: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, width)), np.arange(n) % classes


def split(samples: object) -> TensorSplit:
    assert isinstance(samples, TensorSplit)
    return samples


def counts(samples: object) -> list[int]:
    return torch.bincount(split(samples).y).tolist()


def refused(data: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_task_data(data)  # type: ignore[arg-type]


def images(*shape: int, classes: int = 4) -> TaskData:
    x = np.random.default_rng(0).integers(0, 256, (20, *shape)).astype(np.uint8)
    return as_task_data((x, np.arange(20) % classes))


def parameters(name: str, shape: tuple[int, ...] = (3, 32, 32), classes: int = 10) -> int:
    """Of a network by its name, without the memory for them."""
    with torch.device("meta"):
        return sum(p.numel() for p in model_factory(name, shape, classes)().parameters())
