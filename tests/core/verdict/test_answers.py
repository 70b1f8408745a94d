"""Every outcome begins with an answer that a newcomer understands."""

from __future__ import annotations

import pytest

from autosuperconv.core.verdict import Evidence, Outcome, RunCurve, Verdict, judge
from tests.core.curves import cycle_run, cycles, steps
from tests.core.verdict.test_conditions import CONTROL, OPEN, WORSE, collapsed

TERMS = ("C1", "C4", "k =", "T_B", "control", "seed", "sd")


def given(outcome: Outcome) -> Verdict:
    """Runs that come out so."""
    sides: dict[Outcome, tuple[list[RunCurve], list[RunCurve], list[RunCurve]]] = {
        Outcome.REACHED: (cycles(), steps(), CONTROL),
        Outcome.REACHED_CONTROL_MISSING: (cycles(), steps(), []),
        Outcome.ACCELERATED: (cycles(samples=25_000), steps(), []),
        Outcome.STABLE_BUT_SHORT: (cycles(WORSE), steps(), []),
        Outcome.DIVERGED: ([cycle_run(0.1, i) for i in range(3)], steps(), []),
        Outcome.BASELINE_INVALID: (cycles(), collapsed(), []),
        Outcome.NOT_FOUND: (cycles(WORSE), steps(), []),
        Outcome.UNDECIDED: (cycles(OPEN), steps(), []),
    }
    chance = 0.5 if outcome is Outcome.NOT_FOUND else None
    return judge(*sides[outcome], evidence=Evidence(chance=chance))


ANSWERS = {
    Outcome.REACHED: "Yes: the cycle trains 7.5 x faster and is as accurate, within 0.29 ",
    Outcome.REACHED_CONTROL_MISSING: "Yes, as far as was tested: the cycle trains 7.5 x faster",
    Outcome.ACCELERATED: "Yes, in part: the cycle trains 3 x faster and is as accurate",
    Outcome.STABLE_BUT_SHORT: "No: the cycle trains 7.5 x faster but loses 2.00 percentage points",
    Outcome.DIVERGED: "No: training failed in 3 of 3 runs.",
    Outcome.BASELINE_INVALID: "No answer: the baseline did not train properly",
    Outcome.NOT_FOUND: "Not yet: the cycle that was found trains 7.5 x faster but loses 2.00",
    Outcome.UNDECIDED: "Probably (93 %): the cycle trains 7.5 x faster and seems as accurate",
}


COMPARED = [outcome for outcome in Outcome if not outcome.value.startswith("target")]
"""The others answer for a target: test_target.py."""


@pytest.mark.parametrize("outcome", COMPARED)
def test_every_outcome_has_its_answer_and_then_its_figures(outcome: Outcome) -> None:
    verdict = given(outcome)
    assert verdict.outcome is outcome
    assert verdict.answer.startswith(ANSWERS[outcome])
    assert verdict.sentence == f"{verdict.answer} {verdict.figures}"
    assert verdict.figures.startswith(f"{outcome.label}: ")


@pytest.mark.parametrize("outcome", COMPARED)
def test_an_answer_is_one_sentence_without_a_term_of_the_trade(outcome: Outcome) -> None:
    answer = given(outcome).answer
    assert answer.endswith(".")
    assert ". " not in answer
    assert not [term for term in TERMS if term in answer]
