"""How a task is described: scale, fingerprint, augmentation, majority class."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from autosuperconv.core.class_balance import ClassBalance
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, normalised
from tests.training.samples import features, split


def test_the_fingerprint_is_the_same_for_the_same_data_and_splits() -> None:
    one, other = (load_dataset("digits", Path(folder)) for folder in ("a", "b"))
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 16
    assert int(one.fingerprint, 16) >= 0


def test_one_changed_pixel_changes_the_fingerprint() -> None:
    x, y = features()
    before = as_task_data((x, y)).fingerprint
    x[17, 2] += 1
    assert as_task_data((x, y)).fingerprint != before


def test_bytes_are_described_on_the_scale_of_1() -> None:
    x = np.zeros((40, 2, 4, 4), dtype=np.uint8)
    x[::2, 1, :2] = x[1::2, 1, 2:] = 255
    data = as_task_data((x, np.arange(40) % 2))
    assert data.mean == pytest.approx((0.0, 0.5))
    assert data.std == pytest.approx((1.0, 0.5))  # the constant channel keeps 1
    assert normalised(split(data.test).x, data).unique().tolist() == [-1.0, 0.0, 1.0]


def test_a_constant_feature_has_standard_deviation_1() -> None:
    x, y = features()
    x[:, 1] = 0.1  # its float64 mean over 36 samples is not exactly 0.1
    assert as_task_data((x, y)).std[1] == 1.0


@pytest.mark.parametrize(
    ("shape", "augment"),
    [((3, 32, 32), "crop-flip"), ((1, 32, 32), "none"), ((3, 65, 65), "none"), ((12,), "none")],
)
def test_only_small_colour_images_are_augmented_unasked(
    shape: tuple[int, ...], augment: str
) -> None:
    x = np.arange(10 * math.prod(shape)).astype(np.uint8).reshape(10, *shape)
    x[0] = 0
    assert as_task_data((x, np.arange(10) % 2)).augment == augment
    assert as_task_data((x, np.arange(10) % 2), augment="none").augment == "none"


def test_task_data_can_be_sent_to_another_process() -> None:
    data = as_task_data(features())
    copy = pickle.loads(pickle.dumps(data))
    assert isinstance(copy, TaskData)
    assert torch.equal(copy.train.x, split(data.train).x)


def test_the_accuracy_of_the_majority_class_is_known_where_classes_are_unbalanced() -> None:
    x, _ = features(100)
    rare, even = np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [52, 48])
    assert as_task_data((x, rare)).majority_on("test") == pytest.approx(0.9)
    assert as_task_data((x, even)).majority_on("test") is None


def test_the_majority_class_is_that_of_the_training_data_in_every_split() -> None:
    x, _ = features(100)
    rare, even = np.repeat([1, 0], [90, 10]), np.repeat([0, 1], 50)
    balance = as_task_data(((x, rare), (x[:40], even[30:70]), (x, 1 - rare))).balance
    assert balance == ClassBalance(largest=1, train=0.9, validation=0.5, test=0.1)
    data = as_task_data(((x, rare), (x[:40], even[30:70]), (x, 1 - rare)))
    shares = [data.majority_on(split) for split in ("train", "validation", "test")]
    assert shares == [0.9, 0.5, 0.5]  # on the test split the other class scores no less than 1 / 2
