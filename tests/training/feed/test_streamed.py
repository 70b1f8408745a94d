"""Batches through a DataLoader."""

from __future__ import annotations

import itertools
import multiprocessing
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

from autosuperconv.core.trace import Job
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, TensorSplit, normalised
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.streamed import Streamed
from tests.training.loop.runs import SHORT, digits_trainer
from tests.training.made import dots, streamed
from tests.training.samples import split


def test_tensors_that_do_not_fit_are_streamed_with_their_augmentation() -> None:
    data = dots(augment=True)
    x, y = next(Streamed(data, Engine()).training(64, seed=3))
    assert isinstance(data.train, TensorSplit)
    assert x.shape == (64, 3, 8, 8)
    expected = dots(augment=True)
    means = x.mean((0, 2, 3))  # crops bring in black borders: darker than the normalised 0
    assert (means < 0).all()
    assert (means > -2).all()
    assert set(y.tolist()) == {0, 1}
    assert expected.fingerprint == data.fingerprint


def test_loader_processes_give_the_same_batches_and_end_with_the_run() -> None:
    engine = Engine(threads=1, loader_workers=2)
    alone, helped = (Streamed(streamed(dots()), e) for e in (Engine(), engine))
    ours, theirs = alone.training(16, seed=1), helped.training(16, seed=1)
    for (x, y), (u, v) in itertools.islice(zip(ours, theirs, strict=False), 3):
        assert torch.equal(x, u)
        assert torch.equal(y, v)
    assert len(multiprocessing.active_children()) >= 2
    theirs.close()
    assert not multiprocessing.active_children()


class Rows(Dataset[Any]):
    """A split as somebody's own Dataset of normalised floats."""

    def __init__(self, part: TensorSplit, data: TaskData) -> None:
        self.x, self.y = normalised(part.x, data), part.y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self.x[i], int(self.y[i])


@pytest.fixture(scope="module")
def streamed_digits(digits: TaskData) -> TaskData:
    parts = (digits.train, digits.validation, digits.test)
    return as_task_data(tuple(Rows(split(part), digits) for part in parts))  # type: ignore[arg-type]


def test_streamed_data_are_trained_on_as_resident_ones_are(
    digits: TaskData, streamed_digits: TaskData
) -> None:
    job = Job(replace(SHORT, epochs=0.5))
    resident, stream = digits_trainer(digits)(job), digits_trainer(streamed_digits)(job)
    assert stream.accuracy == pytest.approx(resident.accuracy)
    losses = [list(trace.curve.train_loss) for trace in (resident, stream)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
