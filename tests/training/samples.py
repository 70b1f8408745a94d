"""Made data for the tests of data and models."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autosuperconv.errors import DataError
from autosuperconv.training.data import (
    Split,
    as_task_data,
)


def features(n: int = 60, classes: int = 3, width: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, width)), np.arange(n) % classes


def split(samples: object) -> Split:
    assert isinstance(samples, Split)
    return samples


def counts(samples: object) -> list[int]:
    return torch.bincount(split(samples).y).tolist()


def refused(data: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_task_data(data)  # type: ignore[arg-type]
