"""Labels checked, splits made, samples compared."""

from __future__ import annotations

import numpy as np
import pytest

from autosuperconv.errors import DataError, UnknownName
from autosuperconv.training.data.arrays import as_task_data
from tests.training.samples import features, refused, split


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


def test_one_class_is_refused() -> None:
    x, y = features()
    refused((x, y * 0), r"at least 2 classes, but all 60 training labels are 0")


def test_splits_of_different_shapes_are_refused() -> None:
    x, y = features()
    refused(
        ((x, y), (x[:, :2], y)),
        r"test samples must have the training samples' shape .*, \(4,\) .*, but have \(2,\)",
    )


def test_an_unknown_augmentation_is_refused() -> None:
    with pytest.raises(UnknownName, match="Unknown augmentation 'mixup'"):
        as_task_data(features(), augment="mixup")


def test_features_cannot_be_cropped() -> None:
    with pytest.raises(DataError, match=r"augment must be none .* but got 'crop-flip'"):
        as_task_data(features(), augment="crop-flip")


def test_a_wild_label_is_a_gap_and_costs_no_memory() -> None:
    x, y = features()
    y[3] = 10**15
    refused((x, y), r"no training sample of 'custom' has class 3, and the highest class is 10{15}")


def test_given_splits_are_kept_as_they_are() -> None:
    x, y = features(30)
    data = as_task_data(((x[:15], y[:15]), (x[15:21], y[15:21]), (x[21:], y[21:])))
    sizes = [len(split(part)) for part in (data.train, data.validation, data.test)]
    assert sizes == [15, 6, 9]
    np.testing.assert_allclose(split(data.test).x, x[21:], rtol=1e-6)


def test_with_train_and_test_given_validation_is_split_off_train() -> None:
    x, y = features(130)
    data = as_task_data(((x[:100], y[:100]), (x[100:], y[100:])))
    sizes = [len(split(part)) for part in (data.train, data.validation, data.test)]
    assert sizes == [80, 20, 30]
