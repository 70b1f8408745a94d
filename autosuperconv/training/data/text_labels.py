"""Torch data sets whose labels are text: the classes are numbered, as those of arrays are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, Subset

from autosuperconv.training.data.checked import ENOUGH

NO_TEXT = np.zeros(0, dtype=np.int64)


class Numbered(Dataset[tuple[Any, Any]]):
    """A data set with numbers for labels of text.

    Args:
        samples: the caller's.
        names: of the classes, in the order of their numbers.
    """

    def __init__(self, samples: Dataset[Any], names: Sequence[str]) -> None:
        self._samples = samples
        self._numbers = {name: number for number, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._samples)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> Any:
        """The sample; one that is no pair is left to the checks.

        Raises:
            ValueError: it has another label; the checks name the sample.
        """
        sample = self._samples[index]
        if not _is_pair(sample):
            return sample
        if (name := _text(sample[1])) not in self._numbers:
            raise ValueError(f"its label is {sample[1]!r}, which is none of the classes")
        return sample[0], self._numbers[name]


def text_labels(dataset: Dataset[Any]) -> NDArray[Any]:
    """The labels of the samples that have text, where the first that can be read does; otherwise
    none. All other samples are left to the checks."""
    try:
        size = len(dataset)  # type: ignore[arg-type]
    except TypeError:  # the checks say that it has no length
        return NO_TEXT
    some = filter(_is_pair, (_read(dataset, index) for index in range(min(size, ENOUGH))))
    first = next((label for _, label in some if label is not None), None)
    if _text(first) is None:
        return NO_TEXT
    samples = (_read(dataset, index) for index in range(size))
    names = [_text(sample[1]) for sample in samples if _is_pair(sample)]
    return np.array([name for name in names if name is not None])


def with_numbers(dataset: Dataset[Any], names: Sequence[str]) -> Dataset[Any]:
    """The data set with the classes' numbers; Subsets stay outside, as samples are named by their
    number in the innermost one."""
    if isinstance(dataset, Subset):
        return Subset(with_numbers(dataset.dataset, names), dataset.indices)
    return Numbered(dataset, names)


def _read(dataset: Dataset[Any], index: int) -> Any:
    try:
        return dataset[index]
    except Exception:  # told when it is read again
        return None


def _is_pair(sample: object) -> bool:
    return isinstance(sample, tuple | list) and len(sample) == 2


def _text(label: object) -> str | None:
    if isinstance(label, bytes):
        return label.decode("utf-8", "backslashreplace")
    return str(label) if isinstance(label, str) else None
