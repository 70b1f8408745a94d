"""The verdict of a search: which rung it speaks of, and what it says of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.stats import SeedSpread
from autosuperconv.core.verdict import (
    Criterion,
    Evidence,
    Looks,
    RunCurve,
    RungRuns,
    RungState,
    Verdict,
    judge_rungs,
    next_look,
    plan_looks,
)
from autosuperconv.errors import InvalidInput
from tests.core.curves import cycle_run
from tests.core.verdict.test_decision import AT_BOUND, GOOD, POOR, SWINGS, baseline, levels, runs

EVIDENCE = Evidence(SeedSpread(0.005, 8), margin=0.01, looks=plan_looks(3, 3))
HALF = 75_000 / 2
FIFTH = 75_000 / 5


def cycles_at(level: float, samples: float, n: int = 6) -> tuple[RunCurve, ...]:
    return tuple(cycle_run(level + SWINGS[i], i, samples) for i in range(n))


def verdict(
    fast: float, slow: float, control: float | None = POOR, evidence: Evidence = EVIDENCE
) -> Verdict:
    other = None if control is None else cycles_at(control, FIFTH)
    rungs = [
        RungRuns(2.0, cycles_at(slow, HALF)),
        RungRuns(5.0, cycles_at(fast, FIFTH), other),
    ]
    return judge_rungs(rungs, baseline(3), Criterion(), evidence, batch_norm_recalibrated=True)


def test_the_fast_rung_passes_with_its_control() -> None:
    found = verdict(GOOD, GOOD)
    assert (found.outcome, found.speedup) == ("reached", 5.0)
    assert found.answer.startswith("Yes: the cycle trains 5 x faster and is as accurate")


def test_the_fast_rung_passes_but_its_control_is_as_good() -> None:
    found = verdict(GOOD, GOOD, control=GOOD)
    assert (found.outcome, found.speedup) == ("accelerated", 5.0)


def test_a_control_that_could_not_be_had_is_missing() -> None:
    assert verdict(GOOD, GOOD, control=None).outcome == "reached-control-missing"


def test_where_only_the_slow_rung_passes_the_speed_up_lies_between_the_two() -> None:
    found = verdict(POOR, GOOD)
    assert (found.outcome, found.speedup) == ("accelerated", 2.0)
    assert found.sentence.endswith(
        "; the cycle falls short at 5 x and is as accurate at 2 x; so k is at least 2 and below 5."
    )
    assert [rung.state for rung in found.rungs] == [RungState.FAILED, RungState.PASSED]


def test_what_is_open_is_said_of_each_length_with_its_probability() -> None:
    found = verdict(AT_BOUND, AT_BOUND)
    assert found.outcome == "undecided"
    first, second = found.rungs
    assert first.state is second.state is RungState.OPEN
    assert first.probability == pytest.approx(0.5, abs=0.15)
    assert "the cycle is open at 5 x (" in found.sentence


def test_runs_that_were_not_trained_are_said_with_what_they_would_have_settled() -> None:
    """A price is none where the difference is right at the bound."""
    evidence = replace(EVIDENCE, looks=Looks(((3, 6), (5, 10))))
    found = verdict(AT_BOUND, AT_BOUND, evidence=evidence)
    assert (found.outcome, found.price) == ("undecided", None)
    assert (
        "; the runs still planned would hardly settle it (1 %), so they were not trained; the "
        "effect is too close to the bound for a feasible number of runs to settle it"
    ) in found.sentence
    near = verdict(AT_BOUND, 0.8935, evidence=evidence)
    assert near.price is not None
    assert "so they were not trained; " + near.price.in_words() in near.sentence
    resumed = Looks(((3, 6), (near.seeds_to_settle or 0, 60)), done=1)
    rung = RungRuns(2.0, cycles_at(0.8935, HALF))
    more = next_look([rung], baseline(3), replace(evidence, looks=resumed))
    assert more.baseline == near.seeds_to_settle  # what is advised is not given up again


def test_an_open_question_after_the_last_look_says_nothing_of_planned_runs() -> None:
    assert "still planned" not in verdict(AT_BOUND, AT_BOUND).sentence


def test_where_the_long_cycle_falls_short_it_is_a_no_unless_another_has_a_chance() -> None:
    assert verdict(POOR, POOR).outcome == "stable-but-short"
    chance = replace(EVIDENCE, chance=0.4)
    assert verdict(POOR, POOR, evidence=chance).outcome == "not-found"
    assert verdict(POOR, POOR, evidence=replace(EVIDENCE, chance=0.04)).outcome == (
        "stable-but-short"
    )


def test_a_fast_rung_that_diverges_leaves_the_slow_ones_verdict() -> None:
    rungs = [RungRuns(2.0, cycles_at(GOOD, HALF)), RungRuns(5.0, runs(GOOD, 6, diverged=3))]
    found = judge_rungs(rungs, baseline(3), Criterion(), EVIDENCE)
    assert (found.outcome, found.speedup) == ("accelerated", 2.0)
    assert found.rungs[0].state is RungState.FAILED


def test_a_rung_that_was_never_looked_at_is_not_spoken_of() -> None:
    rungs = [RungRuns(2.0, cycles_at(GOOD, HALF)), RungRuns(5.0, (), posterior=-2.0)]
    found = judge_rungs(rungs, baseline(3), Criterion(), EVIDENCE)
    assert [rung.speedup for rung in found.rungs] == [2.0]


def test_without_the_runs_of_a_look_there_is_no_verdict() -> None:
    with pytest.raises(InvalidInput, match="needs the runs of the first look, 3 of the baseline"):
        judge_rungs([RungRuns(2.0, ())], (), Criterion(), EVIDENCE)


def test_a_verdict_on_rungs_survives_json() -> None:
    found = verdict(POOR, GOOD)
    assert from_json(Verdict, to_json(found)) == found


WORST_TO_BEST = ("stable-but-short", "undecided", "accelerated", "reached")


@settings(max_examples=60, deadline=None)
@given(levels, levels, levels)
def test_a_gain_is_claimed_only_where_a_rung_passed(
    fast: float, slow: float, control: float
) -> None:
    found = verdict(fast, slow, control)
    passed = any(rung.state is RungState.PASSED for rung in found.rungs)
    assert (found.outcome in ("accelerated", "reached")) is passed


@settings(max_examples=60, deadline=None)
@given(levels, levels)
def test_a_more_accurate_slow_cycle_never_gets_a_worse_outcome(slow: float, fast: float) -> None:
    now, better = verdict(fast, slow), verdict(fast, slow + 0.02)
    assert WORST_TO_BEST.index(better.outcome) >= WORST_TO_BEST.index(now.outcome)
