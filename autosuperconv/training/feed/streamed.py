"""`Streamed`: batches that are read while a run trains, for data that are not on the device."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial

import torch
from joblib import cpu_count
from torch import Tensor
from torch.utils.data import default_collate

from autosuperconv.core.trace import Split
from autosuperconv.errors import DataError
from autosuperconv.training.data.checked import Checked, kind_of_numbers
from autosuperconv.training.data.normalise import needs_doubles
from autosuperconv.training.data.task import MIXED, Samples, TaskData, TensorSplit, normalised
from autosuperconv.training.data.torch_dataset import declared_labels, first_sample
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.generators import generators_in, seeded
from autosuperconv.training.engine.isolation import own_state
from autosuperconv.training.feed.augment import augmenter
from autosuperconv.training.feed.batches import (
    Batch,
    Kept,
    endless_order,
    even_parts,
    fixed_subset,
    input_layout,
    size_of,
)
from autosuperconv.training.feed.reading import Loaders, Reader, as_orders

MOST_LOADERS = 8


def loader_workers(engine: Engine, runs: int = 1) -> int:
    """Loader processes for one run: none on a CPU, where training keeps all cores busy.

    Args:
        engine: may say their number.
        runs: that go on at once and share the cores.
    """
    if engine.loader_workers is not None:
        return engine.loader_workers
    share = max(1, cpu_count() // runs)
    return min(MOST_LOADERS, share) if engine.device.startswith("cuda") else 0


class Streamed:
    """A user's own torch `Dataset`s with their own transforms, or tensors too large to hold.

    Args:
        data: the splits.
        engine: where they go.
        notes: what the user should know about that.
    """

    def __init__(self, data: TaskData, engine: Engine, notes: tuple[str, ...] = ()) -> None:
        self._notes = notes
        self._data, self._engine, self._kept = data, engine, Kept()
        self._splits = {
            "train": data.train,
            "validation": data.validation,
            "test": data.test,
        }
        if len({isinstance(split, TensorSplit) for split in self._splits.values()}) > 1:
            raise DataError(MIXED)
        self.n_train = size_of(data.train)
        held = {role: generators_in(part) for role, part in self._splits.items()}
        every = [generator for some in held.values() for generator in some]
        with own_state(), seeded(every, 0):  # reading a sample may draw random numbers
            self._readers = {
                role: Reader(_reading(part, role, data), engine.device, held[role])
                for role, part in self._splits.items()
            }
        self._loaders = Loaders(loader_workers(engine), engine.device.startswith("cuda"))

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._notes, *self._loaders.notes)

    def size(self, split: Split) -> int:
        return size_of(self._splits[split])

    def training(self, batch_size: int, seed: int) -> Generator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        parts = endless_order(self.n_train, batch_size, generator)
        device = torch.device(self._engine.device)
        draws = torch.Generator(device).manual_seed(seed)
        with closing(self._load("train", parts, seed)) as batches:
            for x, y in batches:
                if (augmented := augmenter(self._data, x)) is not None:
                    x = augmented(torch.arange(len(x), device=device), draws)
                yield self._ready(x), y

    def evaluation(self, split: Split, limit: int | None = None) -> Iterable[Batch]:
        subset = fixed_subset(self.size(split), limit)
        if limit is None:
            return self._in_order(split, subset)
        return self._kept.get((split, limit), len(subset), lambda: self._in_order(split, subset))

    def statistics(self, samples: int) -> Iterable[Batch]:
        subset = fixed_subset(self.n_train, samples)
        return self._kept.get(
            ("statistics", samples), len(subset), lambda: self._in_order("train", subset)
        )

    def _in_order(self, split: str, index: Tensor) -> Iterator[Batch]:
        parts = even_parts(index, self._engine.evaluation_batch)
        for x, y in self._load(split, parts, seed=0):
            yield self._ready(x), y

    def _ready(self, x: Tensor) -> Tensor:
        return input_layout(normalised(x, self._data), self._engine)

    def _load(self, split: str, parts: Iterable[Tensor], seed: int) -> Generator[Batch]:
        """Batches on the device, not yet normalised; loader processes end with the generator."""
        device, pinned = self._engine.device, self._engine.device.startswith("cuda")
        with closing(self._loaders.read(self._readers[split], as_orders(parts, seed))) as batches:
            for x, y in batches:
                x = x.to(device, non_blocking=pinned)
                yield x, y.to(device, non_blocking=pinned).long()


def _reading(samples: Samples, role: str, data: TaskData) -> Callable[[list[int]], Batch]:
    """What reads samples by their numbers, as one batch."""
    if isinstance(samples, TensorSplit):
        return partial(_rows, samples)
    kind = kind_of_numbers(first_sample(samples, role))
    declared = declared_labels(samples, role)
    floats = torch.float64 if needs_doubles(data.inputs) else torch.float32
    checked = Checked(samples, role, data.shape, kind, data.classes, declared, floats)
    return partial(_collated, checked)


def _rows(split: TensorSplit, numbers: list[int]) -> Batch:
    rows = torch.tensor(numbers)
    return split.x.index_select(0, rows), split.y.index_select(0, rows)


def _collated(samples: Checked, numbers: list[int]) -> Batch:
    x, y = default_collate([samples[number] for number in numbers])
    return x, y
