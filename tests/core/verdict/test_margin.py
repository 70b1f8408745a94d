"""The margin by its rule, and the price of what is open."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autosuperconv.core.stats import Contrast, SeedSpread, moderated_contrast
from autosuperconv.core.verdict import Evidence, Price, margin_by_rule
from autosuperconv.core.verdict.margin import margin_for, rule_in_words
from autosuperconv.core.verdict.price import price_of
from autosuperconv.core.verdict.types import Criterion
from tests.core.curves import cycles, steps

Z95 = 1.6448536


def test_the_margin_is_sqrt_2_times_the_sd_pooled_over_the_recipes() -> None:
    # squares 2 x 1 (points) and 2 x 4 over 2 and 1 degrees: (2 + 2) / 3
    margin, spread = margin_by_rule([[0.89, 0.90, 0.91], [0.80, 0.82], [0.7]])
    assert margin == pytest.approx(math.sqrt(2 * 4 / 3) / 100)
    assert spread == SeedSpread(pytest.approx(math.sqrt(4 / 3) / 100), 3)


@pytest.mark.parametrize("groups", [[], [[0.9]], [[0.9, 0.9001]]])
def test_it_is_a_fifth_of_a_point_at_least(groups: list[list[float]]) -> None:
    assert margin_by_rule(groups)[0] == 0.002


def test_a_margin_from_the_runs_it_judges_has_an_error_of_its_own() -> None:
    """0.2887 points from 4 degrees of freedom: over sqrt(2 x 4)."""
    found = margin_for((cycles(), steps()), Criterion(), Evidence())
    assert found.error == pytest.approx(0.002887 / math.sqrt(8), abs=1e-6)
    frozen = margin_for((cycles(), steps()), Criterion(), Evidence(margin=0.003))
    assert (frozen.value, frozen.error) == (0.003, 0.0)


def test_the_rule_says_which_half_of_it_made_the_margin() -> None:
    assert rule_in_words(0.0042, SeedSpread(0.003, 8)) == "sqrt(2) x the sd over seeds, 0.30 points"
    assert rule_in_words(0.002, SeedSpread(0.0008, 8)) == (
        "the smallest, more than sqrt(2) x the sd over seeds, 0.08 points"
    )


def test_a_requested_margin_comes_before_a_frozen_one() -> None:
    found = margin_for((cycles(), steps()), Criterion(margin=0.01), Evidence(margin=0.003))
    assert (found.value, found.rule) == (0.01, "as requested")


def test_the_price_has_the_power_that_it_promises() -> None:
    """Equal within 1.5 seed sds after 3 and 6 runs: so many more runs show it 4 times in 5."""
    x, y = [-1.0, 1.0, 0.0, 0.0, 1.0, -1.0], [-1.0, 0.0, 1.0]
    start = moderated_contrast(x, y, SeedSpread(1.0, 10), (Z95, Z95))
    price = price_of(start, -1.2)
    assert price is not None
    n, m = 3 + price.baseline, 6 + price.candidate
    rng = np.random.default_rng(0)
    ends = [
        moderated_contrast(
            rng.standard_normal(m).tolist(),
            rng.standard_normal(n).tolist(),
            SeedSpread(1.0, 10),
            (Z95, Z95),
        ).lowest
        for _ in range(2000)
    ]
    assert 0.75 < np.mean(np.asarray(ends) > -1.2) < 0.95


def test_a_price_beside_the_control_is_of_both_of_these_sides() -> None:
    start = moderated_contrast([0.6, 0.8, 0.1], [0.2, 0.0, 0.3], None, (Z95, Z95))
    price = price_of(start, 0.0, with_control=True)
    assert price is not None
    assert price.baseline == 0
    assert price.candidate == price.control > 0


def test_single_runs_and_hopeless_questions_have_no_price() -> None:
    assert price_of(Contrast(0.1, None, None, 1, others=1), 0.0) is None
    near = moderated_contrast([1.0, -1.0, 0.01], [1.0, -1.0], None, (Z95, Z95))
    assert price_of(near, 0.0) is None


def test_a_price_in_words_names_what_is_to_be_trained() -> None:
    assert Price(1, 7).in_words() == "1 more run of the baseline and 7 of the candidate"
    assert Price(0, 4, 4).in_words() == "4 more runs of the candidate and 4 of the control"
    assert Price(2, 0).in_words() == "2 more runs of the baseline"
