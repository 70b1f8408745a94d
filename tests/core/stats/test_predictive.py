"""Predictive probabilities, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from autosuperconv.core.stats.moderated import t_limit
from autosuperconv.core.stats.predictive import foresee

MANY = 1e9  # degrees of freedom


def test_a_difference_at_its_bound_passes_and_fails_alike() -> None:
    # with four times the information the error is 1/2, and the estimate moves by sqrt(3/4):
    # normal tail at 2 x 0.5 / 0.866 = 1.155
    found = foresee(0.0, 1.0, MANY, 4.0, (2.0, 2.0))
    assert found.passes == pytest.approx(0.1241, abs=1e-4)
    assert found.fails == pytest.approx(0.1241, abs=1e-4)


def test_a_difference_far_above_its_bound_will_pass() -> None:
    # (2 - 1) / 0.866 and (-2 - 1) / 0.866
    found = foresee(2.0, 1.0, MANY, 4.0, (2.0, 2.0))
    assert found.passes == pytest.approx(0.8759, abs=1e-4)
    assert found.fails == pytest.approx(0.0003, abs=1e-4)


def test_few_degrees_of_freedom_make_it_less_probable() -> None:
    # t of 4 degrees for z = 2 is 2.87: normal tail at 1.435 / 0.866 = 1.657
    assert foresee(0.0, 1.0, 4.0, 4.0, (2.0, 2.0)).passes == pytest.approx(0.0488, abs=1e-3)


def test_the_more_there_is_to_come_the_more_it_settles() -> None:
    settled = [foresee(0.0, 1.0, MANY, g, (2.0, 2.0)).passes for g in (1.2, 2.0, 4.0, 16.0)]
    assert settled == sorted(settled)


def test_it_is_what_simulated_runs_do() -> None:
    """4 runs of 16 have been seen, and their mean is 0.5; the flat prior makes it normal."""
    rng = np.random.default_rng(0)
    truth = 0.5 + rng.standard_normal(100_000) / 2
    last = (4 * 0.5 + 12 * truth + np.sqrt(12) * rng.standard_normal(100_000)) / 16
    found = foresee(0.5, 0.5, MANY, 4.0, (1.7, 1.7))
    assert found.passes == pytest.approx(np.mean(last > 1.7 / 4), abs=0.005)


def test_arrays_are_forecast_one_by_one() -> None:
    at, z = np.asarray([0.0, 2.0]), np.asarray([2.0, 1.5])
    found = foresee(at, 1.0, 12.0, 4.0, (z, 2.0))
    alone = [foresee(a, 1.0, 12.0, 4.0, (b, 2.0)).passes for a, b in zip(at, z, strict=True)]
    assert found.passes.tolist() == pytest.approx(alone)
    assert t_limit(z, 12.0).tolist() == pytest.approx([float(t_limit(b, 12.0)) for b in z])
