"""`Resident`: the whole data set on the device, augmented there in whole batches.

Images stay uint8 and are normalised batch by batch where they are augmented; otherwise the
training split is normalised once. The subsets behind batch-norm statistics and learning curves are
read again and again, so they are kept normalised.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

import torch
from joblib import cpu_count
from torch import Tensor

from autosuperconv.core.trace import Split
from autosuperconv.errors import DataError
from autosuperconv.training.data.task import MIXED, Samples, TaskData, TensorSplit, shaped
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.system import free_memory
from autosuperconv.training.feed.augment import augmenter
from autosuperconv.training.feed.batches import (
    KEEP_BYTES,
    Batch,
    Kept,
    endless_order,
    even_parts,
    fixed_subset,
    input_layout,
)


class Resident:
    """All splits on the device."""

    notes = ()

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
        if self._augmented is None and 4 * train.x.numel() <= most_kept(engine.device):
            self._ready = self._normalise(train.x)

    def size(self, split: Split) -> int:
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

    def evaluation(self, split: Split, limit: int | None = None) -> Iterable[Batch]:
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

    def _in_order(self, split: TensorSplit, index: Tensor) -> Iterator[Batch]:
        for part in even_parts(index.to(split.y.device), self._engine.evaluation_batch):
            yield self._normalise(split.x.index_select(0, part)), split.y.index_select(0, part)

    def _normalise(self, x: Tensor) -> Tensor:
        """(B, ...) as stored -> (B, ...) float32, zero mean and unit variance per channel or
        feature; whole numbers stay as they are."""
        if x.dtype == torch.int64:
            return x
        copied = x.to(torch.float32, copy=True)
        return input_layout(copied.sub_(self._mean).mul_(self._scale), self._engine)


def most_kept(device: str) -> float:
    """Bytes that a split may take once more, normalised. On a CPU, every core's run may want them
    at the same time."""
    runs = cpu_count() if device == "cpu" else 1
    return min(KEEP_BYTES, free_memory(device) / (2 * runs))


def _on_device(split: Samples, device: torch.device) -> TensorSplit:
    if not isinstance(split, TensorSplit):
        raise DataError(MIXED)
    return TensorSplit(split.x.to(device), split.y.to(device))


def _affine(data: TaskData, device: torch.device) -> tuple[Tensor, Tensor]:
    """(mean, 1 / std) on the stored scale, shaped to broadcast over a batch."""
    assert isinstance(data.train, TensorSplit)
    x = data.train.x
    unit = 255.0 if x.dtype == torch.uint8 else 1.0
    batch = torch.empty([0] * x.ndim, dtype=torch.float32, device=device)
    mean, std = (shaped(v, data.normalise, batch) * unit for v in (data.mean, data.std))
    return mean, 1 / std
