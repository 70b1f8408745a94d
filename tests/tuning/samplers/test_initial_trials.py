"""The first trials, by hand."""

from __future__ import annotations

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.tuning.samplers.initial_trials import initial_trials
from autosuperconv.tuning.samplers.prior import LrPrior

MAX_LR = Range(0.01, 0.5, log=True)
SPACE = SearchSpace(
    {
        "batch_size": Choices((32, 64, 128)),
        "dropout": Range(0.1, 0.5),
        "epochs": Range(1.0, 9.0, log=True),
        "max_lr": MAX_LR,
        "weight_decay": Range(1e-4, 1e-2, log=True),
    }
)
BASELINE = Recipe(max_lr=0.1, epochs=30, batch_size=64, weight_decay=5e-4)


def test_the_trials_are_the_baselines_values_at_three_times_and_more_its_learning_rate() -> None:
    longest, middle, less = initial_trials(SPACE, BASELINE, LrPrior(None, MAX_LR))
    shared = {"batch_size": 64, "dropout": 0.1, "max_lr": pytest.approx(0.31)}
    assert longest == {**shared, "epochs": 9.0, "weight_decay": 5e-4}
    assert middle == {**shared, "epochs": 3.0, "weight_decay": 5e-4}
    assert less == {**shared, "epochs": 3.0, "weight_decay": 1e-4}  # 5e-5 is outside the space


def test_a_learning_rate_beyond_the_space_is_taken_at_its_end() -> None:
    fast = Recipe(max_lr=1.0, batch_size=64)
    assert initial_trials(SPACE, fast, LrPrior(None, MAX_LR))[0]["max_lr"] == 0.5


def test_dimensions_that_are_not_searched_are_left_out_and_no_two_trials_are_alike() -> None:
    space = SearchSpace({"max_lr": MAX_LR})
    assert initial_trials(space, BASELINE, LrPrior(None, MAX_LR)) == (
        {"max_lr": pytest.approx(0.31)},
    )


def test_a_schedule_that_stays_below_max_lr_gets_a_max_lr_that_makes_up_for_it() -> None:
    half = LrPrior(None, MAX_LR, reach=0.5)
    slow = Recipe(max_lr=0.02, batch_size=64)
    assert initial_trials(SPACE, slow, half)[0]["max_lr"] == pytest.approx(3.1 * 0.02 / 0.5)
