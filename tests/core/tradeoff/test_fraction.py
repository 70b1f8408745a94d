"""Which combinations are trained, and what they can tell."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from autosuperconv.core.tradeoff.fraction import (
    MOST_FACTORS,
    REPEATS,
    at_most_five,
    contrasts,
    distinct_runs,
    fraction,
    model_matrix,
    spare_columns,
)
from autosuperconv.errors import InvalidInput

EVERY = range(1, MOST_FACTORS + 1)


@pytest.mark.parametrize(("factors", "cells"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 16)])
def test_up_to_four_factors_have_every_cell_and_five_have_half(factors: int, cells: int) -> None:
    assert len(set(fraction(factors))) == len(fraction(factors)) == cells
    assert fraction(factors)[0] == (1,) * factors


def test_the_half_of_five_has_an_even_number_of_reverted_factors() -> None:
    assert {cell.count(-1) for cell in fraction(5)} == {0, 2, 4}


@pytest.mark.parametrize(("factors", "runs"), [(0, 0), (1, 5), (2, 9), (3, 14), (4, 15), (5, 15)])
def test_the_number_of_new_runs(factors: int, runs: int) -> None:
    assert distinct_runs(factors) == runs
    if factors:
        assert runs == REPEATS[factors] * (len(fraction(factors)) - 1)


def test_more_than_five_factors_cost_as_much_as_five() -> None:
    assert distinct_runs(6) == distinct_runs(9) == 15
    assert at_most_five(list("abcdefg")) == (("a",), ("b",), ("c",), ("d",), ("e", "f", "g"))
    assert at_most_five(list("abcde")) == tuple((name,) for name in "abcde")
    assert at_most_five([]) == ()


@pytest.mark.parametrize("factors", [0, 6])
def test_another_number_of_factors_is_refused(factors: int) -> None:
    with pytest.raises(InvalidInput, match=f"1 to 5 factors, but got {factors}"):
        fraction(factors)


@pytest.mark.parametrize("factors", EVERY)
def test_no_main_effect_or_interaction_of_two_is_mixed_up_with_another(factors: int) -> None:
    model = model_matrix(fraction(factors))
    assert (model.T @ model == len(model) * np.eye(model.shape[1])).all()


def test_in_the_half_a_factor_is_the_product_of_the_four_others() -> None:
    signs = np.array(fraction(5))
    for place in range(5):
        others = np.delete(signs, place, axis=1)
        assert (signs[:, place] == others.prod(axis=1)).all()
    for pair in combinations(range(5), 2):
        others = np.delete(signs, pair, axis=1)
        assert (signs[:, list(pair)].prod(axis=1) == others.prod(axis=1)).all()


def test_the_contrasts_of_two_factors() -> None:
    # columns: mean, A, B, AB
    means, lasts = contrasts(2)
    assert means.tolist() == [[0, 2, 0, 0], [0, 0, 2, 0]]
    assert lasts.tolist() == [[0, 2, 0, 2], [0, 0, 2, 2]]


def test_what_is_left_for_the_spread() -> None:
    assert spare_columns(fraction(5)).shape == (16, 10)  # ten pairs
    assert spare_columns(fraction(4)).shape == (16, 11)  # six pairs, four triples, all four
    assert spare_columns(fraction(1)).shape == (2, 0)
    columns = spare_columns(fraction(5))
    assert (columns.T @ columns == 16 * np.eye(10)).all()
