"""Who reads the data changes nothing but the time that it takes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace, evenly
from autosuperconv.errors import DataError
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed import reading
from autosuperconv.training.feed.batches import Batch
from autosuperconv.training.feed.reading import Loaders, Order, Reader, as_orders
from autosuperconv.training.loop.trainer import TorchTrainer

JOB = Job(Recipe(max_lr=0.05, epochs=2.0, batch_size=32), "validation", evenly(2))
DRAWS: dict[str, Callable[[], float]] = {
    "torch": lambda: float(torch.randn(())),
    "numpy": lambda: float(np.random.normal()),
    "random": lambda: random.gauss(0.0, 1.0),
    "none": lambda: 0.0,
}


class Noisy(Dataset[tuple[Tensor, int]]):
    """Two clouds, with fresh noise at each reading."""

    def __init__(self, source: str) -> None:
        self.draw = DRAWS[source]
        self.targets = [i % 2 for i in range(200)]

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        label = self.targets[index]
        return torch.full((4,), 2.0 * label + self.draw()) + torch.arange(4), label


class Holding(Noisy):
    """Draws from generators of its own, and of its transform."""

    def __init__(self) -> None:
        super().__init__("none")
        self.torch, self.numpy = torch.Generator().manual_seed(5), np.random.default_rng(5)
        self.transforms = [np.random.RandomState(5), {"last": random.Random(5)}]
        self.system = random.SystemRandom()  # has no state

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        x, label = super().__getitem__(index)
        older, transform = self.transforms
        drawn = self.numpy.normal() + older.normal() + transform["last"].gauss(0, 1)  # type: ignore
        return x + torch.randn((), generator=self.torch) + float(drawn), label


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))


def trainer(data: Dataset[Any], loaders: int) -> TorchTrainer:
    return TorchTrainer(as_task_data(data), net, Engine(threads=1, loader_workers=loaders))


def run(data: Dataset[Any], loaders: int) -> Trace:
    return replace(trainer(data, loaders)(JOB), seconds=0.0)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    gc.collect()
    assert not multiprocessing.active_children()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)  # one that fills a queue ends a moment after the queue
        assert not thread.is_alive()


@pytest.mark.parametrize("source", DRAWS)
def test_a_run_is_the_same_whichever_processes_read_the_data(source: str) -> None:
    alone = run(Noisy(source), 0)
    assert len(alone.curve.train_loss) > 2
    assert alone.notes == ()
    assert run(Noisy(source), 1) == alone
    assert run(Noisy(source), 2) == alone


def test_generators_that_a_data_set_holds_give_the_same_too_and_are_left_as_they_were() -> None:
    data = Holding()
    alone = run(data, 0)
    assert [run(data, loaders) for loaders in (0, 2)] == [alone, alone]
    assert torch.equal(data.torch.get_state(), Holding().torch.get_state())
    assert data.numpy.random() == Holding().numpy.random()


def test_generators_of_a_data_set_differ_from_batch_to_batch_seed_to_seed_and_one_another() -> None:
    held = [np.random.default_rng(0), np.random.default_rng(0)]

    def draw(asked: list[int]) -> Batch:
        return torch.tensor([rng.random() for rng in held]), torch.tensor(asked)

    reader = Reader(draw, held=held)
    drawn = {
        float(v)
        for seed in (0, 1)
        for o in as_orders([torch.arange(1)] * 3, seed)
        for v in reader[o][0]
    }
    assert len(drawn) == 12


def test_each_seed_gives_other_random_numbers_and_each_batch_too() -> None:
    parts = [torch.arange(2)] * 3
    seeds = {order.seed for seed in (0, 1) for order in as_orders(parts, seed)}
    assert len(seeds) == 6
    assert list(as_orders(parts, 1)) == list(as_orders(parts, 1))
    assert [order.numbers for order in as_orders(parts, 0)] == [[0, 1]] * 3


class Fails(Noisy):
    """Cannot be read by any process but the first, from some sample on."""

    def __init__(self, how: Callable[[], object], at: int = 0) -> None:
        super().__init__("torch")
        self.how, self.at, self.owner = how, at, os.getpid()

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index >= self.at and os.getpid() != self.owner:
            self.how()
        return super().__getitem__(index)


def no_cuda() -> None:
    raise RuntimeError("Cannot re-initialize CUDA in forked subprocess.")


def pool() -> None:
    with multiprocessing.Pool(1) as processes:
        processes.map(abs, [1])


def nested() -> None:
    list(DataLoader([1, 2], num_workers=1))  # type: ignore[arg-type]


FAILURES: dict[str, tuple[Callable[[], object], int, str]] = {
    "CUDA": (no_cuda, 0, "cannot be read: RuntimeError: Cannot re-initialize CUDA in forked"),
    "a pool": (pool, 0, r"\(AssertionError: daemonic processes are not allowed to have children\)"),
    "a DataLoader": (nested, 0, "AssertionError: daemonic processes"),
    "some samples": (no_cuda, 150, "train sample .* cannot be read: RuntimeError: Cannot"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_loader_processes_cannot_read_the_process_that_trains_reads(failure: str) -> None:
    how, at, why = FAILURES[failure]
    helped, alone = run(Fails(how, at), 2), run(Fails(how, at), 0)
    assert replace(helped, notes=()) == alone
    (note,) = helped.notes
    assert note.startswith("The process that trains reads the data itself, because loader proces")
    assert re.search(why, note)
    assert "\n" not in note


def test_a_loader_process_that_is_killed_is_done_without() -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    helped = run(Fails(die), 1)
    assert replace(helped, notes=()) == run(Fails(die), 0)
    assert re.search("DataLoader worker .*(killed|exited unexpectedly)", helped.notes[0])


class Broken(Noisy):
    """Cannot be read in one place."""

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index == 37:
            raise OSError("truncated image")
        return super().__getitem__(index)


def test_a_broken_sample_is_named_whoever_reads_it() -> None:
    told = []
    for loaders in (0, 2):
        with pytest.raises(DataError, match="sample 37 cannot be read: OSError: trunc") as why:
            run(Broken("torch"), loaders)
        told.append(str(why.value))
    assert told[0] == told[1]


def numbers(read: Callable[[list[int]], Batch], loaders: Loaders, count: int) -> list[int]:
    wanted = as_orders([torch.tensor([i]) for i in range(count)], 0)
    return [int(y) for _, y in loaders.read(Reader(read), wanted)]


def plain(asked: list[int]) -> Batch:
    return torch.zeros(1), torch.tensor(asked)


def test_the_batches_come_in_their_order_to_the_last() -> None:
    for count in (0, 1, 5, 40):
        for processes in (0, 1, 2):
            assert numbers(plain, Loaders(processes), count) == list(range(count))


def test_no_batch_is_lost_or_doubled_where_loader_processes_fail() -> None:
    owner = os.getpid()

    def fails(asked: list[int]) -> Batch:
        if asked == [11] and os.getpid() != owner:
            raise OSError("gone")
        return plain(asked)

    loaders = Loaders(2)
    assert numbers(fails, loaders, 40) == list(range(40))
    assert loaders.notes == (
        "The process that trains reads the data itself, because loader processes cannot "
        "(OSError: gone).",
    )
    assert numbers(fails, loaders, 5) == list(range(5))


def test_processes_that_cannot_start_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "start_method", lambda: "spawn")
    locked = threading.Lock()  # no pickle takes it

    def holds(asked: list[int]) -> Batch:
        with locked:
            return plain(asked)

    loaders = Loaders(2)
    assert numbers(holds, loaders, 5) == list(range(5))
    assert "loader processes cannot (" in loaders.notes[0]


@pytest.mark.parametrize(
    ("chosen", "platform", "found"),
    [
        (None, "linux", "fork"),
        ("loky", "linux", "fork"),
        ("spawn", "linux", None),
        ("fork", "linux", None),
        (None, "darwin", None),
    ],
)
def test_processes_start_by_fork_on_linux_unless_the_caller_has_chosen(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, platform: str, found: str | None
) -> None:
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none: chosen)
    monkeypatch.setattr(reading.sys, "platform", platform)
    assert reading.start_method() == found


def test_a_loader_process_reads_only_a_few_batches_ahead(tmp_path: Path) -> None:
    def read(asked: list[int]) -> Batch:
        (tmp_path / str(asked[0])).touch()
        return plain(asked)

    wanted: list[Order] = []

    def watched() -> Iterator[Order]:
        for order in as_orders([torch.tensor([i]) for i in range(1000)], 0):
            wanted.append(order)
            yield order

    batches = Loaders(2).read(Reader(read), watched())
    for _ in islice(batches, 3):
        assert len(wanted) <= 3 + 2 * 4
    batches.close()
    assert len(list(tmp_path.iterdir())) <= len(wanted) <= 11


def test_runs_that_end_early_leave_no_process_file_or_thread() -> None:
    wanted = [torch.tensor([i]) for i in range(100)]

    def early() -> int:
        batches = Loaders(1).read(Reader(plain), as_orders(wanted, 0))
        next(batches)
        batches.close()
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    early()
    files = early()
    assert min([early() for _ in range(12)][-4:]) <= files  # a thread may be about to close two
    assert not multiprocessing.active_children()


def test_reading_leaves_the_random_numbers_of_the_run_alone() -> None:
    for loaders in (0, 2):
        before = torch.get_rng_state(), str(np.random.get_state()), random.getstate()
        batches = trainer(Noisy("torch"), loaders).batches().training(32, seed=0)
        next(batches)
        batches.close()
        after = torch.get_rng_state(), str(np.random.get_state()), random.getstate()
        assert torch.equal(before[0], after[0])
        assert before[1:] == after[1:]
