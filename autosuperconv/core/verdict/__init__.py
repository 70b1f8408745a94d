"""The verdict: a pure function of recorded runs, so it can be applied to anybody's curves.

What is checked, and which unmet condition decides, is in `core.verdict.conditions`. Where no
condition is unmet the outcome is "reached", or "reached-control-missing" without a control. How
often the runs are looked at, and what a search trains next, is in `core.verdict.decision`.
"""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core.verdict.comparison import RungState
from autosuperconv.core.verdict.condition import Condition, ConditionName
from autosuperconv.core.verdict.decision import course_of, follow, next_look
from autosuperconv.core.verdict.evidence import Evidence
from autosuperconv.core.verdict.judging import verdict_of
from autosuperconv.core.verdict.looks import Looks, plan_looks
from autosuperconv.core.verdict.margin import margin_by_rule, margin_for
from autosuperconv.core.verdict.measured import Divergence, measure_runs
from autosuperconv.core.verdict.outcome import RungFinding, SideRuns, Verdict
from autosuperconv.core.verdict.price import Price
from autosuperconv.core.verdict.rungs import Course, Needed, RungCourse, RungRuns
from autosuperconv.core.verdict.runs import check_runs
from autosuperconv.core.verdict.types import Criterion, Outcome, RunCurve
from autosuperconv.errors import InvalidInput

__all__ = [
    "Condition",
    "ConditionName",
    "Course",
    "Criterion",
    "Divergence",
    "Evidence",
    "Looks",
    "Needed",
    "Outcome",
    "Price",
    "RunCurve",
    "RungCourse",
    "RungFinding",
    "RungRuns",
    "RungState",
    "SideRuns",
    "Verdict",
    "follow",
    "judge",
    "judge_rungs",
    "margin_by_rule",
    "next_look",
    "plan_looks",
]


def judge(
    candidate: Sequence[RunCurve],
    baseline: Sequence[RunCurve],
    control: Sequence[RunCurve] = (),
    criterion: Criterion = Criterion(),
    batch_norm_recalibrated: bool | None = None,
    evidence: Evidence = Evidence(),
) -> Verdict:
    """Apply the rules to one candidate.

    The sides are not paired and may have any numbers of runs. Where one has a single run, and
    nothing else is known of the spread, there is no interval and the difference stands as it is.

    Args:
        candidate: C, the one-cycle runs.
        baseline: B, the tuned standard schedule.
        control: B compressed to C's cost, learning rate tuned again; empty where it was not run.
        criterion: the bounds.
        batch_norm_recalibrated: both sides were evaluated with recalibrated statistics (or
            have no batch norm). None: unknown, which does not prevent "reached" but is said.
        evidence: what is known besides these runs.

    Raises:
        InvalidInput: a side is empty, or a curve is not one.
    """
    check_sides(candidate, baseline, control)
    sides = (candidate, baseline, control)
    margin = margin_for((candidate, baseline), criterion, evidence)
    course = course_of(sides, margin, criterion, evidence)
    measured = measure_runs(sides, course, margin, evidence, batch_norm_recalibrated)
    return verdict_of(measured, criterion)


def judge_rungs(
    rungs: Sequence[RungRuns],
    baseline: Sequence[RunCurve],
    criterion: Criterion,
    evidence: Evidence,
    batch_norm_recalibrated: bool | None = None,
) -> Verdict:
    """The verdict of a search: of the fastest rung that passed; else of the longest one that was
    looked at.

    Raises:
        InvalidInput: no rung has the runs of its first look, or a curve is not one.
    """
    check_runs("baseline", baseline)
    for rung in rungs:
        check_runs("candidate", rung.candidate)
        check_runs("control", rung.control or ())
    course = follow(rungs, baseline, evidence, criterion)
    fastest_first = sorted(
        (rung for rung in rungs if rung.speedup in course.rungs), key=lambda rung: -rung.speedup
    )
    if not fastest_first:
        needed = course.needed
        raise InvalidInput(
            f"A verdict needs the runs of the first look, {needed.baseline or len(baseline)} of "
            f"the baseline and {max(needed.candidate.values(), default=0)} of a candidate."
        )
    passed = [r for r in fastest_first if course.rungs[r.speedup].state is RungState.PASSED]
    rung = passed[0] if passed else fastest_first[-1]
    sides = (rung.candidate, baseline, rung.control or ())
    found = tuple(finding(r.speedup, course.rungs[r.speedup]) for r in fastest_first)
    margin = margin_for([baseline, *(r.candidate for r in fastest_first)], criterion, evidence)
    measured = measure_runs(
        sides, course.rungs[rung.speedup], margin, evidence, batch_norm_recalibrated
    )
    return verdict_of(measured, criterion, found)


def finding(speedup: float, course: RungCourse) -> RungFinding:
    """What one rung has shown, in short."""
    accuracy = course.accuracy
    return RungFinding(speedup, course.state, accuracy.probability if accuracy else None)


def check_sides(
    candidate: Sequence[RunCurve], baseline: Sequence[RunCurve], control: Sequence[RunCurve]
) -> None:
    """Refuse sides that cannot be judged.

    Raises:
        InvalidInput: the candidate or the baseline is empty, or a curve is not one.
    """
    sides = {"candidate": candidate, "baseline": baseline, "control": control}
    for side, runs in sides.items():
        if not runs and side != "control":
            raise InvalidInput(f"judge needs at least one {side} run, but got none.")
    for side, runs in sides.items():
        check_runs(side, runs)
