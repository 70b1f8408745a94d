"""The caller's own data: arrays, tensors, data frames."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TensorSplit, normalised
from tests.training.samples import features, refused, split


def test_features_become_float32_normalised_to_mean_0_and_sd_1() -> None:
    x, y = features(600)
    data = as_task_data((x * [1, 10, 100, 1000] + 5, y))
    ready = normalised(split(data.train).x, data)
    assert ready.dtype == torch.float32
    torch.testing.assert_close(ready.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(ready.std(0, correction=0), torch.ones(4))


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
    x[:, 0, 0, 0] += np.arange(10)
    data = as_task_data((x, np.arange(10) % 2))
    assert split(data.train).x.dtype == torch.uint8
    assert split(as_task_data((x + 100, np.arange(10) % 2)).train).x.dtype == torch.float32


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


def test_whatever_numpy_takes_for_an_array_is_taken() -> None:
    class Frame:
        def __init__(self, values: np.ndarray) -> None:
            self.values = values

        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return self.values

    x, y = features()
    assert as_task_data((Frame(x), Frame(y))).fingerprint == as_task_data((x, y)).fingerprint


def test_float_labels_are_refused() -> None:
    x, y = features()
    refused((x, y / 2), r"y must be integers, but got dtype torch.float64, such as 0.5.*regression")
    refused((x, y / 1), r"y must be integers, .* whole numbers: give y.astype\('int64'\)\.")


def test_one_hot_labels_are_refused_with_the_remedy() -> None:
    x, y = features()
    refused((x, np.eye(3, dtype=int)[y]), r"has shape \(60, 3\).*argmax")


def test_text_and_objects_are_refused() -> None:
    x, y = features()
    refused((x.astype(object), y), r"x must be an array of numbers, but got dtype object. Convert")
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


def test_empty_and_dimensionless_data_are_refused() -> None:
    refused((np.zeros((0, 4)), np.zeros(0, dtype=int)), r"at least one sample, but got none")
    refused((np.array(1.0), np.array(1)), r"dimension for the samples .*, but has shape \(\)")
    refused((np.zeros(5), np.arange(5)), r"but has shape \(5,\)\. .*reshape\(x, \(-1, 1\)\)")
    refused((np.zeros((5, 0)), np.arange(5)), r"must not be empty, but has shape \(5, 0\)")


def test_something_else_than_data_is_refused() -> None:
    refused("cifar10", r"but got the name 'cifar10'. Load it first: .*load_dataset\('cifar10'")
    refused((features(),) * 4, r"\(train, validation, test\), but got 4 entries")


def test_masked_values_are_refused_and_not_uncovered() -> None:
    x, y = features()
    hidden = np.zeros(x.shape, dtype=bool)
    hidden[5, 2] = True
    refused((np.ma.masked_array(x, mask=hidden), y), r"1 of 240 are masked, the first .* \(5, 2\)")
    refused((x, np.ma.masked_array(y, mask=hidden[:, 2])), r"1 of 60 are masked.*without a label")
    as_task_data((np.ma.masked_array(x, mask=False), y))


def test_whole_numbers_that_int64_or_float64_would_change_are_refused() -> None:
    y = np.arange(60) % 2
    tall = np.uint64(2**63) + np.arange(480, dtype=np.uint64).reshape(60, 8)
    refused((tall, y), r"at most 9223372036854775807, but has the value 9223372036854776287")
    refused((torch.from_numpy(tall), y), "at most 9223372036854775807")
    refused((2**60 + np.arange(960).reshape(60, 4, 4), y), "which floats cannot tell apart")
    kept = as_task_data((2**60 + np.arange(480).reshape(60, 8), y))
    assert len(split(kept.train).x.unique()) == 8 * 36


@pytest.mark.parametrize(
    ("made", "remedy"),
    [
        (lambda x: x.to_sparse(), "x.to_dense()"),
        (lambda x: x.to_sparse_csr(), "x.to_dense()"),
        (lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.qint8), "x.dequantize()"),
        (lambda x: torch.nested.nested_tensor(list(x)), "x.to_padded_tensor(0.0)"),
        (lambda x: x.to("meta"), "on the CPU"),
    ],
    ids=["sparse", "csr", "quantized", "nested", "meta"],
)
@pytest.mark.filterwarnings("ignore")  # torch's own, on the kinds that it is still working on
def test_tensors_that_are_not_plain_are_refused_with_what_to_give(
    made: Callable[[torch.Tensor], torch.Tensor], remedy: str
) -> None:
    x, y = features()
    refused((made(torch.tensor(x, dtype=torch.float32)), y), re.escape(remedy))


def test_floats_of_eight_bits_are_numbers_too() -> None:
    x, y = features()
    small = torch.tensor(x).to(torch.float8_e4m3fn)
    assert split(as_task_data((small, y)).train).x.dtype == torch.float32
