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
    if isinstance(dataset, IterableDataset):
        raise DataError(
            f"{role} must be a data set with a length and an index, but got an IterableDataset, "
            f"{type(dataset).__name__}. Wrap it in one with __len__ and __getitem__."
        )
    size = _length(dataset, role)
    if isinstance(dataset, Subset):
        return read_labels(dataset.dataset, role)[np.asarray(dataset.indices, dtype=np.int64)]
    targets = getattr(dataset, "targets", None)  # the convention of torchvision.datasets
    if targets is not None and getattr(dataset, "target_transform", None) is None:
        return _integers(targets, size, role)
    return _integers([_sample(dataset, i, role)[1] for i in range(size)], size, role)


def first_sample(dataset: Dataset[Any], role: str) -> Tensor:
    """One sample's x, as the training loop will see it.

    Raises:
        DataError: it is not a tensor of numbers.
    """
    x = _sample(dataset, 0, role)[0]
    if not isinstance(x, Tensor):
        raise DataError(
            f"{role} samples must be tensors, but got {type(x).__name__}. For PIL images add "
            "torchvision.transforms.ToTensor() to the data set's transform."
        )
    if x.ndim == 0 or x.is_complex():
        raise DataError(
            f"{role} samples must be tensors of real numbers of at least one dimension, but got "
            f"{x.dtype} of shape {tuple(x.shape)}."
        )
    return x


def _length(dataset: Any, role: str) -> int:
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
    sample = dataset[index]
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise DataError(
            f"{role} must return (x, label) pairs, but sample {index} is of type "
            f"{type(sample).__name__}."
        )
    return sample[0], sample[1]


def _integers(targets: Any, size: int, role: str) -> Labels:
    labels = np.asarray(targets)
    if labels.dtype.kind not in "biu" or labels.shape != (size,):
        raise DataError(
            f"{role} labels must be {size} integers, but got {labels.dtype} of shape "
            f"{labels.shape}."
        )
    return labels.astype(np.int64)
