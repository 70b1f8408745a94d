"""A side that diverged on some seeds: it cannot win, it is counted, and the others are compared."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.verdict import Condition, ConditionName, RunCurve, judge
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


def test_a_control_that_diverged_on_one_seed_cannot_beat_a_sound_candidate() -> None:
    verdict = judge(cycles(), steps(), control(1), batch_norm_recalibrated=True)
    condition = verdict.condition(ConditionName.CONTROL)
    assert condition.met
    # 2.0 and 1.9 points are left: 12.706 * 0.0707 / sqrt(2) = 0.635
    assert condition.detail == (
        "The control diverged in 1 of 3 runs, so it is not reliable; over the other 2 pairs "
        "the candidate has +1.95 points (95 %: +1.31 to +2.59)."
    )
    assert verdict.outcome == "reached"
    assert verdict.sentence.endswith("; the control diverged in 1 of 3 runs.")
    assert verdict.control_accuracy == pytest.approx(0.886)


@pytest.mark.parametrize("broken", [1, 2, 3])
@pytest.mark.parametrize("finals", [WORSE, BETTER, (0.99, 0.99, 0.99)])
def test_however_good_its_other_runs_are(broken: int, finals: tuple[float, ...]) -> None:
    condition = c4(cycles(), control(broken, finals))
    assert condition.met
    assert f"diverged in {broken} of 3 runs" in condition.detail


def test_a_control_that_was_stopped_without_an_accuracy_counts_alike() -> None:
    runs = control(0)
    assert c4(cycles(), [*runs[:2], stopped(runs[2])]) == c4(cycles(), control(1))


def test_a_control_that_always_diverged_has_no_difference_to_show() -> None:
    condition = c4(cycles(), control(3))
    assert condition.detail == "The control diverged in 3 of 3 runs, so it is not reliable."
    assert condition.value is None


def test_a_candidate_that_diverged_beats_nothing_and_the_other_runs_are_compared() -> None:
    candidate = [*cycles()[:2], lost(cycles()[2])]
    verdict = judge(candidate, steps(), control(1))
    assert verdict.outcome == "diverged"
    assert verdict.sentence == (
        "Diverged: at learning rates up to 1, training failed in 1 of 3 runs; over the other 2 "
        "pairs accuracy +0.45 percentage points (95 %: -0.19 to +1.09)."
    )
    accuracy = verdict.condition(ConditionName.ACCURACY)
    assert (accuracy.met, accuracy.value) == (False, None)
    assert accuracy.detail == (
        "The candidate diverged in 1 of 3 runs; over the other 2 pairs the candidate has +0.45 "
        "points (95 %: -0.19 to +1.09)."
    )
    assert verdict.condition(ConditionName.CONTROL).met is False
    assert verdict.candidate_samples == 10_000
    assert verdict.candidate_accuracy == pytest.approx(0.9055)
    assert verdict.margin == 0.002  # not the spread that chance makes


def test_a_baseline_that_diverged_is_none_and_does_not_flatter_the_numbers() -> None:
    runs = steps()
    broken = replace(runs[2], samples=(600.0,), accuracy=(0.1,), final_accuracy=0.1, diverged=True)
    verdict = judge(cycles(), [*runs[:2], broken])
    assert verdict.outcome == "baseline-invalid"
    assert verdict.against_baseline.difference == pytest.approx(0.0045)
    assert (verdict.baseline_samples, verdict.margin) == (75_000, 0.002)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(850, 950), st.integers(850, 950)), min_size=2, max_size=6),
    st.data(),
)
def test_no_control_run_that_diverges_makes_the_control_win(
    finals: list[tuple[int, int]], data: st.DataObject
) -> None:
    candidate = [cycle_run(a / 1000, seed) for seed, (a, _) in enumerate(finals)]
    sound = [cycle_run(b / 1000, seed, max_lr=0.1) for seed, (_, b) in enumerate(finals)]
    broken = data.draw(st.sets(st.integers(0, len(finals) - 1), min_size=1))
    unstable = [lost(run) if run.seed in broken else run for run in sound]
    assert c4(candidate, unstable).met


def test_one_pair_that_is_left_is_the_other_pair() -> None:
    assert "; over the other pair the candidate has " in c4(cycles(), control(2)).detail
