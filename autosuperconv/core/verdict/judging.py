"""From what was measured to the verdict: the conditions, and which of them decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict.condition import Condition, ConditionName, Consequence
from autosuperconv.core.verdict.conditions import CONDITIONS
from autosuperconv.core.verdict.measured import Measured
from autosuperconv.core.verdict.outcome import RungFinding, SideRuns, Verdict
from autosuperconv.core.verdict.runs import mean_accuracy
from autosuperconv.core.verdict.sentence import answer_in_words, verdict_sentence
from autosuperconv.core.verdict.types import Criterion, Outcome

Unmet = tuple[ConditionName, Consequence]


def verdict_of(
    measured: Measured, criterion: Criterion, rungs: Sequence[RungFinding] = ()
) -> Verdict:
    """Check the conditions and put the answer into words."""
    checked = {name: rule.check(measured, criterion) for name, rule in CONDITIONS.items()}
    first = first_unmet(measured, checked, criterion)
    outcome, place = outcome_of(measured, first), first[1].place if first else None
    answer = answer_in_words(outcome, place, measured)
    conditions, remark = tuple(checked.values()), first[1].remark if first else ""
    figures = verdict_sentence(outcome, measured, conditions, blamed(checked, first), remark, rungs)
    between = measured.speedup_interval
    return Verdict(
        outcome=outcome,
        speedup=measured.speedup,
        against_baseline=measured.against_baseline,
        against_control=measured.beside_control.contrast if measured.beside_control else None,
        margin=measured.margin.value,
        baseline_accuracy=mean_accuracy(measured.baseline),
        candidate_accuracy=mean_accuracy(measured.candidate),
        control_accuracy=mean_accuracy(measured.control) if measured.control else None,
        candidate_samples=measured.candidate_samples,
        baseline_samples=measured.baseline_samples,
        conditions=conditions,
        sentence=fmt.spelled_out(f"{answer} {figures}"),
        answer=fmt.spelled_out(answer),
        margin_rule=measured.margin.rule,
        probability=measured.accuracy.probability,
        vouched_loss=measured.vouched_loss,
        speedup_low=between[0] if between else None,
        speedup_high=between[1] if between else None,
        runs=SideRuns(*map(len, (measured.candidate, measured.baseline, measured.control))),
        divergence=measured.divergence,
        price=first[1].price if first else None,
        rungs=tuple(rungs),
        chance=measured.chance,
    )


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
    if measured.beside_control is None:
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
