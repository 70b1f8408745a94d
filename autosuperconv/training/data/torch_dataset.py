"""The caller's torch data sets, used as they are: their labels and their first sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset

from autosuperconv.errors import DataError
from autosuperconv.training.data.task import Labels


def read_labels(dataset: Dataset[Any], role: str) -> Labels:
    """(N,) labels: from `.targets` as torchvision's data sets have it, else by one pass.

    Raises:
        DataError: no length, no samples, or labels that are not integers.
    """
    size = length_of(dataset, role)
    if isinstance(dataset, Subset):
        return read_labels(dataset.dataset, role)[np.asarray(dataset.indices, dtype=np.int64)]
    if (declared := declared_labels(dataset, role)) is not None:
        return declared
    return np.array([_label(dataset, i, role) for i in range(size)], dtype=np.int64)


def _label(dataset: Dataset[Any], index: int, role: str) -> int:
    label = _sample(dataset, index, role)[1]
    try:
        number = int(label)
    except (RuntimeError, TypeError, ValueError):
        number = -1
    if number < 0 or number != label:
        raise DataError(
            f"{role} labels must be integers from 0, but sample {index} has the label {label!r} "
            f"of type {type(label).__name__}. Let its __getitem__ return the class's number."
        )
    return number


def declared_labels(dataset: Dataset[Any], role: str) -> Labels | None:
    """(N,) labels that the data set tells without being read, if it does.

    Raises:
        DataError: they are not integers.
    """
    if isinstance(dataset, Subset):
        whole = declared_labels(dataset.dataset, role)
        return None if whole is None else whole[np.asarray(dataset.indices, dtype=np.int64)]
    targets = getattr(dataset, "targets", None)  # the convention of torchvision.datasets
    if targets is None or getattr(dataset, "target_transform", None) is not None:
        return None
    return _integers(targets, length_of(dataset, role), role)


def first_sample(dataset: Dataset[Any], role: str) -> Tensor:
    """One sample's x, as the training loop will see it.

    Raises:
        DataError: it is not a tensor of numbers.
    """
    x = _sample(dataset, 0, role)[0]
    if not isinstance(x, Tensor):
        raise DataError(
            f"{role} samples must be tensors, but got {type(x).__name__}. Let the data set give "
            "torch.as_tensor(x), and for PIL images add torchvision.transforms.ToTensor() to its "
            "transform."
        )
    if x.ndim == 0 or x.is_complex():
        raise DataError(
            f"{role} samples must be tensors of real numbers of at least one dimension, but got "
            f"{x.dtype} of shape {tuple(x.shape)}. Give a single number as x.reshape(1), and "
            "complex ones as torch.stack([x.real, x.imag])."
        )
    return x


def length_of(dataset: Any, role: str) -> int:
    """Its number of samples.

    Raises:
        DataError: it has no length, or no sample.
    """
    if isinstance(dataset, IterableDataset):
        raise DataError(
            f"{role} must be a data set with a length and an index, but got an IterableDataset, "
            f"{type(dataset).__name__}. Wrap it in one with __len__ and __getitem__."
        )
    try:
        size = len(dataset)
    except TypeError as error:
        raise DataError(
            f"{role} must have a length: {error}. Give the data set a __len__."
        ) from error
    if size == 0:
        raise DataError(f"{role} must have at least one sample, but got none.")
    return int(size)


def _sample(dataset: Dataset[Any], index: int, role: str) -> tuple[Any, Any]:
    try:
        sample = dataset[index]
    except (AssertionError, AttributeError, DataError, MemoryError, NameError):
        raise  # the data set's own code is wrong
    except Exception as error:
        raise DataError(
            f"{role} sample {index} cannot be read: {type(error).__name__}: "
            f"{str(error).rstrip('.')}. Repair it, take it out of the data set, or say how many "
            "such samples may be left out (skip_broken)."
        ) from error
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise DataError(
            f"{role} must return (x, label) pairs, but sample {index} is of type "
            f"{type(sample).__name__}{_entries(sample)}. Let its __getitem__ return the tensor and "
            "the number of its class."
        )
    return sample[0], sample[1]


def _entries(sample: object) -> str:
    return f" with {len(sample)} entries" if isinstance(sample, tuple | list) else ""


def _integers(targets: Any, size: int, role: str) -> Labels:
    labels = np.asarray(targets)
    if labels.dtype.kind not in "biu" or labels.shape != (size,):
        raise DataError(
            f"{role} labels must be {size} integers, but its targets are {labels.dtype} of shape "
            f"{labels.shape}. Let targets be the numbers of the classes, or leave them out to have "
            "the labels read from the samples."
        )
    return labels.astype(np.int64)
