"""Which samples train, which are searched on, which are judged on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from autosuperconv.errors import DataError
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.split import stratified_order
from tests.training.samples import counts, features, refused, split

DATA = os.environ.get("AUTOSUPERCONV_DATA")


needs_data = pytest.mark.skipif(DATA is None, reason="AUTOSUPERCONV_DATA names no data folder")


def test_every_split_has_the_classes_in_their_proportions() -> None:
    data = load_dataset("digits", Path("nowhere"))
    whole = np.bincount(load_digits().target)
    for part, share in ((data.train, 0.6), (data.validation, 0.2), (data.test, 0.2)):
        np.testing.assert_allclose(counts(part), share * whole, atol=1.5)


def test_seed_and_n_train_leave_validation_and_test_alone() -> None:
    one = load_dataset("digits", Path("nowhere"))
    other = load_dataset("digits", Path("nowhere"), n_train=200, seed=5)
    assert torch.equal(split(one.test).x, split(other.test).x)
    assert torch.equal(split(one.validation).x, split(other.validation).x)
    np.testing.assert_allclose(counts(other.train), [20] * 10, atol=1)


def test_a_smaller_training_set_is_part_of_a_larger_one() -> None:
    small = load_dataset("digits", Path("nowhere"), n_train=50, seed=1)
    large = load_dataset("digits", Path("nowhere"), n_train=500, seed=1)
    inside = {row.numpy().tobytes() for row in split(large.train).x}
    assert all(row.numpy().tobytes() in inside for row in split(small.train).x)


@pytest.mark.parametrize(("n_train", "validation"), [(500, 1000), (1200, 1500), (5000, 2000)])
def test_few_training_samples_leave_more_of_the_rest_for_validation(
    n_train: int, validation: int
) -> None:
    """1.25 times as many, at least 1,000, at most the tenth that is set aside."""
    x, y = torch.rand(20_000, 1), torch.arange(20_000) % 4
    data = as_task_data(((x, y), (x[:400] + 0.5, y[:400])), n_train=n_train)
    assert len(split(data.validation)) == validation


def test_another_seed_picks_other_training_samples() -> None:
    one = load_dataset("digits", Path("nowhere"), n_train=100, seed=0)
    other = load_dataset("digits", Path("nowhere"), n_train=100, seed=1)
    assert one.fingerprint != other.fingerprint


def test_more_training_samples_than_there_are_is_an_error_with_both_numbers() -> None:
    with pytest.raises(DataError, match=r"n_train must be at most 1079, .* but got 1080\."):
        load_dataset("digits", Path("nowhere"), n_train=1080)


def test_fewer_training_samples_than_classes_is_an_error() -> None:
    with pytest.raises(DataError, match=r"at least the number of classes, 10, but got 9\."):
        load_dataset("digits", Path("nowhere"), n_train=9)


def test_a_stratified_order_begins_with_every_class_and_keeps_proportions() -> None:
    y = np.array([0] * 80 + [1] * 16 + [2] * 4)
    order = stratified_order(y, seed=3)
    assert sorted(order.tolist()) == list(range(100))
    assert sorted(y[order[:3]].tolist()) == [0, 1, 2]
    assert np.bincount(y[order[:50]]).tolist() == [40, 8, 2]


@given(st.lists(st.integers(3, 40), min_size=2, max_size=8), st.integers(0, 9))
def test_a_division_loses_no_sample_and_every_part_has_every_class(
    sizes: list[int], seed: int
) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    data = as_task_data((np.arange(len(y))[:, None], y))
    parts = [split(part) for part in (data.train, data.validation, data.test)]
    rows = torch.cat([part.x[:, 0] for part in parts]).long()
    assert sorted(rows.tolist()) == list(range(len(y)))
    assert torch.equal(torch.cat([part.y for part in parts]), torch.from_numpy(y)[rows])
    assert all(len(part.y.unique()) == len(sizes) for part in parts)


@needs_data
def test_the_whole_official_training_set_leaves_nothing_to_validate_on() -> None:
    with pytest.raises(DataError, match=r"at most 54000, .* but got 60000\."):
        load_dataset("mnist", Path(str(DATA)), n_train=60_000)


def test_too_few_samples_of_a_class_to_divide_are_refused() -> None:
    x, y = features(7)
    refused((x, y), r"every class needs at least 3 .*, but class 1 has 2\. Add samples")


def test_a_class_of_too_few_is_seen_beside_a_named_class_of_none() -> None:
    x, _ = features(21)
    y = np.repeat([0, 1, 2], [10, 1, 10])
    with pytest.raises(DataError, match=r"at least 3 to be divided .* but class 1 has 1"):
        as_task_data((x, y), classes=4)
