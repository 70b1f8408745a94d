"""The recommended recipe is the best measured at equal or lower cost, and says what was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.curve import Curve
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recommendation import (
    ConfirmedRecipe,
    best_measured,
    confirmed_recipe,
    recommend,
)
from autosuperconv.core.trace import StopReason, Trace
from autosuperconv.core.verdict import Outcome, RungState, Verdict
from tests.reporting.sample import sample_report

CYCLE = Recipe(max_lr=0.5, epochs=6.0)
SHORT_CYCLE = Recipe(max_lr=0.7, epochs=2.0)
STANDARD = Recipe(max_lr=0.1, epochs=30.0, schedule="step")


def confirmed(
    role: str, recipe: Recipe, accuracy: float | None, runs: int = 6, diverged: int = 0
) -> ConfirmedRecipe:
    return ConfirmedRecipe(role, recipe, runs, diverged, accuracy, recipe.epochs * 1000)


BASELINE = confirmed("baseline", STANDARD, 0.96)
CONTROL = confirmed("control", replace(STANDARD, epochs=6.0), 0.95)


def verdict(outcome: Outcome) -> Verdict:
    """With T_B = 12,000 samples and a margin of 0.4 points."""
    made = sample_report(trials=1).verdict
    return replace(
        made, outcome=outcome, baseline_accuracy=0.96, baseline_samples=12_000.0, margin=0.004
    )


def role_of(*given: ConfirmedRecipe, outcome: Outcome) -> str:
    found = recommend(given, verdict(outcome), target=0.9)
    assert found is not None
    assert {one.role for one in found.every} == {one.role for one in given}
    return found.best.role


GAINS = [Outcome.REACHED, Outcome.REACHED_CONTROL_MISSING, Outcome.ACCELERATED]


@pytest.mark.parametrize("outcome", GAINS)
def test_after_a_gain_the_cycle_is_recommended_though_the_dearer_baseline_measured_better(
    outcome: Outcome,
) -> None:
    cycle = confirmed("candidate", CYCLE, 0.958)
    assert role_of(cycle, BASELINE, CONTROL, outcome=outcome) == "candidate"


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - set(GAINS)))
def test_without_a_gain_the_baseline_is_recommended_unless_a_cheaper_recipe_measured_as_well(
    outcome: Outcome,
) -> None:
    worse, as_good = (confirmed("candidate", CYCLE, accuracy) for accuracy in (0.959, 0.96))
    assert role_of(worse, BASELINE, outcome=outcome) == "baseline"
    assert role_of(as_good, BASELINE, outcome=outcome) == "candidate"


def test_a_control_or_a_shorter_cycle_that_measured_better_at_no_more_cost_is_recommended() -> None:
    cycle = confirmed("candidate", CYCLE, 0.958)
    control = confirmed("control", CONTROL.recipe, 0.959)
    shorter = confirmed("candidate:5", SHORT_CYCLE, 0.9585)
    assert role_of(cycle, BASELINE, control, outcome=Outcome.ACCELERATED) == "control"
    assert role_of(cycle, BASELINE, shorter, outcome=Outcome.ACCELERATED) == "candidate:5"
    longer = confirmed("candidate:2", CYCLE, 0.97)
    short = confirmed("candidate", SHORT_CYCLE, 0.958)
    assert role_of(short, BASELINE, longer, outcome=Outcome.REACHED) == "candidate"


def test_of_equally_accurate_recipes_the_cheapest_is_recommended() -> None:
    cycle = confirmed("candidate", CYCLE, 0.958)
    shorter = confirmed("candidate:5", SHORT_CYCLE, 0.958)
    assert best_measured([cycle, shorter], "candidate") is shorter


def test_a_recipe_that_diverges_too_often_is_not_recommended() -> None:
    diverging = confirmed("candidate", CYCLE, 0.99, runs=6, diverged=2)
    assert role_of(diverging, BASELINE, outcome=Outcome.DIVERGED) == "baseline"
    rarely = confirmed("candidate", CYCLE, 0.99, runs=6, diverged=1)
    assert role_of(rarely, BASELINE, outcome=Outcome.UNDECIDED) == "candidate"
    found = recommend([diverging], verdict(Outcome.DIVERGED), target=0.9)
    assert found is not None
    assert "training failed in 2 of 6 runs" in found.best.label
    assert "Every recipe diverges too often" in found.best.label


def test_recorded_baseline_runs_have_no_recipe_so_the_best_of_the_rest_is_named_as_such() -> None:
    cycle = replace(confirmed("candidate", CYCLE, 0.95), state=RungState.FAILED)
    found = recommend([cycle], verdict(Outcome.STABLE_BUT_SHORT), target=0.9)
    assert found is not None
    assert found.best.label == (
        "Keep the recipe of your recorded runs: they measured better. The best one trained here "
        "is the cycle that was found: 95.00 % on test data, 6 runs; -1.00 percentage points "
        "against the baseline, 2 x faster. C1 accuracy is not met: it is not as accurate as the "
        "baseline, within 0.40 points."
    )
    better = recommend([replace(cycle, accuracy=0.97)], verdict(Outcome.UNDECIDED), target=0.9)
    assert better is not None
    assert better.best.label.endswith("of the recipes that were trained here.")


def test_nothing_was_confirmed_so_nothing_is_recommended() -> None:
    assert recommend([], verdict(Outcome.UNDECIDED), target=0.9) is None


def test_the_label_says_what_was_shown_and_where_the_target_is_unmet() -> None:
    cycle = confirmed("candidate", CYCLE, 0.958)
    shown = replace(cycle, state=RungState.PASSED, validation_accuracy=0.95)
    found = recommend([shown, BASELINE], verdict(Outcome.ACCELERATED), target=0.96)
    assert found is not None
    assert found.best.label == (
        "The cycle that was found: 95.80 % on test data, 6 runs; -0.20 percentage points against "
        "the baseline, 2 x faster. It was shown to be as accurate as the baseline, within 0.40 "
        "points. It does not reach the target: its validation accuracy is 95.00 %, and the target "
        "is 96.00 %. No recipe that costs as little measured better."
    )
    (baseline,) = found.others
    expected = "The tuned standard schedule (the baseline): 96.00 % on test data, 6 runs."
    assert baseline.label == expected


def test_an_open_accuracy_is_said_to_be_open_and_the_users_own_recipe_is_theirs() -> None:
    cycle = replace(confirmed("candidate", CYCLE, 0.951), state=RungState.OPEN)
    given = [cycle, BASELINE]
    found = recommend(given, verdict(Outcome.UNDECIDED), target=0.9, own_baseline=True)
    assert found is not None
    assert found.best.label.startswith("Your own recipe (the baseline): 96.00 % on test data")
    assert "C1 accuracy is open: it may or may not be as accurate" in found.others[0].label


def test_accuracy_and_cost_are_means_over_the_runs_that_completed() -> None:
    def trace(accuracy: float | None, samples: int, why: StopReason) -> Trace:
        return Trace(
            recipe=CYCLE,
            measured_on="test",
            curve=Curve(),
            accuracy=accuracy,
            loss=None,
            stopped_because=why,
            detail="",
            classes=10,
            evaluated=100,
            steps=1,
            samples=samples,
            seconds=1.0,
        )

    done, failed = StopReason.COMPLETED, StopReason.DIVERGED
    runs = [trace(0.9, 1000, done), trace(0.8, 1002, done), trace(None, 10, failed)]
    found = confirmed_recipe("candidate", CYCLE, runs)
    assert (found.accuracy, found.samples) == (pytest.approx(0.85), 1001)
    assert (found.runs, found.diverged) == (3, 1)
    none = confirmed_recipe("candidate", CYCLE, runs[2:])
    assert (none.accuracy, none.samples, none.reliable) == (None, 10, False)
