"""Where runs diverge."""

import numpy as np
import pytest

from autosuperconv.core.stats.stability import fit_stability

EXPECTED, SPREAD = np.array([-4.0, 6.0]), np.array([2.5, 3.0])


def after(*runs: tuple[float, bool]) -> np.ndarray:
    """Probability to diverge at -1, 0, 1 and 2 decades, after these runs."""
    at = np.array([rate for rate, _ in runs]).reshape(-1, 1)
    model = fit_stability(at, np.array([diverged for _, diverged in runs], bool), EXPECTED, SPREAD)
    return model.diverges(np.array([[-1.0], [0.0], [1.0], [2.0]]))


def test_before_any_run_it_is_the_prior_averaged_over_its_uncertainty() -> None:
    # log odds -4 with variance 2.5^2: -4 / sqrt(1 + pi 6.25 / 8) = -2.1519 -> 0.1042
    # at one decade: 2 with variance 2.5^2 + 3^2
    assert after()[1] == pytest.approx(0.1042, abs=1e-4)
    assert after()[2] == pytest.approx(1 / (1 + np.exp(-2 / np.sqrt(1 + np.pi * 15.25 / 8))))


def test_runs_that_hold_at_a_high_rate_move_the_cliff_up() -> None:
    assert after(*[(1.0, False)] * 4)[2] < 0.2 < after()[2]


def test_runs_that_diverge_at_a_low_rate_move_it_down() -> None:
    learned = after((-0.5, True), (-0.4, True), (-0.3, True), (-1.0, False), (-1.2, False))
    assert learned[1] > 0.7
    assert learned[0] < 0.4


def test_runs_at_higher_rates_diverge_more() -> None:
    assert np.all(np.diff(after((0.5, True), (0.0, False))) > 0)
