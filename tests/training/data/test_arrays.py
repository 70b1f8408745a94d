"""The caller's own arrays."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, TensorSplit, normalised
from tests.training.samples import features, split


def test_features_become_float32_normalised_to_mean_0_and_sd_1() -> None:
    x, y = features(600)
    data = as_task_data((x * [1, 10, 100, 1000] + 5, y))
    ready = normalised(split(data.train).x, data)
    assert ready.dtype == torch.float32
    torch.testing.assert_close(ready.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(ready.std(0, correction=0), torch.ones(4))


def test_bytes_are_described_on_the_scale_of_1() -> None:
    x = np.zeros((40, 2, 4, 4), dtype=np.uint8)
    x[:, 1, :2] = 255
    data = as_task_data((x, np.arange(40) % 2))
    assert data.mean == pytest.approx((0.0, 0.5))
    assert data.std == pytest.approx((1.0, 0.5))  # the constant channel keeps 1
    assert normalised(split(data.test).x, data).unique().tolist() == [-1.0, 0.0, 1.0]


def test_a_constant_feature_has_standard_deviation_1() -> None:
    x, y = features()
    x[:, 1] = 0.1  # its float64 mean over 36 samples is not exactly 0.1
    assert as_task_data((x, y)).std[1] == 1.0


@pytest.mark.parametrize("kind", [np.uint16, np.uint32, np.uint64, np.int16])
def test_images_in_wider_integers_become_bytes_where_they_fit(kind: type[np.integer]) -> None:
    small = np.arange(20 * 48).reshape(20, 6, 8) % 256
    y = np.arange(20) % 2
    kept, wide = (as_task_data((x.astype(kind), y)).train for x in (small, 100 * small))
    assert split(kept).x.dtype == torch.uint8
    assert split(wide).x.dtype == torch.float32
    assert split(as_task_data((torch.tensor(small.astype(kind)), y)).test).x.dtype == torch.uint8


def test_long_doubles_are_numbers_too() -> None:
    x, y = features()
    assert as_task_data((x.astype(np.longdouble), y)).mean == as_task_data((x, y)).mean


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((20, 3, 6, 8), (3, 6, 8)),
        ((20, 6, 8, 3), (3, 6, 8)),
        ((20, 6, 8, 1), (1, 6, 8)),
        ((20, 6, 8), (1, 6, 8)),
        ((20, 3, 8, 3), (3, 8, 3)),
    ],
)
def test_byte_images_may_have_their_channels_last_or_none(
    given: tuple[int, ...], kept: tuple[int, ...]
) -> None:
    x = np.arange(np.prod(given), dtype=np.uint64).astype(np.uint8).reshape(given)
    assert as_task_data((x, np.arange(20) % 2)).shape == kept


def test_channels_last_moves_pixels_to_where_they_belong() -> None:
    x = np.random.default_rng(0).integers(0, 256, (10, 5, 6, 3)).astype(np.uint8)
    data = as_task_data(((x, np.arange(10) % 2), (x, np.arange(10) % 2)))
    assert split(data.test).x[4, 2, 3, 1] == x[4, 3, 1, 2]


def test_images_in_wide_integers_are_kept_as_bytes() -> None:
    x = np.full((10, 1, 4, 4), 200, dtype=np.int64)
    data = as_task_data((x, np.arange(10) % 2))
    assert split(data.train).x.dtype == torch.uint8
    assert as_task_data((x + 100, np.arange(10) % 2)).mean == (300.0,)


@pytest.mark.parametrize(
    ("shape", "augment"),
    [((3, 32, 32), "crop-flip"), ((1, 32, 32), "none"), ((3, 65, 65), "none"), ((12,), "none")],
)
def test_only_small_colour_images_are_augmented_unasked(
    shape: tuple[int, ...], augment: str
) -> None:
    x = np.zeros((10, *shape), dtype=np.uint8)
    assert as_task_data((x, np.arange(10) % 2)).augment == augment
    assert as_task_data((x, np.arange(10) % 2), augment="none").augment == "none"


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


def test_tensors_splits_and_tensor_data_sets_are_the_same_as_arrays() -> None:
    x, y = features()
    tx, ty = torch.tensor(x), torch.tensor(y)
    kinds = [(x, y), (tx, ty), TensorSplit(tx, ty), TensorDataset(tx, ty), (x.tolist(), y.tolist())]
    assert len({as_task_data(kind).fingerprint for kind in kinds}) == 1  # type: ignore[arg-type]


def test_labels_in_a_column_and_of_any_integer_type_are_taken() -> None:
    x, y = features()
    data = as_task_data((x, y.astype(np.uint8)[:, None]))
    assert split(data.train).y.dtype == torch.int64
    assert data.classes == 3


def test_read_only_big_endian_and_reversed_arrays_are_taken() -> None:
    x, y = features()
    odd = x[::-1].astype(">f8")
    odd.flags.writeable = False
    backwards = as_task_data((odd, y[::-1]))
    assert backwards.mean == pytest.approx(as_task_data((x[::-1].copy(), y[::-1])).mean)


def test_the_callers_arrays_are_left_as_they_were() -> None:
    x, y = features()
    before = x.copy()
    as_task_data((x, y), n_train=12)
    np.testing.assert_array_equal(x, before)


def test_task_data_can_be_sent_to_another_process() -> None:
    data = as_task_data(features())
    copy = pickle.loads(pickle.dumps(data))
    assert isinstance(copy, TaskData)
    assert torch.equal(copy.train.x, split(data.train).x)


def test_whatever_numpy_takes_for_an_array_is_taken() -> None:
    class Frame:
        def __init__(self, values: np.ndarray) -> None:
            self.values = values

        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return self.values

    x, y = features()
    assert as_task_data((Frame(x), Frame(y))).fingerprint == as_task_data((x, y)).fingerprint


def test_the_accuracy_of_the_majority_class_is_known_where_classes_are_unbalanced() -> None:
    x, _ = features(100)
    rare, even = np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [52, 48])
    assert as_task_data((x, rare)).majority_accuracy == pytest.approx(0.9)
    assert as_task_data((x, even)).majority_accuracy is None
