"""What runs say before a bound is applied, and what is refused as no curve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.verdict import Criterion, RunCurve, judge
from autosuperconv.errors import InvalidInput
from tests.core.curves import cycle_run, cycles, step_run, steps

NAN = float("nan")


@pytest.mark.parametrize("side", ["candidate", "baseline", "control"])
def test_what_is_no_curve_is_refused_by_the_name_of_its_side(side: str) -> None:
    runs = {"candidate": [cycle_run(0.9)], "baseline": [step_run(0.9)], "control": [cycle_run(0.9)]}
    bad = replace(cycle_run(0.9), max_lr=0.0)
    with pytest.raises(InvalidInput, match=rf"^{side}: max_lr must be above 0, but got 0\.0\.$"):
        judge(**runs | {side: [bad]})


def test_a_baseline_without_a_run_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one baseline run, but got none"):
        judge(cycles(), [])


@pytest.mark.parametrize("samples", [(1.0, 1.0), (0.0,), (-1.0, 0.0)])
def test_samples_that_stand_still_or_end_at_nothing_are_no_curve(samples: tuple[float]) -> None:
    with pytest.raises(InvalidInput, match="samples must rise and end above 0"):
        judge([RunCurve(samples, (), 0.9, 1.0)], steps())


def test_the_message_shows_the_first_five_samples() -> None:
    falling = RunCurve((6.0, 5.0, 4.0, 3.0, 2.0, 1.0), (), 0.9, 1.0)
    with pytest.raises(InvalidInput, match=r"got \(6\.0, 5\.0, 4\.0, 3\.0, 2\.0\)\."):
        judge([falling], steps())


def test_a_curve_may_be_as_short_as_one_sample() -> None:
    assert judge([RunCurve((1.0,), (), 0.9, 1.0)], steps()).candidate_samples == 1


@pytest.mark.parametrize(("chance", "difference"), [(0.1, -0.8), (None, -0.9)])
def test_an_accuracy_that_is_not_finite_counts_as_chance(
    chance: float | None, difference: float
) -> None:
    lost = replace(cycle_run(0.9), final_accuracy=NAN, chance=chance)
    verdict = judge([lost], [step_run(0.9)])
    assert verdict.against_baseline.difference == pytest.approx(difference)


def test_a_single_run_keeps_the_criterions_confidence() -> None:
    verdict = judge([cycle_run(0.9)], [step_run(0.9)], criterion=Criterion(confidence=0.8))
    assert verdict.against_baseline.confidence == 0.8


def test_equal_differences_on_a_coarse_scale_have_the_spread_of_that_scale() -> None:
    """Accuracies in steps of 1 point: the spread is at least 1 / sqrt(6) = 0.408 points, and half
    of the interval 4.302653 x 0.408 / sqrt(3) = 1.014."""
    verdict = judge(cycles((0.9, 0.91, 0.92)), steps((0.89, 0.9, 0.91)))
    assert verdict.against_baseline.low == pytest.approx(0.01 - 0.01014, abs=1e-5)


def test_two_runs_a_side_have_an_interval() -> None:
    """Differences of 0.5 and 0.4 points: sd 0.0707, half 12.7062 x 0.0707 / sqrt(2) = 0.635."""
    low = judge(cycles((0.905, 0.906)), steps((0.9, 0.902))).against_baseline.low
    assert low == pytest.approx(0.0045 - 0.006353, abs=1e-6)
