"""The verdict in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict.conditions import Condition, ConditionName
from autosuperconv.core.verdict.measured import Measured, sound_pairs, the_other
from autosuperconv.core.verdict.types import Outcome


def verdict_sentence(
    outcome: Outcome,
    measured: Measured,
    conditions: Sequence[Condition],
    blamed: Sequence[Condition],
    remark: str,
) -> str:
    """Outcome, figures, and what stands in the way.

    Args:
        blamed: the conditions that are given as the reason.
        remark: of the deciding condition; may be empty.
    """
    if outcome is Outcome.DIVERGED:
        failed = measured.diverged_runs
        lr, difference = fmt.number(measured.max_lr), measured.against_baseline.in_words()
        pairs = sound_pairs(measured.candidate, measured.baseline)
        over = f"over {the_other(len(pairs))} accuracy" if pairs else "accuracy"
        return fmt.spelled_out(
            f"Diverged: at learning rates up to {lr}, training failed in {failed}; {over} "
            f"{difference}."
        )
    reasons = [*_reasons(outcome, blamed), remark]
    if not blamed:
        reasons = _unchecked(outcome, conditions)
    said = [c.name for c in blamed] == [ConditionName.ACCURACY]
    figures = _figures(measured, with_accuracy=not said)
    if measured.control_diverged and outcome is Outcome.REACHED:
        reasons.append(f"the control diverged in {measured.control_diverged_runs}")
    return fmt.spelled_out(f"{outcome.label}: {'; '.join(filter(None, [figures, *reasons]))}.")


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
    return f"{text}, accuracy {difference}, margin {fmt.size_in_points(measured.margin)}"


def _cheaper(k: float) -> str:
    return f"{fmt.times(k)} fewer samples" if k >= 1 else f"{fmt.times(1 / k)} more samples"
