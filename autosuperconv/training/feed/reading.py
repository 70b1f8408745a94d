"""Read batches of a data set: in the process that trains, or ahead of it in loader processes.

Each batch has random states of its own. Its values depend neither on who reads it nor on what the
network draws meanwhile: a run is the same with any number of loader processes, and with none.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from autosuperconv.core.format import reason_of
from autosuperconv.errors import DataError
from autosuperconv.training.engine.generators import Drawn, seeded
from autosuperconv.training.engine.isolation import own_state, seed_all
from autosuperconv.training.feed.batches import Batch

PREFETCH = 4  # batches that each loader process reads ahead: what bounds their memory


@dataclass(frozen=True, slots=True)
class Order:
    """What one batch is made of.

    Args:
        numbers: of its samples.
        seed: of all random generators while it is read.
    """

    numbers: list[int]
    seed: int


def as_orders(parts: Iterable[Tensor], seed: int) -> Iterator[Order]:
    """Parts of a data set as orders, each with a seed of its own."""
    seeds = torch.Generator().manual_seed(seed)
    for part in parts:
        yield Order(part.tolist(), int(torch.randint(2**32, (), generator=seeds)))


class Reader(Dataset[Batch]):
    """A data set of whole batches, by their orders.

    Args:
        read: samples by their numbers, as one batch.
        device: that reading may draw random numbers on.
        held: random generators that the samples draw from, beside the global ones.
    """

    def __init__(
        self,
        read: Callable[[list[int]], Batch],
        device: str = "cpu",
        held: Sequence[Drawn] = (),
    ) -> None:
        self._read, self._device, self._held = read, device, held

    def __getitem__(self, order: Order) -> Batch:
        with own_state(), seeded(self._held, order.seed):
            seed_all(order.seed, self._device)
            return self._read(order.numbers)


@dataclass(frozen=True, slots=True)
class Unread:
    """Comes from a loader process instead of a batch.

    Args:
        reason: a part of a sentence.
    """

    reason: str


class Guarded(Dataset[Batch | Unread]):
    """A reader for a loader process: no error leaves it. One that torch passes on keeps the loader
    processes alive, until Python happens to collect garbage."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, order: Order) -> Batch | Unread:
        try:
            return self._reader[order]
        except Exception as error:
            why = str(error) if isinstance(error, DataError) else reason_of(error)
            return Unread(why.partition(". ")[0])  # the remedy is for data that none can read


class Loaders:
    """Reads ahead in processes where there are any, and goes on without them where they fail.

    Args:
        number: of processes.
        pinned: what they read is put into pinned memory, from which a GPU copies faster.
    """

    def __init__(self, number: int, pinned: bool = False) -> None:
        self._number, self._pinned = number, pinned
        self.notes: tuple[str, ...] = ()

    def read(self, reader: Reader, wanted: Iterator[Order]) -> Generator[Batch]:
        """The batches in their order; loader processes end with the generator."""
        ahead: deque[Order] = deque()  # given to loader processes and not yet back
        failure = ""
        if self._number:
            failure = yield from self._by_processes(reader, wanted, ahead)
        for order in chain(ahead, wanted):
            batch = reader[order]  # raises what is wrong with the data themselves
            if failure:
                self._do_without(failure)
                failure = ""
            yield batch

    def _by_processes(
        self, reader: Reader, wanted: Iterator[Order], ahead: deque[Order]
    ) -> Generator[Batch, None, str]:
        """The batches, as far as the processes read them; returns why they failed, or ""."""
        loader: DataLoader[Batch | Unread] = DataLoader(
            Guarded(reader),
            batch_size=None,  # an order is a batch
            sampler=_noted(wanted, ahead),
            num_workers=self._number,
            prefetch_factor=PREFETCH,
            pin_memory=self._pinned,
            generator=torch.Generator(),  # else it draws from the run's
            multiprocessing_context=start_method(),
        )
        try:
            for batch in loader:
                if isinstance(batch, Unread):
                    return batch.reason
                ahead.popleft()
                yield batch
        except Exception as error:  # they cannot be started, or were killed
            return reason_of(error)
        return ""

    def _do_without(self, failure: str) -> None:
        self._number = 0
        self.notes = (
            f"The process that trains reads the data itself, because loader processes cannot "
            f"({failure.rstrip('.')}).",
        )


def _noted(wanted: Iterator[Order], ahead: deque[Order]) -> Iterator[Order]:
    for order in wanted:
        ahead.append(order)
        yield order


def start_method() -> str | None:
    """How loader processes start: as the caller has set it, else by fork where that is usual.

    They start for every run. A fork takes 0.1 s; "forkserver", the default from Python 3.14 on, and
    "spawn" take 3 s, and cannot send data sets whose transforms are lambdas.
    """
    # "loky" is nobody's choice: joblib's workers have it, and it starts no processes but theirs
    unset = multiprocessing.get_start_method(allow_none=True) in (None, "loky")
    return "fork" if unset and sys.platform == "linux" else None
