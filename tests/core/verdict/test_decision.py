"""Which runs are needed next, for every way that the looks can go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.stats import SeedSpread
from autosuperconv.core.verdict import (
    Criterion,
    Evidence,
    Looks,
    Needed,
    RunCurve,
    RungRuns,
    RungState,
    follow,
    next_look,
)
from autosuperconv.errors import InvalidInput
from tests.core.curves import cycle_run, step_run

# seed sd 0.5 points, margin 1 point; looks at (3, 6) and (5, 10)
EVIDENCE = Evidence(SeedSpread(0.005, 8), margin=0.01, looks=Looks(((3, 6), (5, 10))))
SWINGS = (0.0, 0.004, -0.004, 0.006, -0.006, 0.0, 0.004, -0.004, 0.006, -0.006)
GOOD, NEAR, AT_BOUND, SHORT, POOR = 0.91, 0.895, 0.89, 0.885, 0.86


def runs(level: float, n: int, diverged: int = 0) -> tuple[RunCurve, ...]:
    """Cycles around a level, the last ones of which diverged."""
    sound = [cycle_run(level + SWINGS[i], i) for i in range(n)]
    return tuple(
        replace(run, final_accuracy=0.1, diverged=True) if i >= n - diverged else run
        for i, run in enumerate(sound)
    )


def baseline(n: int) -> tuple[RunCurve, ...]:
    return tuple(step_run(0.9 + SWINGS[i], i) for i in range(n))


def needed(
    fast: RungRuns | None, slow: RungRuns, n: int = 3, evidence: Evidence = EVIDENCE
) -> Needed:
    rungs = [slow] if fast is None else [slow, fast]
    return next_look(rungs, baseline(n), evidence, Criterion())


def test_a_decision_begins_with_the_first_look_of_the_rungs_that_have_a_chance() -> None:
    rungs = RungRuns(5.0, (), posterior=0.0), RungRuns(2.0, (), posterior=2.0)
    assert needed(*rungs, n=0) == Needed(3, {5.0: 6, 2.0: 6}, {})


def test_a_rung_far_below_the_target_is_not_asked() -> None:
    assert needed(RungRuns(5.0, (), posterior=-1.5), RungRuns(2.0, ())) == Needed(0, {2.0: 6}, {})


def test_a_rung_that_looks_safe_spares_the_longer_one() -> None:
    assert needed(RungRuns(5.0, (), posterior=1.5), RungRuns(2.0, ())) == Needed(0, {5.0: 6}, {})


def test_the_control_is_asked_for_once_the_fast_rung_has_passed() -> None:
    fast = RungRuns(5.0, runs(GOOD, 6))
    assert needed(fast, RungRuns(2.0, runs(GOOD, 6))) == Needed(0, {}, {5.0: 6})
    beaten = replace(fast, control=runs(POOR, 6))
    assert needed(beaten, RungRuns(2.0, runs(GOOD, 6))).nothing


def test_a_control_that_is_open_is_looked_at_again_without_more_of_the_baseline() -> None:
    fast = RungRuns(5.0, runs(GOOD, 6), runs(GOOD - 0.003, 6))
    assert needed(fast, RungRuns(2.0, runs(GOOD, 6))) == Needed(0, {5.0: 10}, {5.0: 10})


def test_a_control_that_cannot_be_had_is_not_waited_for() -> None:
    assert needed(RungRuns(5.0, runs(GOOD, 6), None), RungRuns(2.0, runs(GOOD, 6))).nothing


def test_a_rung_that_could_never_be_reached_asks_for_no_control() -> None:
    assert needed(None, RungRuns(2.0, runs(GOOD, 6))).nothing


def test_an_open_rung_needs_both_sides_of_the_next_look() -> None:
    assert needed(None, RungRuns(2.0, runs(NEAR, 6))) == Needed(5, {2.0: 10}, {})


def test_runs_that_would_hardly_settle_a_rung_are_not_trained() -> None:
    assert needed(None, RungRuns(2.0, runs(AT_BOUND, 6))).nothing
    course = follow([RungRuns(2.0, runs(AT_BOUND, 6))], baseline(3), EVIDENCE)
    assert course.rungs[2.0].state is RungState.OPEN


def test_more_seeds_take_up_a_rung_that_was_given_up() -> None:
    """30 runs of the baseline settle it more probably than 5 do."""
    more = replace(EVIDENCE, looks=Looks(((3, 6), (30, 55)), done=1))
    rung = RungRuns(2.0, runs(AT_BOUND, 6))
    assert needed(None, rung, evidence=more) == Needed(30, {2.0: 55}, {})


def test_runs_that_are_there_are_looked_at_even_where_they_would_not_be_trained() -> None:
    candidate = runs(AT_BOUND, 6) + tuple(cycle_run(0.95, i) for i in range(6, 10))
    course = follow([RungRuns(2.0, candidate)], baseline(5), EVIDENCE)
    assert course.rungs[2.0].state is RungState.PASSED


def test_falling_short_is_an_answer_of_the_longest_rung_only() -> None:
    short = runs(SHORT, 6)
    assert needed(None, RungRuns(2.0, short)) == Needed(5, {2.0: 10}, {})
    assert needed(RungRuns(5.0, short), RungRuns(2.0, runs(GOOD, 6))).nothing


def test_a_rung_goes_on_without_the_one_that_is_given_up() -> None:
    rungs = RungRuns(5.0, runs(AT_BOUND, 6)), RungRuns(2.0, runs(NEAR, 6))
    assert needed(*rungs) == Needed(5, {2.0: 10}, {})
    trained = RungRuns(5.0, runs(AT_BOUND, 6)), RungRuns(2.0, runs(NEAR, 10))
    assert needed(*trained, n=5).nothing


def test_a_lead_over_the_control_that_will_hardly_be_shown_is_given_up() -> None:
    fast = RungRuns(5.0, runs(GOOD, 6), runs(GOOD - 0.001, 6))
    assert needed(fast, RungRuns(2.0, runs(GOOD, 6))).nothing


def test_an_open_rung_is_left_open_after_the_last_look() -> None:
    course = follow([RungRuns(2.0, runs(AT_BOUND, 10))], baseline(5), EVIDENCE)
    assert course.needed.nothing
    assert course.rungs[2.0].state is RungState.OPEN


def test_where_the_longer_cycle_falls_short_the_shorter_one_is_not_trained_on() -> None:
    fast, slow = RungRuns(5.0, runs(AT_BOUND, 6)), RungRuns(2.0, runs(POOR, 6))
    assert needed(fast, slow).nothing


def test_where_the_longer_cycle_passes_a_shorter_one_is_trained_on_if_it_may_pass() -> None:
    slow = RungRuns(2.0, runs(GOOD, 6))
    assert needed(RungRuns(5.0, runs(AT_BOUND, 6)), slow).nothing
    assert needed(RungRuns(5.0, runs(NEAR, 6)), slow) == Needed(5, {5.0: 10}, {})


def test_a_longer_rung_that_was_spared_is_asked_where_the_shorter_one_fails() -> None:
    fast = RungRuns(5.0, runs(POOR, 6), posterior=1.5)
    assert needed(fast, RungRuns(2.0, ())) == Needed(0, {2.0: 6}, {})
    assert needed(fast, RungRuns(2.0, runs(GOOD, 6))).nothing


@pytest.mark.parametrize(("diverged", "state"), [(1, RungState.PASSED), (2, RungState.FAILED)])
def test_one_accident_of_six_is_no_failure_and_two_are(diverged: int, state: RungState) -> None:
    course = follow([RungRuns(2.0, runs(GOOD + 0.01, 6, diverged))], baseline(3), EVIDENCE)
    assert course.rungs[2.0].state is state


def test_one_look_at_all_runs_is_taken_without_a_plan() -> None:
    """However many there are on each side, and whatever has no runs is not looked at."""
    evidence = replace(EVIDENCE, looks=None)
    rungs = [RungRuns(2.0, runs(GOOD, 4)), RungRuns(5.0, runs(POOR, 7)), RungRuns(3.0, ())]
    course = follow(rungs, baseline(4), evidence)
    assert {k: one.state for k, one in course.rungs.items()} == {
        2.0: RungState.PASSED,
        5.0: RungState.FAILED,
    }
    assert course.needed.nothing


@pytest.mark.parametrize("speedups", [(), (2.0, 2.0)])
def test_rungs_that_are_none_or_the_same_are_refused(speedups: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInput, match="needs rungs of different speed-ups, but got"):
        next_look([RungRuns(speedup, ()) for speedup in speedups], (), EVIDENCE)


def test_a_lone_rung_is_passed_at_more_of_the_error_than_each_of_two() -> None:
    rung = RungRuns(2.0, runs(GOOD, 6))
    lone = follow([rung], baseline(3), EVIDENCE).rungs[2.0].accuracy
    both = follow([rung, RungRuns(5.0, runs(GOOD, 6), None)], baseline(3), EVIDENCE)
    shared = both.rungs[2.0].accuracy
    assert lone is not None
    assert shared is not None
    # 0.82 x 5 % and 0.58 x 5 % to pass, 0.82 x 5 % to fail
    assert lone.contrast.confidence == pytest.approx(0.918)
    assert shared.contrast.confidence == pytest.approx(0.93)


levels = st.integers(-50, 50).map(lambda k: 0.9 + k / 1000)


@settings(max_examples=60, deadline=None)
@given(levels, st.integers(0, 60), st.booleans())
def test_more_accuracy_never_turns_a_pass_into_anything_else(
    level: float, more: int, two: bool
) -> None:
    def state(at: float) -> RungState:
        rungs = [RungRuns(2.0, runs(at, 10))] + ([RungRuns(5.0, ())] if two else [])
        return follow(rungs[:1], baseline(5), EVIDENCE).rungs[2.0].state

    order: Sequence[RungState] = (RungState.FAILED, RungState.OPEN, RungState.PASSED)
    assert order.index(state(level + more / 1000)) >= order.index(state(level))


@settings(max_examples=60, deadline=None)
@given(levels, st.permutations(range(6)), st.permutations(range(3)))
def test_the_order_of_runs_within_a_look_does_not_matter(
    level: float, ours: list[int], theirs: list[int]
) -> None:
    candidate, base = runs(level, 6), baseline(3)
    one = next_look([RungRuns(2.0, candidate)], base, EVIDENCE)
    shuffled = RungRuns(2.0, tuple(candidate[i] for i in ours))
    assert next_look([shuffled], [base[i] for i in theirs], EVIDENCE) == one


@settings(max_examples=60, deadline=None)
@given(levels, levels, levels, st.none() | st.floats(-2, 2))
def test_training_what_is_needed_always_comes_to_an_end(
    fast: float, slow: float, control: float, posterior: float | None
) -> None:
    have = Needed(3, {5.0: 0, 2.0: 0}, {5.0: 0})
    for _ in range(6):
        rungs = [
            RungRuns(5.0, runs(fast, have.candidate[5.0]), runs(control, have.control[5.0])),
            RungRuns(2.0, runs(slow, have.candidate[2.0])),
        ]
        rungs[0] = replace(rungs[0], posterior=posterior)
        more = next_look(rungs, baseline(have.baseline), EVIDENCE)
        if more.nothing:
            return
        have = Needed(
            max(have.baseline, more.baseline),
            {**have.candidate, **more.candidate},
            {**have.control, **more.control},
        )
    raise AssertionError(f"still asks for {more}")
