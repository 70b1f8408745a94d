"""Limits of repeated looks, against published constants and against SciPy's multivariate normal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from autosuperconv.core.stats.group_sequential import crossing, limits
from autosuperconv.errors import InvalidInput

# Jennison & Turnbull 2000, tables 2.1 and 2.3: two-sided error 5 %, equal steps of information
POCOCK = {2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 10: 2.555}
OBRIEN_FLEMING = {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087}


def steps(looks: int) -> tuple[float, ...]:
    return tuple(float(look) for look in range(1, looks + 1))


@pytest.mark.parametrize(("looks", "constant"), POCOCK.items())
def test_pococks_limits_have_the_error_they_were_made_for(looks: int, constant: float) -> None:
    assert sum(crossing(steps(looks), (constant,) * looks)) == pytest.approx(0.025, abs=1e-4)


@pytest.mark.parametrize(("looks", "constant"), OBRIEN_FLEMING.items())
def test_obrien_and_flemings_limits_have_it_too(looks: int, constant: float) -> None:
    at = tuple(constant * math.sqrt(looks / look) for look in range(1, looks + 1))
    assert sum(crossing(steps(looks), at)) == pytest.approx(0.025, abs=1e-4)


def test_one_look_has_the_normal_limit() -> None:
    assert limits((7.0,), 0.05) == pytest.approx((1.6448536,), abs=1e-6)


@pytest.mark.parametrize("exponent", [1.0, 1.5, 3.0])
def test_no_limit_is_crossed_as_often_as_a_multivariate_normal_says(exponent: float) -> None:
    information = (2.0, 10 / 3, 120 / 23)
    at = limits(information, 0.05, exponent)
    i = np.asarray(information)
    covariance = np.sqrt(np.minimum.outer(i, i) / np.maximum.outer(i, i))
    below = stats.multivariate_normal.cdf(at, cov=covariance, abseps=1e-7, releps=1e-7)
    assert 1 - below == pytest.approx(0.05, abs=1e-5)


def test_each_look_spends_what_it_is_given() -> None:
    information = (2.0, 3.0, 8.0)
    spent = 0.04 * (np.asarray(information) / 8) ** 1.5
    found = crossing(information, limits(information, 0.04, 1.5))
    assert np.cumsum(found) == pytest.approx(spent, abs=1e-7)


def test_what_earlier_looks_spent_is_not_there_to_be_spent() -> None:
    assert limits((1.0, 2.0), 0.05, spent=0.02) == pytest.approx(limits((1.0, 2.0), 0.03))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 5), min_size=1, max_size=5), st.floats(0.005, 0.2))
def test_the_errors_of_all_looks_add_up_to_the_whole(added: list[float], alpha: float) -> None:
    information = tuple(float(i) for i in np.cumsum(added))
    at = limits(information, alpha)
    assert sum(crossing(information, at)) == pytest.approx(alpha, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 0.1), st.floats(0.01, 0.1))
def test_less_error_never_lowers_a_limit(one: float, other: float) -> None:
    information = (2.0, 3.3, 5.2)
    few, more = sorted((one, other))
    strict, mild = limits(information, few), limits(information, more)
    assert all(a >= b - 1e-9 for a, b in zip(strict, mild, strict=True))


@pytest.mark.parametrize("information", [(), (0.0, 1.0), (2.0, 2.0), (3.0, 1.0)])
def test_information_that_does_not_rise_is_refused(information: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInput, match="information must rise from above 0"):
        limits(information, 0.05)


@pytest.mark.parametrize(("alpha", "spent"), [(0.05, 0.05), (0.0, 0.0), (1.5, 0.0)])
def test_an_error_that_is_none_is_refused(alpha: float, spent: float) -> None:
    with pytest.raises(InvalidInput, match="alpha - spent must be above 0 and below 1"):
        limits((1.0, 2.0), alpha, spent=spent)


def test_a_limit_is_needed_for_each_look() -> None:
    with pytest.raises(InvalidInput, match="crossing needs 2 limits, but got 1"):
        crossing((1.0, 2.0), (2.0,))
