"""The verdict in words: the answer first, then the figures, then what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict.comparison import RungState
from autosuperconv.core.verdict.condition import Condition, ConditionName, Precedence
from autosuperconv.core.verdict.measured import Measured
from autosuperconv.core.verdict.outcome import RungFinding
from autosuperconv.core.verdict.types import Outcome

GAINS = {
    Outcome.REACHED: "Yes",
    Outcome.REACHED_CONTROL_MISSING: "Yes, as far as was tested",
    Outcome.ACCELERATED: "Yes, in part",
}


def answer_in_words(outcome: Outcome, place: Precedence | None, measured: Measured) -> str:
    """The answer, for a reader who knows none of the terms.

    Args:
        place: of the condition that decided.
    """
    if outcome in GAINS:
        return f"{GAINS[outcome]}: the cycle trains {gain_in_words(measured)}."
    if outcome is Outcome.DIVERGED:
        rate = measured.divergence
        return f"No: training failed in {rate.diverged} of {fmt.counted(rate.runs, 'run')}."
    if outcome is Outcome.BASELINE_INVALID:
        return "No answer: the baseline did not train properly, so it is nothing to compare with."
    if place is Precedence.NOT_COMPARABLE:
        return "No answer: the two sides were not evaluated in the same way."
    if outcome is Outcome.UNDECIDED:
        return open_in_words(measured)
    return short_in_words(outcome, place, measured)


def gain_in_words(measured: Measured) -> str:
    """E.g. "2.6 x faster and is as accurate, within 0.43 points"."""
    return f"{faster(measured)} and is as accurate, {within(measured)}"


def within(measured: Measured) -> str:
    """E.g. "within 0.43 points"."""
    return f"within {fmt.size_in_points(measured.margin.value)} points"


def faster(measured: Measured) -> str:
    """How fast the cycle is."""
    return speed_in_words(measured.speedup or 1.0)


def speed_in_words(k: float) -> str:
    """E.g. "2.6 x faster"; what saves nothing is "1.3 x slower"."""
    return f"{fmt.times(k)} faster" if k >= 1 else f"{fmt.times(1 / k)} slower"


def open_in_words(measured: Measured) -> str:
    """With the probability of the answer."""
    speed, probability = faster(measured), measured.accuracy.probability
    yes = probability is None or probability >= 0.5
    sure = "" if probability is None else f" ({fmt.chance(max(probability, 1 - probability))})"
    if yes:
        seems = f"seems as accurate, {within(measured)}, but that is not certain yet"
        return f"Probably{sure}: the cycle trains {speed} and {seems}."
    seems = f"seems to lose more than {fmt.size_in_points(measured.margin.value)} points"
    return f"Probably not{sure}: the cycle trains {speed} but {seems}; that is not certain yet."


def short_in_words(outcome: Outcome, place: Precedence | None, measured: Measured) -> str:
    """Too slow or not accurate enough, with what that says of other recipes."""
    if place is Precedence.TOO_SLOW:
        only = "only " if (measured.speedup or 0.0) >= 1 else ""
        text = f"trains {only}{faster(measured)}"
    else:
        loss = fmt.size_in_points(measured.against_baseline.difference)
        text = f"trains {faster(measured)} but loses {loss} points of accuracy"
    if outcome is Outcome.NOT_FOUND:
        return f"Not yet: the cycle that was found {text}, and another one may do better."
    return f"No: the cycle {text}."


def verdict_sentence(
    outcome: Outcome,
    measured: Measured,
    conditions: Sequence[Condition],
    blamed: Sequence[Condition],
    remark: str,
    rungs: Sequence[RungFinding] = (),
) -> str:
    """Outcome, figures, and what stands in the way.

    Args:
        blamed: the conditions that are given as the reason.
        remark: of the deciding condition; may be empty.
        rungs: what each length has shown.
    """
    if outcome is Outcome.DIVERGED:
        return diverged_sentence(measured)
    reasons = [*_reasons(outcome, blamed), *vouched(outcome, measured), remark]
    if not blamed:
        reasons = _unchecked(outcome, conditions)
    said = [c.name for c in blamed] == [ConditionName.ACCURACY]
    figures = _figures(measured, with_accuracy=not said)
    parts = [figures, *reasons, *accidents(measured), *lengths(rungs)]
    return f"{outcome.label}: {'; '.join(filter(None, parts))}."


def diverged_sentence(measured: Measured) -> str:
    """At which learning rates, how often, and how the other runs compare."""
    rate, lr = measured.divergence, fmt.number(measured.max_lr)
    left = rate.runs - rate.diverged
    others = "the other run" if left == 1 else f"the other {left} runs"
    over = f"over {others} accuracy" if left else "accuracy"
    return (
        f"{Outcome.DIVERGED.label}: at learning rates up to {lr}, training failed in "
        f"{rate.in_words()}; {over} {measured.against_baseline.in_words()}."
    )


def vouched(outcome: Outcome, measured: Measured) -> list[str]:
    """The loss that is ruled out where the accuracy is open."""
    is_open = measured.accuracy.state is RungState.OPEN
    if outcome is not Outcome.UNDECIDED or not is_open or measured.vouched_loss is None:
        return []
    return [f"a loss of more than {fmt.size_in_points(measured.vouched_loss)} points is ruled out"]


def accidents(measured: Measured) -> list[str]:
    """Runs that diverged, too few of them to decide."""
    sides = (("candidate", measured.divergence), ("control", measured.control_divergence))
    return [
        f"the {side} diverged in {rate.in_words()}"
        for side, rate in sides
        if rate is not None and rate.diverged
    ]


def lengths(rungs: Sequence[RungFinding]) -> list[str]:
    """What each length has shown, and so where the speed-up without loss lies."""
    if len(rungs) < 2:
        return []
    passed = [rung.speedup for rung in rungs if rung.state is RungState.PASSED]
    failed = [rung.speedup for rung in rungs if rung.state is RungState.FAILED]
    ends = [f"at least {fmt.number(max(passed))}"] if passed else []
    ends += [f"below {fmt.number(min(failed))}"] if failed else []
    by_rung = f"the cycle {fmt.listed([rung.in_words() for rung in rungs])}"
    return [by_rung, f"so k is {' and '.join(ends)}"] if ends else [by_rung]


def _reasons(outcome: Outcome, blamed: Sequence[Condition]) -> list[str]:
    """One condition with its numbers; of several the names, as the numbers are in the table."""
    status = "undecided" if outcome is Outcome.UNDECIDED else "not met"
    if len(blamed) > 1:
        return [f"{status}: {fmt.listed([c.name for c in blamed])}"]
    return [f"{c.name} {status}: {fmt.clause(c.detail)}" for c in blamed]


def _unchecked(outcome: Outcome, conditions: Sequence[Condition]) -> list[str]:
    names = [c.name for c in conditions if c.met is None]
    reasons = [f"not checked: {fmt.listed(names)}"] if names else []
    if outcome is Outcome.REACHED_CONTROL_MISSING:
        reasons.append("without C4 the baseline may simply have been too long")
    return reasons


def _figures(measured: Measured, with_accuracy: bool) -> str:
    text = (
        f"{_cheaper(measured.speedup or 0.0)} at learning rates up to "
        f"{fmt.number(measured.max_lr)} ({fmt.times(measured.lr_ratio)} the baseline's)"
    )
    if not with_accuracy:
        return text
    difference = measured.against_baseline.in_words()
    return f"{text}, accuracy {difference}, margin {fmt.size_in_points(measured.margin.value)}"


def _cheaper(k: float) -> str:
    return f"{fmt.times(k)} fewer samples" if k >= 1 else f"{fmt.times(1 / k)} more samples"
