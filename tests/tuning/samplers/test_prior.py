"""The prior on max_lr: about the range test's edge, and capped above it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from autosuperconv.core.range_test import RangeTest, Reading
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.space import Range
from autosuperconv.tuning.samplers.prior import LrPrior

RANGE = Range(1e-3, 10.0, log=True)


def cell(edge: float | None, bound: bool = False) -> Cell:
    return Cell(128, 1e-4, (), (), 0.01, edge, 0.1, bound, 0.9, True)


def prior(edge: float | None, bound: bool = False) -> LrPrior:
    test = RangeTest((cell(edge, bound),), 1e-3, 10.0, True, "Possible.")
    return LrPrior(test, RANGE)


def draws(of: LrPrior, n: int = 2000) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.log10([of.draw(rng, (128, 1e-4, None)) for _ in range(n)])


def test_nothing_is_ruled_out_below_four_times_the_edge() -> None:
    assert prior(0.5).cap((128, 1e-4, None)) == pytest.approx(2.0)
    assert draws(prior(0.5)).max() <= math.log10(2.0)


def test_the_cap_never_leaves_the_range_of_the_search() -> None:
    assert prior(5.0).cap((128, 1e-4, None)) == 10.0
    assert prior(1e-4).cap((128, 1e-4, None)) == 1e-3


def test_most_draws_lie_about_the_edge_and_some_anywhere_below_the_cap() -> None:
    logs = draws(prior(0.5))
    near = np.abs(logs - math.log10(0.5)) < 0.45
    assert 0.5 < near.mean() < 0.75
    assert 0.05 < (logs < math.log10(0.5) - 1.35).mean() < 0.2


@pytest.mark.parametrize("of", [prior(None), prior(10.0, bound=True), LrPrior(None, RANGE)])
def test_where_nothing_diverged_the_prior_is_uniform_and_caps_nothing(of: LrPrior) -> None:
    assert of.cap((128, 1e-4, None)) == 10.0
    logs = draws(of)
    assert np.histogram(logs, bins=4, range=(-3, 1))[0] / 2000 == pytest.approx(0.25, abs=0.04)


def test_where_sweeps_differ_in_momentum_the_prior_follows_it() -> None:
    cells = []
    for momentum, edge in ((0.0, 5.0), (0.9, 0.5)):
        reading = Reading(0.01, edge, edge / 10, None, None, None, 0.3, False, "Not kept.")
        cells.append(Cell(128, 1e-4, (reading,), (), 0.01, edge, 0.1, False, 0.3, True, momentum))
    of = LrPrior(RangeTest(tuple(cells), 1e-3, 10.0, True, "Possible."), RANGE)
    assert of.edge((128, 1e-4, 0.9)) == pytest.approx(0.5)
    assert of.centre((128, 1e-4, 0.9)) == pytest.approx(0.05)
    assert of.cap((128, 1e-4, 0.9)) == pytest.approx(2.0)
    assert of.edge((128, 1e-4, 0.0)) == pytest.approx(5.0)
    middle = 1 - math.sqrt(0.1)  # on the axis of log(1 - momentum)
    assert of.edge((128, 1e-4, middle)) == pytest.approx(math.sqrt(5.0 * 0.5))
    rng = np.random.default_rng(0)
    low, high = (
        np.log10([of.draw(rng, (128, 1e-4, m)) for _ in range(800)]).mean() for m in (0.9, 0.0)
    )
    assert high - low > 0.5


def test_a_schedule_that_reaches_a_part_of_max_lr_may_have_more_of_it() -> None:
    of = replace(prior(0.5), reach=0.4)
    assert of.edge((128, 1e-4, None)) == pytest.approx(1.25)
    assert of.cap((128, 1e-4, None)) == pytest.approx(5.0)
    assert of.centre((128, 1e-4, None)) == pytest.approx(1.25)
