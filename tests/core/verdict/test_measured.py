"""What runs say before a bound is applied, and what is refused as no curve."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.stats import SeedSpread
from autosuperconv.core.verdict import Criterion, Evidence, RunCurve, judge
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


def test_equal_runs_on_a_coarse_scale_have_the_spread_of_that_scale() -> None:
    """Four evaluated samples: either side spreads by 25 points at least, so the error is
    25 x sqrt(2 / 3) = 20.4 points."""
    candidate = [replace(run, evaluated=4) for run in cycles((0.75,) * 3)]
    baseline = [replace(run, evaluated=4) for run in steps((0.5,) * 3)]
    error = judge(candidate, baseline, criterion=Criterion(margin=0.1)).against_baseline.error
    assert error == pytest.approx(0.25 * (2 / 3) ** 0.5)


def test_a_scale_that_is_not_known_is_read_off_the_accuracies_down_to_a_hundredth() -> None:
    """Steps of 0.5 points, and no steps at all between sides that are far apart."""
    criterion = Criterion(margin=0.1)
    fine = judge(cycles((0.9, 0.9)), steps((0.895, 0.895)), criterion=criterion)
    far = judge(cycles((0.9, 0.9)), steps((0.5, 0.5)), criterion=criterion)
    assert fine.against_baseline.error == pytest.approx(0.005)
    assert far.against_baseline.error == pytest.approx(0.01)


def test_what_was_evaluated_is_at_least_one_sample() -> None:
    with pytest.raises(InvalidInput, match="candidate: evaluated must be at least 1, but got 0"):
        judge([replace(cycle_run(0.9), evaluated=0)], steps())


def test_two_runs_a_side_have_an_interval() -> None:
    """Sds 0.0707 and 0.1414 points, both raised to no less than the scale's 0.1: error
    sqrt((0.01 + 0.02) / 2) = 0.1225 points, and a margin of 0.2."""
    found = judge(cycles((0.905, 0.906)), steps((0.9, 0.902)), criterion=Criterion(margin=0.002))
    assert found.against_baseline.error == pytest.approx(0.001225, abs=1e-6)


def test_the_spread_that_other_runs_showed_widens_a_side_that_shows_less() -> None:
    """Sd 0.5 points with 8 degrees: a side of sd 0.2 has variance (8 x 0.25 + 2 x 0.04) / 10."""
    evidence = Evidence(SeedSpread(0.005, 8), margin=0.01)
    error = judge(steps(), steps(), evidence=evidence).against_baseline.error
    assert error == pytest.approx((2 * 0.208e-4 / 3) ** 0.5)


def test_a_single_baseline_has_the_spread_that_other_runs_showed() -> None:
    """Variance 0.25 points^2 on one run, and (8 x 0.25 + 2 x 0.0433) / 10 = 0.2087 over three."""
    evidence = Evidence(SeedSpread(0.005, 8), margin=0.01)
    found = judge(cycles(), steps()[:1], evidence=evidence)
    assert found.against_baseline.error == pytest.approx((0.25e-4 + 0.2087e-4 / 3) ** 0.5, abs=1e-6)
    assert found.probability is not None
    assert judge(cycles(), steps()[:1]).probability is None
