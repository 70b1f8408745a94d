"""`Streamed`: batches through a DataLoader, for data that are not on the device."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any

import torch
from joblib import cpu_count
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from autosuperconv.core.trace import Split
from autosuperconv.errors import DataError
from autosuperconv.training.data.checked import Checked, kind_of_numbers
from autosuperconv.training.data.normalise import needs_doubles
from autosuperconv.training.data.task import Samples, TaskData, TensorSplit, normalised
from autosuperconv.training.data.torch_dataset import declared_labels, first_sample
from autosuperconv.training.engine import Engine
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

MOST_LOADERS = 8


def loader_workers(engine: Engine) -> int:
    """Loader processes for one run: none on a CPU, where training keeps all cores busy."""
    if engine.loader_workers is not None:
        return engine.loader_workers
    return min(MOST_LOADERS, cpu_count()) if engine.device.startswith("cuda") else 0


class Rows(Dataset[Batch]):
    """A `TensorSplit` as a data set; the loader takes a whole batch of it at once."""

    def __init__(self, split: TensorSplit) -> None:
        self._split = split

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: int) -> Batch:
        return self._split.x[index], self._split.y[index]

    def __getitems__(self, indices: list[int]) -> Batch:
        rows = torch.tensor(indices)
        return self._split.x.index_select(0, rows), self._split.y.index_select(0, rows)


class Streamed:
    """A user's own torch `Dataset`s with their own transforms, or tensors too large to hold."""

    def __init__(self, data: TaskData, engine: Engine) -> None:
        self._data, self._engine, self._kept = data, engine, Kept(engine.device)
        self._splits = {
            "train": data.train,
            "validation": data.validation,
            "test": data.test,
        }
        if len({isinstance(split, TensorSplit) for split in self._splits.values()}) > 1:
            raise DataError("Splits must be all tensors or all torch Datasets, but they are mixed.")
        self.n_train = size_of(data.train)
        with own_state():  # reading a sample may draw random numbers
            self._sets = {
                role: _as_dataset(part, role, data) for role, part in self._splits.items()
            }

    def size(self, split: Split) -> int:
        return size_of(self._splits[split])

    def training(self, batch_size: int, seed: int) -> Generator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        orders = (i.tolist() for i in endless_order(self.n_train, batch_size, generator))
        device = torch.device(self._engine.device)
        draws = torch.Generator(device).manual_seed(seed)
        with closing(self._load("train", orders, seed)) as batches:
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
        parts = iter([i.tolist() for i in even_parts(index, self._engine.evaluation_batch)])
        for x, y in self._load(split, parts, 0):
            yield self._ready(x), y

    def _ready(self, x: Tensor) -> Tensor:
        return input_layout(normalised(x, self._data), self._engine)

    def _load(self, split: str, orders: Iterator[list[int]], seed: int) -> Generator[Batch]:
        """Batches on the device, not yet normalised; loader processes end with the generator."""
        workers, pinned = loader_workers(self._engine), self._engine.device.startswith("cuda")
        samples = self._splits[split]
        loader: DataLoader[Batch] = DataLoader(
            self._sets[split],
            batch_sampler=orders,
            collate_fn=_as_it_is if isinstance(samples, TensorSplit) else None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=pinned,
            generator=torch.Generator().manual_seed(seed),
        )
        for x, y in _with_plain_errors(loader):
            x = x.to(self._engine.device, non_blocking=pinned)
            yield x, y.to(self._engine.device, non_blocking=pinned).long()


def _as_dataset(samples: Samples, role: str, data: TaskData) -> Dataset[Any]:
    if isinstance(samples, TensorSplit):
        return Rows(samples)
    kind = kind_of_numbers(first_sample(samples, role))
    declared = declared_labels(samples, role)
    floats = torch.float64 if needs_doubles(data.inputs) else torch.float32
    return Checked(samples, role, data.shape, kind, data.classes, declared, floats)


def _with_plain_errors(loader: Iterable[Batch]) -> Iterator[Batch]:
    """A loader process adds its traceback to the message of an error; only the message is told."""
    try:
        yield from loader
    except DataError as error:
        raise DataError(str(error).rpartition("DataError: ")[2].strip()) from None


def _as_it_is(batch: Any) -> Any:
    """`Rows` makes whole batches: there is nothing to collate."""
    return batch
