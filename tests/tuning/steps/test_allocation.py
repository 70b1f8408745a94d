"""What a time limit buys, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from autosuperconv.core.events import Step
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Budget, Forecast
from autosuperconv.tuning.steps.allocation import Allocation, allocate
from tests.surface import BUDGET

FULL = replace(BUDGET, trials=20, max_seeds=8)


def forecast_of(budget: Budget) -> Sequence[Forecast]:
    """A second an epoch: eight baseline runs, trials of a fifth, looks, and fifteen runs of a half
    for the trade-off."""
    long = budget.baseline_epochs
    runs = 8 + budget.trials / 5 + budget.max_seeds + (7.5 if budget.factors else 0)
    return [Forecast(Step.STUDY, 1, runs * long, runs * long)]


def within(seconds: float | None, **options: object) -> Allocation:
    return allocate(FULL, SearchOptions(**options), forecast_of, seconds)  # type: ignore[arg-type]


def test_without_a_limit_everything_stays() -> None:
    assert within(None) == Allocation(FULL)


@pytest.mark.parametrize(
    ("baselines", "trials", "looks", "explained"),
    [
        (36, 40, 12, True),  # 8 + 8 + 12 + 7.5 = 35.5
        (30, 20, 10, True),  # 8 + 4 + 10 + 7.5 = 29.5
        (17.5, 20, 5, False),  # 8 + 4 + 5
        (16, 12, 5, False),  # 8 + 2.4 + 5 = 15.4
        (13, 8, 3, False),  # 8 + 1.6 + 3 = 12.6
    ],
)
def test_the_largest_row_that_fits_is_taken(
    baselines: float, trials: int, looks: int, explained: bool
) -> None:
    budget = within(baselines * FULL.baseline_epochs).budget
    assert (budget.trials, budget.max_seeds, bool(budget.factors)) == (trials, looks, explained)
    assert budget.baseline_epochs == FULL.baseline_epochs


def test_what_is_left_out_is_said_in_one_sentence() -> None:
    assert within(36 * 30).notes == ()
    assert within(16 * 30).notes == (
        "Left out to keep the time limit: the trade-off, 8 trials of 20 and looks at more than 5 "
        "baseline runs.",
    )


def test_lengths_come_last_and_keep_their_ratio() -> None:
    found = within(200.0)
    assert found.budget.baseline_epochs < 30
    assert found.budget.epochs_high / found.budget.baseline_epochs == pytest.approx(1 / 3)
    assert sum(f.seconds for f in forecast_of(found.budget)) <= 200
    assert "% of the length of the runs" in found.notes[0]


def test_too_little_time_is_no_refusal_but_is_said() -> None:
    assert within(10.0).notes[-1].startswith("There is probably no time for a verdict: ")
    assert within(10.0).notes[-1].endswith("It ends with the best recipe so far.")


def test_what_the_user_gave_is_the_most_and_is_kept() -> None:
    assert within(1e6, trials=7).budget.trials == 7
    assert within(16 * 30, max_seeds=8).budget.max_seeds == 8
    assert within(16 * 30, explain="always").budget.factors == FULL.factors
    fixed = replace(FULL, fixed=True)
    kept: Callable[..., Allocation] = allocate
    assert kept(fixed, SearchOptions(), forecast_of, 100.0).budget.baseline_epochs == 30.0
