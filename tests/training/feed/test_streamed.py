"""Batches through a DataLoader."""

from __future__ import annotations

import itertools
import multiprocessing

import torch

from autosuperconv.training.data.task import TensorSplit
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.streamed import Streamed
from tests.training.made import dots, streamed


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
