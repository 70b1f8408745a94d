"""The caller's own torch data sets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, Subset

from autosuperconv.training.data.arrays import as_task_data
from tests.training.samples import refused


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """Counts its reads; sample i is all i."""

    def __init__(self, n: int = 30) -> None:
        self.n = n
        self.reads = 0

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        self.reads += 1
        return torch.full((3, 8, 8), float(index)), index % 3


class Targeted(Pictures):
    targets = tuple(i % 3 for i in range(30))


def test_a_data_set_is_streamed_in_stratified_subsets() -> None:
    data = as_task_data(Pictures())
    assert isinstance(data.train, Subset)
    sizes = [len(part) for part in (data.train, data.validation, data.test)]  # type: ignore[arg-type]
    assert sizes == [18, 6, 6]
    assert sorted(label for _, label in data.test) == [0, 0, 1, 1, 2, 2]  # type: ignore[attr-defined]
    assert (data.shape, data.classes, data.augment) == ((3, 8, 8), 3, "none")
    numbers = [x[0, 0, 0].item() for x, _ in data.train]  # type: ignore[attr-defined]
    assert data.mean == pytest.approx([np.mean(numbers)] * 3)
    assert data.std == pytest.approx([np.std(numbers)] * 3)


def test_targets_spare_the_pass_over_the_samples() -> None:
    read, spared = Pictures(), Targeted()
    assert as_task_data(read).fingerprint != ""
    assert as_task_data(spared).classes == 3
    assert read.reads - spared.reads == 30


def test_given_data_sets_are_passed_on_untouched() -> None:
    parts = (Pictures(), Pictures(9), Pictures(12))
    data = as_task_data(parts)
    assert (data.train, data.validation, data.test) == parts


def test_labels_of_a_subset_are_those_of_its_samples() -> None:
    some = Subset(Targeted(), [0, 1, 3, 4, 6, 7])
    data = as_task_data((some, some, some))
    assert data.classes == 2


def test_data_sets_without_length_or_tensors_are_refused() -> None:
    class Stream(torch.utils.data.IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            return iter(())

    class Untransformed(Pictures):
        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return "a picture", index % 3  # type: ignore[return-value]

    class Single(Pictures):
        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return torch.zeros(3)  # type: ignore[return-value]

    refused(Stream(), "but got an IterableDataset, Stream")
    refused(Untransformed(), r"samples must be tensors, but got str. .*ToTensor\(\)")
    refused(Single(), r"must return \(x, label\) pairs, but sample 0 is of type Tensor")
    refused(Pictures(0), "must have at least one sample")
