"""Torch data sets with labels of text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from autosuperconv.errors import DataError
from autosuperconv.training.data.arrays import as_task_data

NAMES = ("eel", "cat", "dog")


class Pets(Dataset[tuple[Tensor, Any]]):
    """Sample i is of class i % 3, but for those given."""

    def __init__(self, count: int = 60, **labels: Any) -> None:
        self.x = torch.randn(count, 4, generator=torch.Generator().manual_seed(0))
        self.labels = {int(name[1:]): label for name, label in labels.items()}

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        return self.x[index], self.labels.get(index, NAMES[index % 3])


def test_classes_are_numbered_in_alphabetical_order_and_keep_their_names() -> None:
    task = as_task_data((Pets(), Subset(Pets(), range(3, 9))))
    assert task.class_names == ("cat", "dog", "eel")
    assert not isinstance(task.test, tuple)
    assert [task.test[i][1] for i in range(6)] == [2, 0, 1, 2, 0, 1]  # type: ignore[index]


def test_a_pair_of_arrays_with_the_same_names_fits_them() -> None:
    arrays = (Pets(30).x, np.array(NAMES * 10))
    assert as_task_data((Pets(), arrays)).class_names == ("cat", "dog", "eel")


@pytest.mark.parametrize("label", [2, None, 1.0])
def test_a_label_that_is_no_text_among_text_is_refused_or_left_out(label: Any) -> None:
    with pytest.raises(DataError, match=r"data sample 7 cannot be read: .*none of the classes"):
        as_task_data(Pets(_7=label))
    task = as_task_data(Pets(_7=label), skip_broken=1)
    assert any("1 broken sample left out of data: 7" in note for note in task.notes)


def test_a_class_that_only_the_test_part_has_is_refused() -> None:
    with pytest.raises(DataError, match="the first, at index 4, is 'fox'"):
        as_task_data((Pets(), Pets(_4="fox")))


def test_numbers_beside_text_are_refused_whichever_comes_first() -> None:
    numbers = Pets(**{f"_{i}": i % 3 for i in range(60)})
    with pytest.raises(DataError, match="test labels are text"):
        as_task_data((numbers, Pets()))
    with pytest.raises(DataError, match="test labels are not text"):
        as_task_data((Pets(), numbers))


def test_the_first_sample_may_be_broken() -> None:
    task = as_task_data(Pets(_0=None), skip_broken=1)
    assert task.class_names == ("cat", "dog", "eel")
