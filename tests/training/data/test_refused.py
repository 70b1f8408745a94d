"""Data that do not suit classification, each with its message."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autosuperconv.errors import DataError
from autosuperconv.training.data.arrays import as_task_data
from tests.training.samples import features, refused


def test_labels_out_of_range_of_the_training_classes_are_refused() -> None:
    x, y = features(30)
    late = y.copy()
    late[4] = 7
    refused(
        ((x, y), (x, late)),
        r"'custom' test labels must be in \[0, 3\).* 1 are not; the first, at index 4, is 7\.",
    )


def test_negative_labels_are_refused() -> None:
    x, y = features()
    refused(
        (x, y - 1), r"train labels must be in \[0, 2\).*20 are not; the first, at index 0, is -1"
    )


def test_labels_with_a_gap_are_refused_unless_the_classes_are_named() -> None:
    x, y = features()
    refused((x, y + 1), r"run from 0 without gaps, .* has class 0, and the highest class is 3")
    assert as_task_data((x, y + 1), classes=4).classes == 4


def test_float_labels_are_refused() -> None:
    x, y = features()
    refused((x, y / 2), r"y must be integers, but got dtype torch.float64. .*astype\('int64'\)")


def test_one_hot_labels_are_refused_with_the_remedy() -> None:
    x, y = features()
    refused((x, np.eye(3, dtype=int)[y]), r"has shape \(60, 3\).*argmax")


def test_text_and_objects_are_refused() -> None:
    x, y = features()
    refused((x.astype(object), y), r"x must be an array of numbers, but got dtype object")
    refused((x, np.array(["cat"] * 60)), r"y must be an array of numbers, but got dtype <U3")
    refused((torch.tensor(x) * 1j, y), r"array of numbers, but got dtype torch.complex128")
    refused(([[1.0], [1.0, 2.0]], [0, 1]), r"x must be a rectangular array of numbers")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_counted_and_located(bad: float) -> None:
    x, y = features()
    x[[5, 9], 2] = bad
    refused((x, y), r"2 of its 240 values are NaN or infinite, the first at index \(5, 2\)")


def test_x_and_y_of_different_lengths_are_refused() -> None:
    x, y = features()
    refused((x, y[:-1]), r"the same length, but there are 60 samples and 59 labels")


def test_too_few_samples_of_a_class_to_divide_are_refused() -> None:
    x, y = features(7)
    refused((x, y), r"every class needs at least 3 .*, but class 1 has 2\. Add samples")


def test_a_class_of_too_few_is_seen_beside_a_named_class_of_none() -> None:
    x, _ = features(21)
    y = np.repeat([0, 1, 2], [10, 1, 10])
    with pytest.raises(DataError, match=r"at least 3 to be divided .* but class 1 has 1"):
        as_task_data((x, y), classes=4)


def test_one_class_is_refused() -> None:
    x, y = features()
    refused((x, y * 0), r"at least 2 classes, but all 60 training labels are 0")


def test_empty_and_dimensionless_data_are_refused() -> None:
    refused((np.zeros((0, 4)), np.zeros(0, dtype=int)), r"at least one sample, but got none")
    refused((np.array(1.0), np.array(1)), r"dimension for the samples .*, but has shape \(\)")
    refused((np.zeros(5), np.arange(5)), r"but has shape \(5,\)\. .*reshape\(-1, 1\)")
    refused((np.zeros((5, 0)), np.arange(5)), r"must not be empty, but has shape \(5, 0\)")


def test_splits_of_different_shapes_are_refused() -> None:
    x, y = features()
    refused(
        ((x, y), (x[:, :2], y)),
        r"test samples must have the training samples' shape .*, \(4,\) .*, but have \(2,\)",
    )


def test_something_else_than_data_is_refused() -> None:
    refused("cifar10", r"but got str. To load a data set by its name, call load_dataset")
    refused((features(),) * 4, r"\(train, validation, test\), but got 4 entries")


def test_an_unknown_augmentation_is_refused() -> None:
    with pytest.raises(DataError, match=r"augment must be one of .*, but got 'mixup'"):
        as_task_data(features(), augment="mixup")


def test_features_cannot_be_cropped() -> None:
    with pytest.raises(DataError, match=r"augment must be none .* but got 'crop-flip'"):
        as_task_data(features(), augment="crop-flip")


def test_a_wild_label_is_a_gap_and_costs_no_memory() -> None:
    x, y = features()
    y[3] = 10**15
    refused((x, y), r"no training sample of 'custom' has class 3, and the highest class is 10{15}")
