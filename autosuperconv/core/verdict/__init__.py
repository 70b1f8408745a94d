"""The verdict: a pure function of recorded runs, so it can be applied to anybody's curves.

What is checked, and which unmet condition decides, is in `core.verdict.conditions`. Where no
condition is unmet the outcome is "reached", or "reached-control-missing" without a control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autosuperconv.core.stats import FIRST_LOOK, confidence_at_seeds
from autosuperconv.core.verdict.comparison import RungState
from autosuperconv.core.verdict.conditions import (
    CONDITIONS,
    Condition,
    ConditionName,
    Consequence,
)
from autosuperconv.core.verdict.decision import follow, next_look
from autosuperconv.core.verdict.evidence import Evidence
from autosuperconv.core.verdict.looks import Looks, plan_looks
from autosuperconv.core.verdict.margin import margin_by_rule
from autosuperconv.core.verdict.measured import Measured, measure_runs
from autosuperconv.core.verdict.outcome import Verdict
from autosuperconv.core.verdict.rungs import Course, Needed, RungCourse, RungRuns
from autosuperconv.core.verdict.runs import mean_accuracy
from autosuperconv.core.verdict.sentence import verdict_sentence
from autosuperconv.core.verdict.types import Criterion, Outcome, RunCurve

__all__ = [
    "Condition",
    "ConditionName",
    "Course",
    "Criterion",
    "Evidence",
    "Looks",
    "Needed",
    "Outcome",
    "RunCurve",
    "RungCourse",
    "RungRuns",
    "RungState",
    "Verdict",
    "criterion_at",
    "follow",
    "judge",
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
) -> Verdict:
    """Apply the rules.

    Runs are paired by seed where the sides have two or more in common, else by order. The
    interval is the paired t interval that `core.stats` argues for. The margin is
    `criterion.margin` or the seed standard deviation pooled over B and C, whichever is larger;
    where a side has a single run, it is 0.3 percentage points at least.

    Args:
        candidate: C, the one-cycle runs.
        baseline: B, the tuned standard schedule.
        control: B compressed to C's cost, learning rate tuned again; empty where it was not run.
        criterion: the bounds.
        batch_norm_recalibrated: both sides were evaluated with recalibrated statistics (or
            have no batch norm). None: unknown, which does not prevent "reached" but is said.

    Raises:
        InvalidInput: a side is empty, or a curve is not one.
    """
    measured = measure_runs(candidate, baseline, control, criterion, batch_norm_recalibrated)
    checked = {name: rule.check(measured, criterion) for name, rule in CONDITIONS.items()}
    conditions = tuple(checked.values())
    first = first_unmet(measured, checked, criterion)
    outcome, remark = outcome_of(measured, first), first[1].remark if first else ""
    return Verdict(
        outcome=outcome,
        speedup=measured.speedup,
        against_baseline=measured.against_baseline,
        against_control=measured.against_control,
        margin=measured.margin,
        baseline_accuracy=mean_accuracy(baseline),
        candidate_accuracy=mean_accuracy(candidate),
        control_accuracy=mean_accuracy(control) if control else None,
        candidate_samples=measured.candidate_samples,
        baseline_samples=measured.baseline_samples,
        conditions=conditions,
        more_seeds=first[1].more_seeds if first else None,
        sentence=verdict_sentence(outcome, measured, conditions, blamed(checked, first), remark),
    )


Unmet = tuple[ConditionName, Consequence]


def first_unmet(
    measured: Measured, checked: Mapping[ConditionName, Condition], criterion: Criterion
) -> Unmet | None:
    """The unmet condition that decides, with what follows from it; None where none is unmet."""
    unmet = [
        (name, CONDITIONS[name].unmet(measured, criterion))
        for name, condition in checked.items()
        if condition.met is False
    ]
    return min(unmet, key=lambda pair: pair[1].place, default=None)


def outcome_of(measured: Measured, first: Unmet | None) -> Outcome:
    """That of the deciding condition; where there is none, "reached" in one of its two forms."""
    if first is not None:
        return first[1].outcome
    if measured.against_control is None:
        return Outcome.REACHED_CONTROL_MISSING
    return Outcome.REACHED


def blamed(
    checked: Mapping[ConditionName, Condition], first: Unmet | None
) -> tuple[Condition, ...]:
    """The conditions that stand between the verdict and "reached"."""
    if first is None:
        return ()
    name, consequence = first
    if consequence.alone:
        return (checked[name],)
    return tuple(condition for condition in checked.values() if condition.met is False)


def criterion_at(
    seeds: int, max_seeds: int, criterion: Criterion = Criterion(), first: int = FIRST_LOOK
) -> Criterion:
    """The criterion for a look after `seeds` pairs, where up to `max_seeds` may be added.

    To add seeds one by one: judge with this after `first`, `first` + 1, ... pairs and stop as soon
    as the outcome is not "undecided". The error of all looks together stays that of `criterion`,
    at the price of wider intervals (`core.stats.confidence_at_look`).
    """
    confidence = confidence_at_seeds(seeds, max_seeds, criterion.confidence, first)
    return replace(criterion, confidence=confidence)
