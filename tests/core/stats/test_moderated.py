"""Differences of unpaired sides whose variances are moderated by what other runs showed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from autosuperconv.core.stats.moderated import (
    SeedSpread,
    moderated_contrast,
    moderated_difference,
    moderated_variance,
    share_above,
    t_limit,
)

Z95 = 1.959963985
SIDES = ([1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 4.0])
accuracies = st.lists(st.floats(-5, 5), min_size=2, max_size=8)


def test_without_a_prior_the_interval_is_welchs() -> None:
    x, y = SIDES
    expected = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    found = moderated_contrast(x, y, None, (Z95, Z95))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-6)
    assert (found.runs, found.others) == (3, 4)


def test_a_side_that_spreads_less_is_widened_towards_the_prior() -> None:
    # own variance 1 with 2 degrees, prior 4 worth 6: (6 * 4 + 2 * 1) / 8 = 3.25 with 8
    variance, degrees = moderated_variance([1.0, 2.0, 3.0], 4.0, 6)
    assert (float(variance), float(degrees)) == (3.25, 8)


def test_a_side_that_spreads_more_keeps_its_own_variance_and_its_own_degrees() -> None:
    variance, degrees = moderated_variance([1.0, 2.0, 3.0], 0.5, 6)
    assert (float(variance), float(degrees)) == (1.0, 2)


def test_a_prior_is_worth_ten_degrees_at_most() -> None:
    # (10 * 4 + 2 * 1) / 12 = 3.5 with 12, however many runs are behind it
    variance, degrees = moderated_variance([1.0, 2.0, 3.0], 4.0, 500)
    assert (float(variance), float(degrees)) == (3.5, 12)


def test_a_prior_of_no_degrees_is_none() -> None:
    assert moderated_contrast(*SIDES, SeedSpread(9.0, 0), (Z95, Z95)) == moderated_contrast(
        *SIDES, None, (Z95, Z95)
    )


def test_two_moderated_sides_by_hand() -> None:
    """Variances 3.25 / 3 with 8 degrees and, from 35 / 12 = 2.917 with 3, (24 + 8.75) / 9 = 3.639
    over 4 with 9: error sqrt(1.0833 + 0.9097) = 1.4117, degrees 3.972 / (0.1467 + 0.0919)."""
    found = moderated_difference(*SIDES, 4.0, 6)
    assert float(found.mean) == pytest.approx(0.25)
    assert float(found.error) == pytest.approx(1.41175, abs=1e-4)
    assert float(found.degrees) == pytest.approx(16.64, abs=0.02)


@pytest.mark.parametrize("spread", [None, SeedSpread(0.0, 0)])
def test_a_single_run_of_unknown_spread_has_no_interval(spread: SeedSpread | None) -> None:
    found = moderated_contrast([0.9], [0.8, 0.9], spread, (Z95, Z95))
    assert (found.low, found.high, found.error) == (None, None, None)
    assert found.difference == pytest.approx(0.05)


def test_a_single_run_has_the_spread_that_other_runs_showed() -> None:
    """Variances 4 over one run, and (8 x 4 + 1 x 2) / 9 = 3.778 over two."""
    found = moderated_contrast([5.0], [0.0, 2.0], SeedSpread(2.0, 8), (Z95, Z95))
    assert found.error == pytest.approx((4 + 3.7778 / 2) ** 0.5, abs=1e-4)
    assert found.lowest < found.difference == 4.0


def test_runs_that_agree_to_the_last_digit_spread_by_a_step_of_the_scale() -> None:
    # either variance is 0.01^2, over 2 runs each: error 0.01, degrees 2
    found = moderated_contrast([0.9, 0.9], [0.8, 0.8], None, (Z95, Z95), resolution=0.01)
    assert found.error == pytest.approx(0.01)
    assert found.low == pytest.approx(0.1 - 4.302653 * 0.01, abs=1e-6)


def test_the_t_limit_is_exceeded_as_often_as_the_normal_one() -> None:
    assert float(t_limit(Z95, 2)) == pytest.approx(4.302653, abs=1e-5)
    assert float(t_limit(0.0, 5)) == pytest.approx(0.0, abs=1e-12)


def test_half_of_a_difference_lies_above_its_mean() -> None:
    assert share_above(0.3, 0.1, 4.0, 0.3) == pytest.approx(0.5)
    # t = 2.776445 with 4 degrees is the 97.5 % quantile
    assert share_above(0.2776445, 0.1, 4.0, 0.0) == pytest.approx(0.975, abs=1e-6)


def test_arrays_of_repetitions_give_what_single_ones_give() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 3)), rng.standard_normal((50, 6))
    whole = moderated_difference(x, y, 1.0, 6)
    for i in range(50):
        one = moderated_difference(x[i], y[i], 1.0, 6)
        assert float(one.error) == pytest.approx(float(whole.error[i]))
        assert float(one.degrees) == pytest.approx(float(whole.degrees[i]))


@settings(max_examples=100, deadline=None)
@given(x=accuracies, y=accuracies, prior=st.floats(0.0, 9.0), degrees=st.integers(0, 30))
def test_a_prior_never_makes_a_side_spread_less(
    x: list[float], y: list[float], prior: float, degrees: int
) -> None:
    alone = moderated_difference(x, y, None, 0, 1e-6)
    found = moderated_difference(x, y, prior, degrees, 1e-6)
    assert float(found.error) >= float(alone.error) * (1 - 1e-9)
    assert float(found.mean) == pytest.approx(float(alone.mean))


@settings(max_examples=100, deadline=None)
@given(x=accuracies, y=accuracies, data=st.data())
def test_the_order_of_the_runs_does_not_matter(
    x: list[float], y: list[float], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(x)), data.draw(st.permutations(y))
    one = moderated_contrast(x, y, SeedSpread(0.5, 6), (Z95, 1.0), resolution=1e-3)
    other = moderated_contrast(*shuffled, SeedSpread(0.5, 6), (Z95, 1.0), resolution=1e-3)
    assert one.lowest == pytest.approx(other.lowest, abs=1e-9)
    assert one.highest == pytest.approx(other.highest, abs=1e-9)
