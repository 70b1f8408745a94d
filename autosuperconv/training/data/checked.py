"""Samples of the caller's own torch data sets, each checked when it is read."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from autosuperconv.core.format import clause
from autosuperconv.errors import DataError
from autosuperconv.training.data.task import Shape


class Checked(Dataset[tuple[Tensor, int]]):
    """A data set whose broken samples are refused by name, before anything collates them.

    Args:
        samples: the caller's.
        role: its part of the data, for messages.
        shape: of every sample.
        kind: of every sample's numbers, as `kind_of_numbers` tells it.
        classes: their number; labels are below it.
    """

    def __init__(
        self, samples: Dataset[Any], role: str, shape: Shape, kind: str, classes: int
    ) -> None:
        self._samples, self._role = samples, role
        self._shape, self._kind, self._classes = shape, kind, classes

    def __len__(self) -> int:
        return len(self._samples)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        try:
            sample = self._samples[index]
        except (AttributeError, MemoryError, NameError, TypeError):
            raise  # the data set's own code
        except Exception as error:
            raise self._broken(index, f"cannot be read: {type(error).__name__}: {error}") from error
        if why := self.fault(sample):
            raise self._broken(index, why)
        x, label = sample
        return (x.float() if self._kind == "floats" else x), int(label)

    def fault(self, sample: Any) -> str:
        """What is wrong with a sample as the data set gives it; "" where nothing is."""
        if not isinstance(sample, tuple | list) or len(sample) != 2:
            return f"is of type {type(sample).__name__}, not a pair (x, label)"
        x, label = sample
        if not isinstance(x, Tensor):
            return f"has an x of type {type(x).__name__}, not a tensor"
        if tuple(x.shape) != self._shape:
            return f"has shape {tuple(x.shape)}, but the first training sample {self._shape}"
        if (kind := kind_of_numbers(x)) != self._kind:
            return f"holds {kind} ({x.dtype}), but the first sample of its part {self._kind}"
        if x.is_floating_point() and not torch.isfinite(x).all():
            return "holds values that are NaN or infinite"
        return self._fault_of_label(label)

    def _fault_of_label(self, label: Any) -> str:
        try:
            number = int(label)
        except (TypeError, ValueError):
            return f"has a label of type {type(label).__name__}, not an integer"
        if number != label or not 0 <= number < self._classes:
            return f"has the label {label}, but labels are integers in [0, {self._classes})"
        return ""

    def _broken(self, index: int, why: str) -> DataError:
        return DataError(
            f"{self._role} sample {origin(self._samples, index)} {clause(why)}. Repair it, leave "
            "it out of the data set, or give the number of such samples to leave out "
            "(--skip-broken)."
        )


def kind_of_numbers(x: Tensor) -> str:
    """What must be the same for all samples; all floats are one kind."""
    if x.dtype == torch.uint8:
        return "bytes"
    return "floats" if x.is_floating_point() else "whole numbers"


def origin(samples: Dataset[Any], index: int) -> int:
    """A sample's number in the caller's data set, whichever Subsets were taken of it."""
    inner: Any = samples
    while isinstance(inner, Subset):
        inner, index = inner.dataset, int(inner.indices[index])
    return index
