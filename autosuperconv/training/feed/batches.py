"""What feeds have in common: the protocol, orders, subsets, and batches that are kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from autosuperconv.core.trace import Split
from autosuperconv.training.data.task import Samples
from autosuperconv.training.engine import Engine

Batch = tuple[Tensor, Tensor]
KEEP_BYTES = 2**28  # 256 MiB: a normalised split, or a subset, that is larger is not kept


class Batches(Protocol):
    """What the training loop takes its batches from."""

    n_train: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of how they are read, one sentence each."""
        ...

    def size(self, split: Split) -> int:
        """Samples in the split."""
        ...

    def training(self, batch_size: int, seed: int) -> Generator[Batch]:
        """Batches without end: epoch after epoch, each in a new order; a batch may span two
        epochs. Whoever stops early closes the generator."""
        ...

    def evaluation(self, split: Split, limit: int | None = None) -> Iterable[Batch]:
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


def even_parts(index: Tensor, most: int) -> tuple[Tensor, ...]:
    """Parts of about one size, at most `most`: a small last part would disturb batch norm."""
    return index.chunk(-(-len(index) // most))


def input_layout(x: Tensor, engine: Engine) -> Tensor:
    """x in the engine's memory format; only 4-D tensors have more than one."""
    if x.dim() == 4 and engine.memory_format == "channels_last":
        return x.contiguous(memory_format=torch.channels_last)
    return x.contiguous()


class Kept:
    """Keeps batches that are read more than once, as long as they are small."""

    def __init__(self) -> None:
        self._batches: dict[tuple[str, int], list[Batch]] = {}

    def get(
        self, key: tuple[str, int], samples: int, read: Callable[[], Iterator[Batch]]
    ) -> Iterable[Batch]:
        """The batches of that key, read at the first call.

        Args:
            samples: in all of them.
        """
        if key in self._batches:
            return self._batches[key]
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


def size_of(samples: Samples) -> int:
    """How many samples a split has."""
    return len(samples)  # type: ignore[arg-type]  # map-style data sets have a length
