"""Which samples are for training, which for the search, and which for the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Subset

from autosuperconv.errors import DataError
from autosuperconv.training.data.task import Labels, Samples, TensorSplit

SPLIT_SEED = 20180517  # fixed: no search seed moves a sample between splits
TEST_SHARE = 0.2  # of an undivided set; validation takes as much again
BESIDE_N_TRAIN = 1.25
"""Validation samples for each training sample, where `n_train` leaves so many unused. An evaluation
of them costs a tenth of the training of a mean trial, four epochs, and halves the noise of 1,000
samples where n_train is 3,000: less luck in which recipe is picked."""


class Deferred(Dataset[Any]):
    """Samples that are read into memory once it is known which split has which of them: read
    before, they would be held twice.

    Args:
        read: from numbers of samples to (n, ...) samples.
        rows: the numbers of these.
    """

    def __init__(
        self, read: Callable[[NDArray[np.int64]], Tensor], rows: NDArray[np.int64]
    ) -> None:
        self._read, self._rows = read, rows

    def take(self, rows: NDArray[np.int64]) -> Deferred:
        return Deferred(self._read, self._rows[rows])

    def x(self) -> Tensor:
        """(n, ...), read now."""
        return self._read(self._rows)


@dataclass(frozen=True, slots=True)
class Part:
    """Samples and, in the same order, their labels y: (N,)."""

    samples: Samples
    y: Labels

    def take(self, rows: NDArray[np.int64]) -> Part:
        return Part(_rows(self.samples, rows), self.y[rows])

    def held(self) -> Part:
        """The same, in memory if it was to be read."""
        if not isinstance(self.samples, Deferred):
            return self
        return tensor_part(self.samples.x(), torch.from_numpy(self.y))


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a data set as it comes.

    Args:
        train: what is divided where another part is missing.
        validation: None: it has none.
        test: None: it has none.
        notes: what was decided on the way in, one sentence each.
        class_names: by label; none where labels are numbers.
    """

    train: Part
    validation: Part | None = None
    test: Part | None = None
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Divided:
    """All three parts."""

    train: Part
    validation: Part
    test: Part


def tensor_part(x: Tensor, y: Tensor) -> Part:
    return Part(TensorSplit(x, y), y.numpy())


def divide(parts: Parts, classes: int, n_train: int | None, seed: int, name: str) -> Divided:
    """Make the parts that are missing, then keep `n_train` training samples.

    Every split is stratified by class. Validation and test depend on no seed; `seed` picks the
    `n_train` among the training samples, smaller picks being parts of larger ones.

    Raises:
        DataError: too few samples to divide, or fewer than `n_train` of them.
    """
    _check_enough(parts, classes, name)
    train, validation, test = parts.train, parts.validation, parts.test
    if test is None:
        size = max(classes, round(TEST_SHARE * len(train.y)))
        test, train = _split_off(train, size)
        if validation is None:
            validation, train = _split_off(train, min(size, len(train.y) - classes))
    elif validation is None:
        size = max(classes, _validation_size(len(train.y)))
        validation, train = _split_off(train, size)
    if n_train is not None:
        train, pool = _first(train, n_train, classes, seed, name), validation
        if parts.validation is None:
            size = min(len(pool.y), max(1000, round(BESIDE_N_TRAIN * n_train), classes))
            validation, _ = _split_off(pool, size)
    return Divided(train.held(), validation.held(), test.held())


def _validation_size(n: int) -> int:
    """A tenth, raised to 1,000 samples as long as that is at most a fifth: with fewer samples
    the standard error of an accuracy near 0.9 exceeds one percentage point."""
    return max(n // 10, min(1000, n // 5))


def stratified_order(y: Labels, seed: int) -> NDArray[np.int64]:
    """An order in which every prefix has the classes in their true proportions.

    It begins with one sample of each class.
    """
    shuffled = np.random.default_rng(seed).permutation(len(y))
    by_class = np.argsort(y[shuffled], kind="stable")
    counts = np.bincount(y)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    labels = y[shuffled][by_class]
    rank = np.arange(len(y)) - starts[labels]
    key = np.empty(len(y))
    key[by_class] = np.where(rank == 0, -1.0, (rank + 0.5) / counts[labels])
    return shuffled[np.argsort(key, kind="stable")]


def _split_off(part: Part, size: int) -> tuple[Part, Part]:
    order = stratified_order(part.y, SPLIT_SEED)
    return part.take(np.sort(order[:size])), part.take(np.sort(order[size:]))


def _first(part: Part, n_train: int, classes: int, seed: int, name: str) -> Part:
    if n_train < classes:
        raise DataError(
            f"n_train must be at least the number of classes, {classes}, but got {n_train}."
        )
    if n_train > len(part.y):
        raise DataError(
            f"n_train must be at most {len(part.y)}, the training samples that {name!r} "
            f"has besides validation and test, but got {n_train}."
        )
    return part.take(np.sort(stratified_order(part.y, seed)[:n_train]))


def _check_enough(parts: Parts, classes: int, name: str) -> None:
    pieces = 1 + (parts.validation is None) + (parts.test is None)
    counts = np.bincount(parts.train.y, minlength=classes)
    present = np.flatnonzero(counts)  # of classes that are named, some may have no samples
    rare = int(present[counts[present].argmin()])
    if counts[rare] < pieces:
        raise DataError(
            f"{name!r} has too few samples: every class needs at least {pieces} to be divided "
            f"into {pieces} splits, but class {rare} has {counts[rare]}. Add samples, or pass "
            "the splits yourself."
        )


def _rows(samples: Samples, rows: NDArray[np.int64]) -> Samples:
    if isinstance(samples, TensorSplit):
        index = torch.from_numpy(rows)
        return TensorSplit(samples.x[index], samples.y[index])
    if isinstance(samples, Deferred):
        return samples.take(rows)
    whole: Dataset[Any] = samples
    return Subset(whole, rows.tolist())
