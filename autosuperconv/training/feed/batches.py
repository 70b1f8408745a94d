"""Batches: the data set on the device, augmented there in whole batches; or streamed.

Resident images stay uint8 and are normalised batch by batch where they are augmented; otherwise
the training split is normalised once. What is read again and again, the subsets behind
batch-norm statistics and learning curves, is kept ready.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from autosuperconv.core.trace import Split as SplitName
from autosuperconv.errors import DataError
from autosuperconv.training.data.task import Samples, Split, TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.isolation import own_state, seed_all
from autosuperconv.training.feed.augment import CropFlip

Batch = tuple[Tensor, Tensor]
KEEP_BYTES = 2**28  # 256 MiB: a normalised split, or a subset, that is larger is not kept
FREE_SHARE = 0.5  # of a GPU's free memory that data may take; the rest is the network's


class Batches(Protocol):
    """Where the loop takes its batches from."""

    n_train: int

    def size(self, split: SplitName) -> int:
        """Samples in the split."""
        ...

    def training(self, batch_size: int, seed: int) -> Generator[Batch]:
        """Endless: epoch after epoch, each in a new order; a batch may span two epochs. Close it
        where it is left early."""
        ...

    def evaluation(self, split: SplitName, limit: int | None = None) -> Iterable[Batch]:
        """The split, or a fixed random subset of it."""
        ...

    def statistics(self, samples: int) -> Iterable[Batch]:
        """A fixed subset of the training data, for batch-norm statistics."""
        ...


def endless_order(n: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Index batches of exactly `batch_size`: shuffled passes over n samples, end to end."""
    device = generator.device
    waiting = torch.randperm(n, generator=generator, device=device)
    while True:
        while len(waiting) < batch_size:
            more = torch.randperm(n, generator=generator, device=device)
            waiting = torch.cat([waiting, more])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]


def fixed_subset(n: int, limit: int | None) -> Tensor:
    """The same random subset of n samples each time: (min(n, limit),) int64."""
    if limit is None or limit >= n:
        return torch.arange(n)
    return torch.randperm(n, generator=torch.Generator().manual_seed(0))[:limit]


def augmenter(data: TaskData, x: Tensor) -> CropFlip | None:
    """What the data's `augment` does with images x: (N, C, H, W), not yet normalised."""
    if data.augment == "none":
        return None
    if data.augment == "crop-flip":
        return CropFlip(x)
    mean = torch.tensor(data.mean, device=x.device)
    return CropFlip(x, (mean * 255).round().to(x.dtype) if x.dtype == torch.uint8 else mean)


def even_parts(index: Tensor, most: int) -> tuple[Tensor, ...]:
    """Parts of about one size, at most `most`: a rest of a few samples would upset batch norm."""
    return index.chunk(-(-len(index) // most))


def input_layout(x: Tensor, engine: Engine) -> Tensor:
    """x in the engine's memory format; other than 4-D tensors have only one."""
    if x.dim() == 4 and engine.memory_format == "channels_last":
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous()


class Kept:
    """Batches that are read more than once, as long as they are small."""

    def __init__(self) -> None:
        self._batches: dict[tuple[str, int], list[Batch]] = {}

    def get(
        self, key: tuple[str, int], samples: int, read: Callable[[], Iterator[Batch]]
    ) -> Iterable[Batch]:
        """The batches of that name, read at the first call.

        Args:
            samples: in all of them.
        """
        if key in self._batches:
            return self._batches[key]
        with own_state():  # a run must not notice who read them first
            seed_all(0)
            batches = read()
            first = next(batches)
            bytes_each = first[0].nbytes / len(first[1])
            if bytes_each * samples > KEEP_BYTES:
                return _prepended(first, batches)
            self._batches[key] = [first, *batches]
        return self._batches[key]


def _prepended(first: Batch, batches: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from batches


class Resident:
    """All splits on the device."""

    def __init__(self, data: TaskData, engine: Engine) -> None:
        self._engine, self._kept = engine, Kept()
        device = torch.device(engine.device)
        self._splits = {
            "train": _on_device(data.train, device),
            "validation": _on_device(data.validation, device),
            "test": _on_device(data.test, device),
        }
        train = self._splits["train"]
        self.n_train = len(train.y)
        self._mean, self._scale = _affine(data, device)
        self._augmented = augmenter(data, train.x)
        self._ready = None
        if self._augmented is None and 4 * train.x.numel() <= KEEP_BYTES:
            self._ready = self._normalise(train.x)

    def size(self, split: SplitName) -> int:
        return len(self._splits[split].y)

    def training(self, batch_size: int, seed: int) -> Generator[Batch]:
        device = torch.device(self._engine.device)
        generator = torch.Generator(device).manual_seed(seed)
        y = self._splits["train"].y
        for index in endless_order(self.n_train, batch_size, generator):
            yield self._inputs(index, generator), y.index_select(0, index)

    def _inputs(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """(B,) sample numbers -> the network's input."""
        if self._augmented is not None:
            return self._normalise(self._augmented(index, generator))
        if self._ready is not None:
            return input_layout(self._ready.index_select(0, index), self._engine)
        return self._normalise(self._splits["train"].x.index_select(0, index))

    def evaluation(self, split: SplitName, limit: int | None = None) -> Iterable[Batch]:
        chosen = self._splits[split]
        subset = fixed_subset(len(chosen.y), limit)
        if limit is None:
            return self._in_order(chosen, subset)
        return self._kept.get((split, limit), len(subset), lambda: self._in_order(chosen, subset))

    def statistics(self, samples: int) -> Iterable[Batch]:
        train = self._splits["train"]
        subset = fixed_subset(self.n_train, samples)
        return self._kept.get(
            ("statistics", samples), len(subset), lambda: self._in_order(train, subset)
        )

    def _in_order(self, split: Split, index: Tensor) -> Iterator[Batch]:
        for part in even_parts(index.to(split.y.device), self._engine.evaluation_batch):
            yield self._normalise(split.x.index_select(0, part)), split.y.index_select(0, part)

    def _normalise(self, x: Tensor) -> Tensor:
        """(B, ...) as stored -> (B, ...) float32, zero mean and unit variance per channel."""
        copied = x.to(torch.float32, copy=True)
        return input_layout(copied.sub_(self._mean).mul_(self._scale), self._engine)


def _on_device(split: Samples, device: torch.device) -> Split:
    if not isinstance(split, Split):
        raise DataError("All splits must be tensors, or all torch Datasets, but they are mixed.")
    return Split(split.x.to(device), split.y.to(device))


def size_of(samples: Samples) -> int:
    """How many samples a split has."""
    return len(samples)  # type: ignore[arg-type]  # map-style data sets have a length


def _affine(data: TaskData, device: torch.device) -> tuple[Tensor, Tensor]:
    """(mean, 1 / std) on the stored scale, shaped to broadcast over a batch."""
    assert isinstance(data.train, Split)
    unit = 255.0 if data.train.x.dtype == torch.uint8 else 1.0
    shape = (1, -1, *([1] * (len(data.shape) - 1)))
    mean = torch.tensor(data.mean, dtype=torch.float32, device=device).view(shape) * unit
    std = torch.tensor(data.std, dtype=torch.float32, device=device).view(shape) * unit
    return mean, 1 / std
