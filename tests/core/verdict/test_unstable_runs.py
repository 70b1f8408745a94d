"""A side that diverged on some seeds: it cannot win, it is counted, and the others are compared."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.verdict import Condition, ConditionName, RunCurve, judge
from autosuperconv.core.verdict.runs import rate_interval
from tests.core.curves import BETTER, cycle_run, cycles, steps

WORSE = (0.885, 0.887, 0.888)  # 2.0, 1.9 and 2.1 points below BETTER


def lost(run: RunCurve) -> RunCurve:
    return replace(run, final_accuracy=0.1, accuracy=(0.1, 0.1), diverged=True)


def stopped(run: RunCurve) -> RunCurve:
    return replace(run, final_accuracy=math.nan, diverged=True)


def control(broken: int, finals: tuple[float, ...] = WORSE) -> list[RunCurve]:
    """The last runs of it diverged."""
    runs = cycles(finals, max_lr=0.1)
    return [*runs[: len(runs) - broken], *map(lost, runs[len(runs) - broken :])]


def c4(candidate: list[RunCurve], other: list[RunCurve]) -> Condition:
    return judge(candidate, steps(), other).condition(ConditionName.CONTROL)


def test_a_control_that_diverged_on_one_seed_is_compared_over_the_others() -> None:
    """Sds 0.208 and 0.141 points: error sqrt(0.0433 / 3 + 0.02 / 2) = 0.156."""
    verdict = judge(cycles(), steps(), control(1), batch_norm_recalibrated=True)
    condition = verdict.condition(ConditionName.CONTROL)
    assert condition.met
    assert "+2.07 points (90 %: +1.69 to +2.44)" in condition.detail
    assert verdict.outcome == "reached"
    assert verdict.sentence.endswith("; the control diverged in 1 of 3 runs (95 %: 1 % to 91 %).")
    assert verdict.control_accuracy == pytest.approx(0.886)


def test_one_accident_of_an_accurate_control_does_not_make_the_candidate_win() -> None:
    assert not c4(cycles(), control(1, (0.99, 0.99, 0.99))).met


@pytest.mark.parametrize("broken", [2, 3])
@pytest.mark.parametrize("finals", [WORSE, BETTER, (0.99, 0.99, 0.99)])
def test_a_control_that_diverges_often_is_beaten_however_good_its_other_runs_are(
    broken: int, finals: tuple[float, ...]
) -> None:
    condition = c4(cycles(), control(broken, finals))
    assert condition.met
    assert f"diverged in {broken} of 3 runs" in condition.detail


def test_a_control_that_was_stopped_without_an_accuracy_counts_alike() -> None:
    runs = control(0)
    assert c4(cycles(), [*runs[:2], stopped(runs[2])]) == c4(cycles(), control(1))


def test_a_control_that_always_diverged_has_no_difference_to_show() -> None:
    condition = c4(cycles(), control(3))
    assert condition.detail == (
        "The control is not reliable. The control diverged in 3 of 3 runs (95 %: 29 % to 100 %)."
    )
    assert condition.value is None


def test_a_candidate_that_diverges_beats_nothing_and_the_other_runs_are_compared() -> None:
    candidate = [*cycles((*BETTER, 0.907))[:2], *map(lost, cycles((*BETTER, 0.907))[2:])]
    verdict = judge(candidate, steps(), control(1))
    assert verdict.outcome == "diverged"
    assert verdict.sentence.startswith(
        "No: training failed in 2 of 4 runs. Diverged: at learning rates up to 1, training failed "
        "in 2 of 4 runs (95 %: 7 % to 93 %); over the other 2 runs accuracy +0.35 percentage points"
    )
    accuracy = verdict.condition(ConditionName.ACCURACY)
    assert (accuracy.met, accuracy.value) == (False, None)
    assert accuracy.detail.startswith(
        "The candidate diverged in 2 of 4 runs (95 %: 7 % to 93 %); over the other 2 runs, the "
        "difference is +0.35 points (90 %: "
    )
    assert verdict.condition(ConditionName.CONTROL).met is False
    assert verdict.candidate_samples == 10_000
    assert verdict.candidate_accuracy == pytest.approx(0.9055)
    # squares 0.005 and 0.08 over 3 degrees: not the spread that chance makes
    assert verdict.margin == pytest.approx((2 * 0.085 / 3) ** 0.5 / 100)


@pytest.mark.parametrize(
    ("diverged", "runs", "decides"),
    [
        *((1, 1, True), (1, 2, False), (2, 6, True), (2, 10, False)),
        *((3, 10, True), (3, 15, True), (3, 22, False), (4, 22, True)),
    ],
)
def test_divergence_is_a_rate_and_not_one_accident(diverged: int, runs: int, decides: bool) -> None:
    """Decides where as many of so many runs come in 5 % of the cases or fewer, if 5 % diverge."""
    candidate = cycles((0.92,) * runs)
    candidate[:diverged] = map(lost, candidate[:diverged])
    verdict = judge(candidate, steps())
    assert (verdict.outcome == "diverged") is decides
    assert verdict.divergence is not None
    assert (verdict.divergence.diverged, verdict.divergence.runs) == (diverged, runs)


def test_the_rate_has_the_exact_interval_of_clopper_and_pearson() -> None:
    assert rate_interval(2, 10) == pytest.approx((0.0252, 0.5561), abs=1e-4)
    assert rate_interval(0, 3) == pytest.approx((0.0, 1 - 0.025 ** (1 / 3)))
    assert rate_interval(3, 3) == pytest.approx((0.025 ** (1 / 3), 1.0))


@pytest.mark.parametrize(("broken", "outcome"), [(1, "reached"), (2, "baseline-invalid")])
def test_a_baseline_that_diverges_often_is_none_and_one_accident_flatters_nobody(
    broken: int, outcome: str
) -> None:
    runs = steps((0.9, 0.902, 0.904, 0.902))
    failed = {"samples": (600.0,), "accuracy": (0.1,), "final_accuracy": 0.1, "diverged": True}
    kept = len(runs) - broken
    verdict = judge(cycles(), [*runs[:kept], *(replace(run, **failed) for run in runs[kept:])])
    assert verdict.outcome.startswith(outcome)
    assert verdict.baseline_accuracy == pytest.approx(0.902 if broken == 1 else 0.901)
    assert verdict.baseline_samples == 75_000


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(850, 950), st.integers(850, 950)), min_size=3, max_size=6),
    st.data(),
)
def test_no_control_that_diverges_often_wins(
    finals: list[tuple[int, int]], data: st.DataObject
) -> None:
    candidate = [cycle_run(a / 1000, seed) for seed, (a, _) in enumerate(finals)]
    sound = [cycle_run(b / 1000, seed, max_lr=0.1) for seed, (_, b) in enumerate(finals)]
    broken = data.draw(st.sets(st.integers(0, len(finals) - 1), min_size=2))
    unstable = [lost(run) if run.seed in broken else run for run in sound]
    assert c4(candidate, unstable).met


def test_one_run_that_is_left_is_the_other_run() -> None:
    assert "; over the other run, the difference is " in c4(cycles(), control(2)).detail
