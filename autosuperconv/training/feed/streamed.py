"""`Streamed`: batches through a DataLoader, for data that do not lie on the device."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from autosuperconv.core.trace import Split as SplitName
from autosuperconv.errors import DataError
from autosuperconv.training.data.task import Samples, Split, TaskData, normalised
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.system import cpu_workers
from autosuperconv.training.feed.batches import (
    FREE_SHARE,
    Batch,
    Batches,
    Kept,
    Resident,
    augmenter,
    endless_order,
    even_parts,
    fixed_subset,
    input_layout,
    size_of,
)

MOST_LOADERS = 8


def make_batches(data: TaskData, engine: Engine) -> Batches:
    """Resident where the data are tensors that the device can hold, else streamed."""
    return Resident(data, engine) if is_resident(data, engine) else Streamed(data, engine)


def is_resident(data: TaskData, engine: Engine) -> bool:
    """Whether the data can lie on the device.

    On a CPU tensors do already. A GPU must have room twice over: augmented images are kept a
    second time, padded.
    """
    splits = [data.train, data.validation, data.test]
    held = [split for split in splits if isinstance(split, Split)]
    if len(held) < len(splits) or not engine.device.startswith("cuda"):
        return bool(held)
    free, _ = torch.cuda.mem_get_info(engine.device)
    return 2 * sum(split.x.nbytes for split in held) <= FREE_SHARE * free


def how_held(data: TaskData, engine: Engine) -> str:
    """One sentence on where the data lie, and why."""
    if is_resident(data, engine):
        return "Data resident on the device, augmented there in whole batches."
    loaders = loader_workers(engine)
    by = f"{loaders} loader processes" if loaders else "the training process itself"
    why = "too large for the device" if isinstance(data.train, Split) else "a torch Dataset"
    return f"Data streamed by {by}: they are {why}."


def loader_workers(engine: Engine) -> int:
    """Loader processes beside one run: none on a CPU, whose cores the training fills already."""
    if engine.loader_workers is not None:
        return engine.loader_workers
    return min(MOST_LOADERS, cpu_workers()) if engine.device.startswith("cuda") else 0


class Rows(Dataset[Batch]):
    """A `Split` as a data set; the loader takes a whole batch of it at once."""

    def __init__(self, split: Split) -> None:
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
        self._data, self._engine, self._kept = data, engine, Kept()
        self._splits = {
            "train": data.train,
            "validation": data.validation,
            "test": data.test,
        }
        if len({isinstance(split, Split) for split in self._splits.values()}) > 1:
            raise DataError(
                "All splits must be tensors, or all torch Datasets, but they are mixed."
            )
        self.n_train = size_of(data.train)

    def size(self, split: SplitName) -> int:
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

    def evaluation(self, split: SplitName, limit: int | None = None) -> Iterable[Batch]:
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
            _as_dataset(samples),
            batch_sampler=orders,
            collate_fn=_as_it_is if isinstance(samples, Split) else None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=pinned,
            generator=torch.Generator().manual_seed(seed),
        )
        for x, y in loader:
            x = x.to(self._engine.device, non_blocking=pinned)
            yield x, y.to(self._engine.device, non_blocking=pinned).long()


def _as_dataset(samples: Samples) -> Dataset[Batch]:
    return Rows(samples) if isinstance(samples, Split) else samples


def _as_it_is(batch: Any) -> Any:
    """`Rows` makes whole batches: there is nothing to collate."""
    return batch
