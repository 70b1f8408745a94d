"""The rules that read the loss, on curves worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from autosuperconv.core.range_test import read_sweep
from autosuperconv.core.range_test.loss_rules import (
    _longest_fall_middle,
    _steepest,
    blows_up_from,
    first_level,
    share_kept,
    smooth_loss,
)
from autosuperconv.core.range_test.sweep_curve import Series

TENTHS = [i / 10 for i in range(1, 10)]
EMPTY = np.zeros(0)


def loss(*values: float, lr: list[float] = TENTHS) -> Series:
    rates = np.array(lr[: len(values)])
    return Series(rates, rates, np.array(values), EMPTY, EMPTY)


def test_the_first_level_is_the_median_of_three() -> None:
    assert first_level(loss(1, 2, 4, 8)) == 2


@pytest.mark.parametrize(
    ("values", "highest"),
    [
        ((2, 2, 2, 2, 1.9, 50), 22),  # 2 + 10 x 2, whatever it fell by
        ((0, 0, 0, -1, -1, 50), 10),  # 0 + 10 x the fall of 1
    ],
)
def test_a_loss_is_cut_at_ten_times_its_first_level_or_fall(
    values: tuple[float, ...], highest: float
) -> None:
    assert smooth_loss(loss(*values)).y.tolist() == pytest.approx([*values[:-1], highest])


def test_the_steepest_fall_is_between_two_points_of_a_range_of_half_a_unit() -> None:
    assert _steepest(np.array(TENTHS[:6]), np.array([3, 3, 1, 0.9, 0.8, 0.7])) == 1


def test_equal_rates_have_no_slope() -> None:
    assert _steepest(np.array([0.1, 0.1, 0.1]), np.array([3.0, 2.0, 1.0])) == 0


def test_the_middle_of_a_long_fall_is_its_middle_point() -> None:
    assert _longest_fall_middle(np.linspace(1, 0, 201)) == 100
    assert _longest_fall_middle(np.array([2.0, 1.0])) == 1


def test_what_never_falls_has_no_middle() -> None:
    assert _longest_fall_middle(np.array([1.0, 2.0, 3.0])) is None


@pytest.mark.parametrize(
    ("eighth", "kept"),
    [
        (0.8, 0.5),  # from 0.82 on there is the last point alone
        (0.825, 0.625),  # the two last: 2 less their mean of 0.75, of a fall of 2
    ],
)
def test_the_fall_that_is_kept_is_read_over_the_last_tenth(eighth: float, kept: float) -> None:
    lr = [*TENTHS[:7], eighth, 0.9]
    assert share_kept(loss(2, 2, 2, 0, 0, 0, 0, 0.5, 1, lr=lr)) == kept


def test_three_losses_are_enough_to_blow_up() -> None:
    assert blows_up_from(loss(1, 1, 5)) == 2


def test_two_losses_suggest_nothing() -> None:
    assert read_sweep([0.1, 0.2], loss=[2.0, 1.0]).minimum_tenth is None


def test_losses_as_large_as_floats_go_do_no_harm() -> None:
    assert read_sweep(TENTHS, loss=[1e308, -1e308, 1e308] * 3).possible is not True
