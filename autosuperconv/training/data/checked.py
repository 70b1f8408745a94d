"""Samples of the caller's own torch data sets, each checked when it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from autosuperconv.core.format import counted
from autosuperconv.errors import DataError
from autosuperconv.training.data.task import Labels, Shape

NOT_FINITE = "holds values that are NaN or infinite"
ENOUGH = 100  # samples to tell what one looks like


class Checked(Dataset[tuple[Tensor, int]]):
    """A data set whose broken samples are refused by name, before anything collates them.

    Args:
        samples: the caller's.
        role: its part of the data, for messages.
        shape: of every sample.
        kind: of every sample's numbers, as `kind_of_numbers` tells it.
        classes: their number; labels are below it.
        y: (N,) the labels that the data set declares; None: not compared.
        floats: the type that floats get.
    """

    def __init__(
        self,
        samples: Dataset[Any],
        role: str,
        shape: Shape,
        kind: str,
        classes: float = inf,
        y: Labels | None = None,
        floats: torch.dtype = torch.float32,
    ) -> None:
        self._samples, self._role, self._y, self._floats = samples, role, y, floats
        self._shape, self._kind, self._classes = shape, kind, classes

    def __len__(self) -> int:
        return len(self._samples)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        sample, why = self.read(index)
        if why:
            raise DataError(
                f"{self._role} sample {origin(self._samples, index)} {why}. Repair it, take it out "
                "of the data set, or say how many such samples may be left out (skip_broken)."
            )
        x, label = sample
        return (x.detach().to(self._floats) if self._kind == "floats" else x), int(label)

    def read(self, index: int) -> tuple[Any, str]:
        """A sample and what is wrong with it; "" where nothing is."""
        try:
            sample = self._samples[index]
        except (AssertionError, AttributeError, DataError, MemoryError, NameError):
            raise  # the data set's own code is wrong, or says better what is
        except Exception as error:
            return None, f"cannot be read: {type(error).__name__}: {str(error).rstrip('.')}"
        if not (why := self.fault(sample)) and self._y is not None and sample[1] != self._y[index]:
            why = f"has the label {sample[1]}, but the data set's targets say {self._y[index]}"
        return sample, why

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
            return NOT_FINITE
        return self._fault_of_label(label)

    def _fault_of_label(self, label: Any) -> str:
        try:
            number = int(label)
        except (RuntimeError, TypeError, ValueError):
            return f"has a label of type {type(label).__name__}, not an integer"
        if number != label or not 0 <= number < self._classes:
            top = "" if self._classes == inf else f" in [0, {self._classes})"
            return f"has the label {label}, but labels are integers from 0{top}"
        return ""


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


@dataclass(frozen=True, slots=True)
class Sound:
    """A data set without its broken samples.

    Args:
        samples: the sound ones.
        y: (N,) their labels.
        faults: what is wrong with the others, by their number in the caller's data set.
    """

    samples: Dataset[Any]
    y: Labels
    faults: dict[int, str]


def without_broken(samples: Dataset[Any], role: str, size: int) -> Sound:
    """One pass over all samples; the first of them decide by majority what a sample is.

    Raises:
        DataError: there is no sample at all.
    """
    some = filter(_is_sample, (_sample(samples, i) for i in range(min(size, ENOUGH))))
    kinds = Counter((tuple(x.shape), kind_of_numbers(x)) for x, _ in some)
    if not kinds:
        raise DataError(
            f"{role} must return (tensor, label) pairs, but none of the first {min(size, ENOUGH)} "
            "samples is one. Look at what its __getitem__ returns."
        )
    checked = Checked(samples, role, *max(kinds, key=lambda kind: kinds[kind]))
    labels, faults = {}, {}
    for index in range(size):
        sample, why = checked.read(index)
        if why:
            faults[origin(samples, index)] = why
        else:
            labels[index] = int(sample[1])
    y = np.array(list(labels.values()), dtype=np.int64)
    return Sound(Subset(samples, list(labels)) if faults else samples, y, faults)


def _sample(samples: Dataset[Any], index: int) -> Any:
    try:
        return samples[index]
    except Exception:  # is told when it is read again
        return None


def _is_sample(sample: Any) -> bool:
    pair = isinstance(sample, tuple | list) and len(sample) == 2
    return pair and isinstance(sample[0], Tensor) and sample[0].ndim > 0


def about_broken(faults: Mapping[str, Mapping[Any, str]], skip: int) -> tuple[str, ...]:
    """A sentence about each part's samples that are left out.

    Args:
        faults: by part and sample.
        skip: how many there may be.

    Raises:
        DataError: there are more.
    """
    count = sum(map(len, faults.values()))
    parts = [f"{role}: {_some(found)}" for role, found in faults.items() if found]
    if count > skip:
        raise DataError(
            f"{count} samples are broken, more than the {skip} of skip_broken: "
            f"{'; '.join(parts)}. Repair them, or leave all of them out with skip_broken {count}."
        )
    return tuple(
        f"{counted(len(found), 'broken sample')} left out of {role}: {_some(found)}."
        for role, found in faults.items()
        if found
    )


def _some(faults: Mapping[Any, str]) -> str:
    shown = [f"{name} {why}" for name, why in list(faults.items())[:3]]
    return ", ".join(shown) + (f" and {len(faults) - 3} more" if len(faults) > 3 else "")
