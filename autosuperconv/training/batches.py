"""Batches: the data set on the device, augmented there in whole batches; or streamed.

Resident data stay as they were given (uint8 for images) and are normalised batch by batch. Crop
and flip are one gather: each image is padded once, and a batch is read by computed pixel
addresses, which also yields the channels-last layout for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from autosuperconv.core.trace import Split as SplitName
from autosuperconv.errors import DataError
from autosuperconv.training.data import Samples, Split, TaskData, normalised
from autosuperconv.training.engine import Engine

Batch = tuple[Tensor, Tensor]
PAD = 4


class Batches(Protocol):
    """Where the loop takes its batches from."""

    n_train: int

    def size(self, split: SplitName) -> int:
        """Samples in the split."""
        ...

    def training(self, batch_size: int, seed: int) -> Iterator[Batch]:
        """Endless: epoch after epoch, each in a new order; a batch may span two epochs."""
        ...

    def evaluation(self, split: SplitName, limit: int | None = None) -> Iterator[Batch]:
        """The split, or a fixed random subset of it."""
        ...

    def statistics(self) -> Iterator[Batch]:
        """A fixed subset of the training data, not augmented, for batch-norm statistics."""
        ...


def make_batches(data: TaskData, engine: Engine) -> Batches:
    """Resident where the data are tensors, streamed where they are a torch `Dataset`."""
    if isinstance(data.train, Split):
        return Resident(data, engine)
    return Streamed(data, engine)


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


class Resident:
    """All splits on the device."""

    def __init__(self, data: TaskData, engine: Engine) -> None:
        self._engine = engine
        device = torch.device(engine.device)
        self._splits = {
            "train": _on_device(data.train, device),
            "validation": _on_device(data.validation, device),
            "test": _on_device(data.test, device),
        }
        self.n_train = len(self._splits["train"].y)
        self._mean, self._scale = _affine(data, device)
        self._augmented: Callable[[Tensor, torch.Generator], Tensor] | None = None
        if data.augment == "crop-flip":
            self._augmented = CropFlip(self._splits["train"].x)

    def size(self, split: SplitName) -> int:
        return len(self._splits[split].y)

    def training(self, batch_size: int, seed: int) -> Iterator[Batch]:
        device = torch.device(self._engine.device)
        generator = torch.Generator(device).manual_seed(seed)
        train = self._splits["train"]
        for index in endless_order(self.n_train, batch_size, generator):
            if self._augmented is None:
                x = train.x.index_select(0, index)
            else:
                x = self._augmented(index, generator)
            yield self._normalise(x), train.y.index_select(0, index)

    def evaluation(self, split: SplitName, limit: int | None = None) -> Iterator[Batch]:
        chosen = self._splits[split]
        yield from self._in_order(chosen, fixed_subset(len(chosen.y), limit))

    def statistics(self) -> Iterator[Batch]:
        subset = fixed_subset(self.n_train, self._engine.statistics_samples)
        yield from self._in_order(self._splits["train"], subset)

    def _in_order(self, split: Split, index: Tensor) -> Iterator[Batch]:
        for part in index.to(split.y.device).split(self._engine.evaluation_batch):
            yield self._normalise(split.x.index_select(0, part)), split.y.index_select(0, part)

    def _normalise(self, x: Tensor) -> Tensor:
        """(B, ...) as stored -> (B, ...) float32, zero mean and unit variance per channel."""
        y = x.to(torch.float32).sub_(self._mean).mul_(self._scale)
        if y.dim() == 4 and self._engine.memory_format == "channels_last":
            return y.contiguous(memory_format=torch.channels_last)
        return y


class CropFlip:
    """Random crop of an image padded by 4 and random horizontal flip (He et al. 2015, 4.2).

    Args:
        x: (N, C, H, W), any dtype; kept padded with zeros as (N * (H + 8) * (W + 8), C).
    """

    def __init__(self, x: Tensor) -> None:
        padded = torch.nn.functional.pad(x, (PAD, PAD, PAD, PAD))
        self._n, self._c, self._h, self._w = padded.shape
        self._rows = padded.permute(0, 2, 3, 1).reshape(-1, self._c).contiguous()
        device = x.device
        self._y = torch.arange(x.shape[2], device=device)
        self._x = torch.arange(x.shape[3], device=device)

    def __call__(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """(B,) sample numbers -> (B, C, H, W) in channels-last layout."""
        b, device = len(index), index.device
        shift = torch.randint(0, 2 * PAD + 1, (2, b, 1), generator=generator, device=device)
        flip = torch.randint(0, 2, (b, 1), generator=generator, device=device).bool()
        columns = torch.where(flip, self._x.flip(0), self._x) + shift[0]
        rows = (self._y + shift[1] + index[:, None] * self._h) * self._w
        address = rows[:, :, None] + columns[:, None, :]
        pixels = self._rows.index_select(0, address.reshape(-1))
        return pixels.view(b, len(self._y), len(self._x), self._c).permute(0, 3, 1, 2)


class Streamed:
    """A user's own torch `Dataset`s, with their own transforms, through a DataLoader."""

    def __init__(self, data: TaskData, engine: Engine) -> None:
        self._data, self._engine = data, engine
        self._splits: dict[str, Dataset[Batch]] = {
            "train": _as_dataset(data.train),
            "validation": _as_dataset(data.validation),
            "test": _as_dataset(data.test),
        }
        self.n_train = size_of(self._splits["train"])

    def size(self, split: SplitName) -> int:
        return size_of(self._splits[split])

    def training(self, batch_size: int, seed: int) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        orders = (i.tolist() for i in endless_order(self.n_train, batch_size, generator))
        yield from self._load("train", orders)

    def evaluation(self, split: SplitName, limit: int | None = None) -> Iterator[Batch]:
        subset = fixed_subset(size_of(self._splits[split]), limit)
        yield from self._load(split, self._parts(subset))

    def statistics(self) -> Iterator[Batch]:
        subset = fixed_subset(self.n_train, self._engine.statistics_samples)
        yield from self._load("train", self._parts(subset))

    def _parts(self, index: Tensor) -> Iterator[list[int]]:
        return iter([part.tolist() for part in index.split(self._engine.evaluation_batch)])

    def _load(self, split: str, orders: Iterator[list[int]]) -> Iterator[Batch]:
        pinned = self._engine.device.startswith("cuda")
        loader: DataLoader[Batch] = DataLoader(
            self._splits[split],
            batch_sampler=orders,
            pin_memory=pinned,
        )
        for x, y in loader:
            x = x.to(self._engine.device, non_blocking=pinned)
            y = y.to(self._engine.device, non_blocking=pinned).long()
            yield normalised(x, self._data), y


def _on_device(split: object, device: torch.device) -> Split:
    if not isinstance(split, Split):
        raise DataError("All splits must be tensors, or all torch Datasets, but they are mixed.")
    return Split(split.x.to(device), split.y.to(device))


def _as_dataset(split: object) -> Dataset[Batch]:
    if not isinstance(split, Dataset):
        raise DataError("All splits must be tensors, or all torch Datasets, but they are mixed.")
    return split


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
