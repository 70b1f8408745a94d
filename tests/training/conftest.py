"""Tests train with one thread: their networks are too small for more, and processes share cores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.task import TaskData


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> TaskData:
    return load_dataset("digits", Path("data"))
