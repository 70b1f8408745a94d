"""The conditions of a verdict, and what it means where one of them is not met.

A condition is a function here, its name in `ConditionName` and its line in `CONDITIONS`. The
function checks it on measured numbers and puts it into one sentence. The line adds what follows
if the condition is not met: an outcome and its `Precedence`. Of all conditions that are not met,
the one that comes first in `Precedence` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict.baseline_check import baseline_fault, furthest_below_peak
from autosuperconv.core.verdict.comparison import FUTILE, Comparison, RungState
from autosuperconv.core.verdict.condition import (
    Condition,
    ConditionName,
    Consequence,
    Precedence,
    Unit,
)
from autosuperconv.core.verdict.measured import Divergence, Measured, divergence_of
from autosuperconv.core.verdict.price import Price, price_of
from autosuperconv.core.verdict.runs import about_costs, sound
from autosuperconv.core.verdict.types import Criterion, Outcome

SOME_CHANCE = 0.1
"""From here on, a recipe that falls short says nothing of the others: the search goes on."""
BETWEEN_STEPS = 0.0015
"""A cycle's peak may fall between two steps; less than this is not seen in three digits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition's check, and what follows where it is unmet."""

    check: Callable[[Measured, Criterion], Condition]
    unmet: Callable[[Measured, Criterion], Consequence]


def accuracy_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C1: not worse than the baseline by the margin."""
    name, against, margin = ConditionName.ACCURACY, measured.against_baseline, measured.margin.value
    if measured.diverges:
        detail = diverged_in_words("The candidate", measured.divergence, against.in_words())
        return Condition(name, None, -margin, False, detail, Unit.DIFFERENCE)
    state = measured.accuracy.state
    says = {
        RungState.PASSED: "is within the margin",
        RungState.OPEN: "may or may not be within the margin",
        RungState.FAILED: "falls short by more than the margin",
    }[state]
    detail = (
        f"Accuracy differs from the baseline's by {against.in_words()}, which {says} of "
        f"{fmt.size_in_points(margin)} ({measured.margin.rule})."
    )
    met, is_open = state is RungState.PASSED, state is RungState.OPEN
    return Condition(name, against.lowest, -margin, met, detail, Unit.DIFFERENCE, is_open)


def diverged_in_words(side: str, divergence: Divergence, others: str) -> str:
    """How often a side diverged, and the difference over its other runs."""
    text = f"{side} diverged in {divergence.in_words()}"
    left = divergence.runs - divergence.diverged
    if left == 0:
        return f"{text}."
    over = "the other run" if left == 1 else f"the other {left} runs"
    return f"{text}; over {over}, the difference is {others}."


def inaccurate(measured: Measured, criterion: Criterion) -> Consequence:
    """Short of the margin for sure, or undecided."""
    found = measured.accuracy
    if found.state is RungState.OPEN:
        price = price_of(measured.against_baseline, -measured.margin.value)
        return undecided(Precedence.ACCURACY, price, stopped_early(found, either=True))
    return falls_short(Precedence.ACCURACY, measured)


def falls_short(place: Precedence, measured: Measured) -> Consequence:
    """A no, which is a claim about every recipe: where another one has a chance, none was found."""
    chance = measured.chance
    if chance is None or chance < SOME_CHANCE:
        return Consequence(place, Outcome.STABLE_BUT_SHORT)
    remark = (
        f"by the model of the trials, another recipe reaches the target with a chance of "
        f"{fmt.percent(chance, 0)}"
    )
    return Consequence(place, Outcome.NOT_FOUND, remark=remark)


def speed_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C2: k = T_B / N_C."""
    k, bound = measured.speedup, criterion.min_speedup
    if k is None:
        failed = measured.divergence.in_words()
        detail = f"There is no speed-up, because the candidate diverged in {failed}."
        return Condition(ConditionName.SPEED, None, bound, False, detail)
    met = at_least(k, bound)
    between = measured.speedup_interval
    sure = "" if between is None else f" (90 %: {' to '.join(map(fmt.number, between))})"
    detail = (
        f"k = {fmt.number(k)}{sure} {'>=' if met else '<'} {fmt.number(bound)}: the baseline is at "
        f"its final level after {fmt.count(measured.baseline_samples)} samples, and the candidate "
        f"took {fmt.count(measured.candidate_samples)}."
    )
    return Condition(ConditionName.SPEED, k, bound, met, detail)


def slow(measured: Measured, criterion: Criterion) -> Consequence:
    """Diverged, not even accelerated, or accelerated."""
    k = measured.speedup
    if k is None:
        return Consequence(Precedence.DIVERGED, Outcome.DIVERGED, alone=True)
    if k < criterion.min_acceleration:
        return falls_short(Precedence.TOO_SLOW, measured)
    return Consequence(Precedence.SMALL_GAIN, Outcome.ACCELERATED)


def lr_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C3: a large learning rate."""
    ratio, bound = measured.lr_ratio, criterion.min_lr_ratio
    detail = (
        f"The highest learning rate, {fmt.number(measured.max_lr)}, is {fmt.times(ratio)} the "
        f"baseline's; at least "
        f"{fmt.times(bound)} is required."
    )
    met = at_least(ratio, bound, BETWEEN_STEPS)
    return Condition(ConditionName.LARGE_LR, ratio, bound, met, detail)


def small_lr(measured: Measured, criterion: Criterion) -> Consequence:
    """Accelerated at most: no large learning rate was needed."""
    return Consequence(Precedence.SMALL_GAIN, Outcome.ACCELERATED)


def control_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C4: better than the standard schedule at the candidate's cost, by more than seed noise."""
    name, found, rate = ConditionName.CONTROL, measured.beside_control, measured.control_divergence
    if found is None or rate is None:
        detail = "There is no control: the standard schedule was not run at the candidate's cost."
        return Condition(name, None, 0.0, None, detail, Unit.DIFFERENCE)
    against = found.contrast
    if measured.diverges:
        detail = "The candidate diverges too often to beat the control."
        return Condition(name, None, 0.0, False, detail, Unit.DIFFERENCE)
    if rate.too_often:
        failed = diverged_in_words("The control", rate, against.in_words())
        detail = f"The control is not reliable. {failed}"
        return Condition(name, None, 0.0, True, detail, Unit.DIFFERENCE)
    bound = measured.margin.value if against.low is None else 0.0
    met = found.state is RungState.PASSED
    verb = "beats" if met else "does not beat"
    detail = (
        f"The candidate {verb} the standard schedule compressed to its cost by more than seed "
        f"noise: {against.in_words()}."
    )
    if costs := about_costs(measured.candidate, measured.control):
        detail += f" It is not at its cost: {costs}."
    is_open = found.state is RungState.OPEN
    return Condition(name, against.lowest, bound, met, detail, Unit.DIFFERENCE, is_open)


def not_better_than_control(measured: Measured, criterion: Criterion) -> Consequence:
    """Accelerated: the gain is shown, and only its cause may be open."""
    found = measured.beside_control
    leads = found is not None and found.state is RungState.OPEN and found.contrast.difference > 0
    price = price_of(found.contrast, 0.0, with_control=True) if found and leads else None
    remark = "the shorter run alone may account for the gain"
    if leads and found and (stopped := stopped_early(found, either=False)):
        remark += f"; {stopped}"
    if price is not None:
        remark += f"; {price.in_words()} would probably tell"
    return Consequence(Precedence.CONTROL, Outcome.ACCELERATED, True, price, remark)


def baseline_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C5: every baseline run that trained is sound. One that collapsed would flatter the candidate;
    one that diverged is left out of the comparison, so it counts only where too many do."""
    name, runs, bound = ConditionName.BASELINE, measured.baseline, criterion.max_below_peak
    judged = runs if divergence_of(runs).too_often else sound(runs)
    faults = [fault for run in judged if (fault := baseline_fault(run, criterion))]
    value = furthest_below_peak(judged)
    if faults:
        which = "" if len(runs) == 1 else f" in {len(faults)} of {len(runs)} runs"
        return Condition(name, value, bound, False, f"The baseline{which} {faults[0]}.", Unit.SIZE)
    if value is None:
        detail = "The baseline's course was not recorded."
        return Condition(name, None, bound, None, detail, Unit.SIZE)
    below = fmt.size_in_points(value)
    detail = f"The baseline ends {below} points below its peak and does not collapse."
    return Condition(name, value, bound, True, detail, Unit.SIZE)


def invalid_baseline(measured: Measured, criterion: Criterion) -> Consequence:
    """There is nothing to compare with."""
    return Consequence(Precedence.BASELINE, Outcome.BASELINE_INVALID, alone=True)


def batch_norm_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C6: both sides evaluated the same way."""
    met = measured.batch_norm_recalibrated
    detail = {
        True: "Both sides were evaluated with suitable batch-norm statistics.",
        False: "The two sides were not evaluated with equally suitable batch-norm statistics.",
        None: "It is not known how batch-norm statistics were evaluated.",
    }[met]
    return Condition(ConditionName.BATCH_NORM, None, None, met, detail)


def not_comparable(measured: Measured, criterion: Criterion) -> Consequence:
    """Undecided, and more runs do not help."""
    remark = "more runs cannot settle it, but evaluating both sides in the same way can"
    return Consequence(Precedence.NOT_COMPARABLE, Outcome.UNDECIDED, alone=True, remark=remark)


CONDITIONS: Mapping[ConditionName, Rule] = {
    ConditionName.ACCURACY: Rule(accuracy_condition, inaccurate),
    ConditionName.SPEED: Rule(speed_condition, slow),
    ConditionName.LARGE_LR: Rule(lr_condition, small_lr),
    ConditionName.CONTROL: Rule(control_condition, not_better_than_control),
    ConditionName.BASELINE: Rule(baseline_condition, invalid_baseline),
    ConditionName.BATCH_NORM: Rule(batch_norm_condition, not_comparable),
}


def undecided(place: Precedence, price: Price | None, stopped: str) -> Consequence:
    """A question that only more runs can settle.

    Args:
        stopped: why planned runs were not trained; may be empty.
    """
    remark = "the effect is too close to the bound for a feasible number of runs to settle it"
    if price is not None:
        remark = f"{price.in_words()} would probably settle it"
    remark = f"{stopped}; {remark}" if stopped else remark
    return Consequence(place, Outcome.UNDECIDED, True, price, remark)


def stopped_early(found: Comparison, either: bool) -> str:
    """That the planned runs would hardly settle it, with the probability; empty where they were
    trained, or are still to come.

    Args:
        either: falling short settles it, too.
    """
    chance = found.chance_to_settle(either)
    if chance is None or chance >= FUTILE:
        return ""
    sure = fmt.chance(chance)
    return f"the runs still planned would hardly settle it ({sure}), so they were not trained"


def at_least(value: float, bound: float, slack: float = 1e-9) -> bool:
    """Above or equal, rounding aside: 0.3 / 0.1 is 4e-16 below 3."""
    return value >= bound * (1 - slack)
