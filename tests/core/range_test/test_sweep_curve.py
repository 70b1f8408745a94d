"""A recording as a sweep: which points rise, how the range is measured, smoothing and scatter."""

from __future__ import annotations

import numpy as np
import pytest

from autosuperconv.core.range_test.sweep_curve import is_exponential, rising_part, smooth

ORDERED = "the points were put in the order of their learning rate"


def rising(*rates: float) -> list[int] | str:
    """The points of the rise, or what is said of rates that were sorted."""
    part = rising_part(np.array(rates, dtype=np.float64))
    if part.note == ORDERED:
        assert part.order.tolist() == np.argsort(rates, kind="stable").tolist()
        return ORDERED
    return part.order.tolist()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_rates_that_turn_at_most_points_are_no_cycles_though_one_stretch_rises(unit: float) -> None:
    rates = [1, 2, 3, 4, 5, 6, 7, 8, *[1.5, 7.5] * 6]
    assert rising(*(unit * rate for rate in rates)) == ORDERED


def test_rates_that_turn_at_three_of_ten_steps_are_cycles() -> None:
    rates = np.array([1.0, 2, 3, 4, 5, 6, 4, 2, 3, 4, 1])
    part = rising_part(rates)
    assert part.order.tolist() == [0, 1, 2, 3, 4, 5]
    assert part.note == (
        "only points 1 to 6 of 11 are the sweep, in which the learning rate rises from 1 to 6"
    )


def test_the_first_rise_through_most_of_the_range_is_the_sweep() -> None:
    assert rising(3, 5, *range(1, 11), 2, 1) == list(range(2, 12))


def test_a_rise_must_have_four_of_ten_steps_less_one() -> None:
    """Of twenty points seven steps: one of seven is a sweep, one of six is not."""
    assert rising(*range(1, 9), 7, 6, 5, 4, 3, 2, 3, 4, 5, 6, 5, 4) == list(range(8))
    falls = (6, 5, 4, 3, 2, 2.5, 3, 3.5, 4, 4.5, 4, 3.5, 3)
    assert rising(*range(1, 8), *falls) == ORDERED


def test_a_rise_through_less_than_four_fifths_of_the_range_is_no_sweep() -> None:
    half = [1 + i / 2 for i in range(9)]  # 1 to 5 of 1 to 10
    assert rising(*half, 4, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1.5) == ORDERED


def test_two_rises_and_a_fall_are_a_short_sweep() -> None:
    assert rising(1, 2, 3, 2, 1) == [0, 1, 2]


def test_a_rise_over_three_of_twenty_points_is_just_no_warm_up() -> None:
    assert rising(1, 2, *[3] * 18) == [0, 1, 2]


def test_the_top_rate_is_held_no_longer_than_the_longest_other_one() -> None:
    """Rates that are held for 1, 2, 3 and 5 points: two of the five are left out."""
    assert rising(1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4) == list(range(9))


def test_three_rates_by_equal_factors_up_to_five_times_the_first_are_exponential() -> None:
    assert is_exponential(np.array([1.0, 10.0, 100.0]))
    assert is_exponential(np.array([1.0, 5**0.5, 5.0]))
    assert not is_exponential(np.array([1.0, 50.5, 100.0]))


def test_the_window_is_a_twentieth_of_the_range() -> None:
    """81 points over four decades: 0.1 to either side are two points."""
    x, y = np.linspace(-3, 1, 81), np.zeros(81)
    y[40] = 1.0
    assert smooth(x, y)[37:44] == pytest.approx([0, 0.2, 0.2, 0.2, 0.2, 0.2, 0])


def test_a_window_holds_the_points_that_it_must_where_there_are_as_many() -> None:
    assert smooth(np.arange(3.0), np.array([0.0, 3.0, 0.0]), 0.0, 3).tolist() == [1.5, 1, 1.5]
    assert smooth(np.arange(2.0), np.array([0.0, 1.0]), 0.0, 3).tolist() == [0, 1]
    assert smooth(np.zeros(0), np.zeros(0)).size == 0
