"""The prior on max_lr is dropped where trials refute it."""

import math

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial

from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell, Reading
from autosuperconv.core.space import Range
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.prior_revision import divergence_limit, refutation, revised_prior

READING = Reading(0.01, 1.0, 0.1, None, None, None, 0.9, True, "")
CELL = Cell(64, 1e-4, (READING,), (), 0.01, 1.0, 0.1, False, 0.9, True)
PRIOR = LrPrior(RangeTest((CELL,), 1e-3, 10.0, True, ""), Range(1e-3, 10.0, log=True))
"""Most likely at 0.1, edge at 1."""


def trial(max_lr: float, accuracy: float, ended: str = "completed") -> FrozenTrial:
    return optuna.create_trial(
        value=1.0,
        params={"batch_size": 64, "max_lr": max_lr, "weight_decay": 1e-4},
        distributions={
            "batch_size": CategoricalDistribution((64,)),
            "max_lr": FloatDistribution(1e-3, 10.0, log=True),
            "weight_decay": FloatDistribution(1e-6, 1e-2, log=True),
        },
        user_attrs={"accuracy": accuracy, "stopped_because": ended, "samples": 100},
    )


def test_a_prior_is_believed_while_the_good_trials_lie_in_it() -> None:
    trials = [trial(0.1 * 2**i, 0.9 - 0.01 * i) for i in range(-3, 6)]
    assert refutation(PRIOR, trials) == ""


def test_good_trials_far_above_the_peak_refute_it() -> None:
    # of nine the best three lie at 0.8, 0.9 and 1.0: nine times the most likely; 1.5 widths are 4.7
    trials = [trial(0.1 * i, 0.5 + 0.04 * i) for i in (1, 1, 1, 2, 2, 2, 8, 9, 10)]
    assert "best 3 of 9 trials have 9 x the max_lr" in refutation(PRIOR, trials)


def test_good_trials_far_below_the_peak_refute_it() -> None:
    trials = [trial(0.1 / i, 0.5 + 0.04 * i) for i in (1, 1, 1, 2, 2, 2, 8, 9, 10)]
    assert "have 0.111 x the max_lr" in refutation(PRIOR, trials)


def test_seven_trials_are_too_few_to_refute_it() -> None:
    assert refutation(PRIOR, [trial(1.0, 0.9)] * 7) == ""
    assert refutation(PRIOR, [trial(1.0, 0.9)] * 8) != ""


def test_two_runs_that_diverged_above_all_completed_ones_lower_the_cap() -> None:
    completed, diverged = trial(0.2, 0.9), [trial(lr, 0.1, "diverged") for lr in (0.5, 0.3, 2.0)]
    assert divergence_limit(PRIOR, [completed, diverged[0]]) == math.inf
    assert divergence_limit(PRIOR, [completed, *diverged]) == pytest.approx(0.5)
    assert revised_prior(PRIOR, [completed, *diverged]).cap((64, 1e-4, None)) == pytest.approx(0.5)


def test_a_completed_run_above_raises_the_limit() -> None:
    diverged = [trial(lr, 0.1, "diverged") for lr in (0.3, 0.5, 2.0, 3.0)]
    assert divergence_limit(PRIOR, [*diverged, trial(1.0, 0.9)]) == pytest.approx(3.0)


def test_a_dropped_prior_is_uniform_and_is_not_refuted_again() -> None:
    dropped = LrPrior(None, PRIOR.range_)
    assert dropped.cap((64, 1e-4, None)) == 10.0
    assert refutation(dropped, [trial(1.0, 0.9)] * 20) == ""
