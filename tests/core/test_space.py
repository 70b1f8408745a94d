"""Shares of a dimension and its values are inverses, and neither ever leaves the dimension."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.space import Choices, Range, SearchSpace, fixed_value, share_of, value_at
from autosuperconv.errors import InvalidSpace

shares = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20).map(np.array)
logarithmic = st.tuples(st.floats(1e-8, 10.0), st.floats(1.01, 1e6)).map(
    lambda ends: Range(ends[0], ends[0] * ends[1], log=True)
)
linear = st.tuples(st.floats(0.0, 10.0), st.floats(1e-3, 100.0)).map(
    lambda ends: Range(ends[0], ends[0] + ends[1])
)
choices = st.lists(st.integers(1, 4096), min_size=1, max_size=6, unique=True).map(
    lambda values: Choices(tuple(sorted(values)))
)


@settings(deadline=None)
@given(range_=logarithmic | linear, at=shares)
def test_the_share_of_the_value_at_a_share_is_that_share(range_: Range, at: np.ndarray) -> None:
    values = value_at(range_, at)
    assert ((values >= range_.low) & (values <= range_.high)).all()
    assert share_of(range_, values) == pytest.approx(at, abs=1e-9)


@settings(deadline=None)
@given(choices=choices)
def test_every_choice_has_an_equal_part_of_its_dimension(choices: Choices) -> None:
    n = len(choices.values)
    middles = (np.arange(n) + 0.5) / n
    assert value_at(choices, middles).tolist() == list(choices.values)
    edges = np.arange(n) / n + 1e-9
    assert value_at(choices, edges).tolist() == list(choices.values)


@settings(deadline=None)
@given(dimension=logarithmic | linear | choices, at=shares)
def test_a_larger_share_never_has_a_smaller_value(
    dimension: Range | Choices, at: np.ndarray
) -> None:
    assert (np.diff(value_at(dimension, np.sort(at))) >= 0).all()


def test_the_middle_of_a_range_is_its_mean_or_its_geometric_mean() -> None:
    half = np.array([0.5])
    assert value_at(Range(2.0, 8.0), half).tolist() == [5.0]
    assert value_at(Range(2.0, 8.0, log=True), half) == pytest.approx([4.0])


def test_choices_lie_by_their_logarithm_and_those_with_zero_by_their_value() -> None:
    assert share_of(Choices((16, 32, 64)), np.array([16.0, 32.0, 64.0])) == pytest.approx(
        [0, 0.5, 1]
    )
    assert share_of(Choices((0, 1, 4)), np.array([0.0, 1.0, 4.0])).tolist() == [0, 0.25, 1]


def test_a_dimension_of_one_value_has_one_place() -> None:
    assert share_of(Range(0.3, 0.3), np.array([0.3, 0.3])).tolist() == [0, 0]
    assert value_at(Choices((32,)), np.array([0.0, 0.4, 1.0])).tolist() == [32, 32, 32]


def test_a_range_from_0_on_a_log_scale_is_refused_with_two_remedies_that_work() -> None:
    with pytest.raises(InvalidSpace) as error:
        SearchSpace({"weight_decay": Range(0.0, 1e-3, log=True)})
    assert str(error.value) == (
        "The range of weight_decay must be above 0, because its logarithm is searched, but got "
        "0:0.001. Begin above 0, as in 1e-08:0.001, or give 0 alone to fix it there."
    )
    SearchSpace({"weight_decay": Range(1e-08, 0.001, log=True)})
    SearchSpace({"weight_decay": Range(0.0, 0.0, log=True)})


def test_a_dimension_of_one_value_is_fixed() -> None:
    assert fixed_value(Range(0.0, 0.0)) == 0.0
    assert fixed_value(Choices((32,))) == 32
    assert fixed_value(Range(0.0, 0.1)) is None
    assert fixed_value(Choices((32, 64))) is None
