"""The conditions of a verdict, and what it means where one of them is not met.

A condition is a function here, its name in `ConditionName` and its line in `CONDITIONS`. The
function checks it on measured numbers and puts it into one sentence. The line adds what follows
if the condition is not met: an outcome and its `Precedence`. Of all conditions that are not met,
the one that comes first in `Precedence` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from autosuperconv.core import format as fmt
from autosuperconv.core.stats import seeds_to_settle
from autosuperconv.core.verdict.baseline_check import baseline_fault, furthest_below_peak
from autosuperconv.core.verdict.measured import Measured
from autosuperconv.core.verdict.runs import about_costs
from autosuperconv.core.verdict.types import Criterion, Outcome

BETWEEN_STEPS = 0.0015
"""A cycle's peak may fall between two steps; less than this is not seen in three digits."""


class ConditionName(StrEnum):
    """The conditions, in the order in which they are shown."""

    ACCURACY = "C1 accuracy"
    SPEED = "C2 speed"
    LARGE_LR = "C3 large LR"
    CONTROL = "C4 control"
    BASELINE = "C5 valid baseline"
    BATCH_NORM = "C6 batch norm"


class Unit(StrEnum):
    """How a condition's value and bound are written."""

    DIFFERENCE = "difference"
    """Percentage points with a sign; the value is a fraction of 1."""
    SIZE = "size"
    """Percentage points without a sign; the value is a fraction of 1."""
    RATIO = "ratio"
    """As it is."""


FORMATS: Mapping[Unit, Callable[[float | None], str]] = {
    Unit.DIFFERENCE: fmt.points,
    Unit.SIZE: fmt.size_in_points,
    Unit.RATIO: fmt.number,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, checked.

    Args:
        name: which one.
        value: what was measured; None where it was not.
        bound: what it is compared with.
        met: None where it could not be checked.
        detail: one sentence with the numbers.
        unit: of value and bound.
    """

    name: ConditionName
    value: float | None
    bound: float | None
    met: bool | None
    detail: str
    unit: Unit = Unit.RATIO

    @property
    def value_text(self) -> str:
        """The value as it is shown."""
        return FORMATS[self.unit](self.value)

    @property
    def bound_text(self) -> str:
        """The bound as it is shown."""
        return FORMATS[self.unit](self.bound)


class Precedence(IntEnum):
    """The order in which conditions that are not met decide; the first one does."""

    DIVERGED = 1
    """A recipe that fails on one seed in three is not one to keep, whatever the baseline."""
    BASELINE = 2
    """A gain over a collapsed baseline is no gain."""
    TOO_SLOW = 3
    """More seeds would not change it."""
    NOT_COMPARABLE = 4
    """The two accuracies were not measured alike."""
    ACCURACY = 5
    SMALL_GAIN = 6
    """More seeds would not change it."""
    CONTROL = 7
    """As accurate and much cheaper, but so is the standard schedule run as briefly: the baseline
    was too long, and the large learning rate earns no credit."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an unmet condition leads to.

    Args:
        place: in the precedence.
        outcome: of the verdict, where this place is the first.
        alone: whether only this condition is given as the reason, not every unmet one.
        more_seeds: seeds that would probably settle it.
        remark: what to add to the sentence; may be empty.
    """

    place: Precedence
    outcome: Outcome
    alone: bool = False
    more_seeds: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition's check, and what follows where it is unmet."""

    check: Callable[[Measured, Criterion], Condition]
    unmet: Callable[[Measured, Criterion], Consequence]


def accuracy_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C1: not worse than the baseline by the margin."""
    against, margin = measured.against_baseline, measured.margin
    met = against.lowest > -margin and not measured.diverged
    if measured.diverged:
        detail = measured.unstable_against_baseline
        return Condition(ConditionName.ACCURACY, None, -margin, False, detail, Unit.DIFFERENCE)
    if met:
        says = "is within the margin"
    elif against.highest > -margin:
        says = "may or may not be within the margin"
    else:
        says = "falls short by more than the margin"
    detail = (
        f"Accuracy differs from the baseline's by {against.in_words()}, which {says} of "
        f"{fmt.size_in_points(margin)}."
    )
    return Condition(ConditionName.ACCURACY, against.lowest, -margin, met, detail, Unit.DIFFERENCE)


def inaccurate(measured: Measured, criterion: Criterion) -> Consequence:
    """Short of the margin for sure, or undecided."""
    against, bound = measured.against_baseline, -measured.margin
    if against.highest <= bound:
        return Consequence(Precedence.ACCURACY, Outcome.STABLE_BUT_SHORT)
    return undecided(Precedence.ACCURACY, seeds_to_settle(against, bound))


def speed_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C2: k = T_B / N_C."""
    k, bound = measured.speedup, criterion.min_speedup
    if k is None:
        failed = measured.diverged_runs
        detail = f"There is no speed-up, because the candidate diverged in {failed}."
        return Condition(ConditionName.SPEED, None, bound, False, detail)
    met = at_least(k, bound)
    detail = (
        f"k = {fmt.number(k)} {'>=' if met else '<'} {fmt.number(bound)}: the baseline is at its "
        f"final level after {fmt.count(measured.baseline_samples)} samples, and the candidate took "
        f"{fmt.count(measured.candidate_samples)}."
    )
    return Condition(ConditionName.SPEED, k, bound, met, detail)


def slow(measured: Measured, criterion: Criterion) -> Consequence:
    """Diverged, not even accelerated, or accelerated."""
    k = measured.speedup
    if k is None:
        return Consequence(Precedence.DIVERGED, Outcome.DIVERGED, alone=True)
    if k < criterion.min_acceleration:
        return Consequence(Precedence.TOO_SLOW, Outcome.STABLE_BUT_SHORT)
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
    name, against = ConditionName.CONTROL, measured.against_control
    if against is None:
        detail = "There is no control: the standard schedule was not run at the candidate's cost."
        return Condition(name, None, 0.0, None, detail, Unit.DIFFERENCE)
    if unstable := measured.unstable_against_control:
        return Condition(name, None, 0.0, not measured.diverged, unstable, Unit.DIFFERENCE)
    bound = measured.margin if against.low is None else 0.0
    met = against.lowest > bound
    verb = "beats" if met else "does not beat"
    detail = (
        f"The candidate {verb} the standard schedule compressed to its cost by more than seed "
        f"noise: {against.in_words()}."
    )
    if costs := about_costs(measured.candidate, measured.control):
        detail += f" It is not at its cost: {costs}."
    return Condition(name, against.lowest, bound, met, detail, Unit.DIFFERENCE)


def not_better_than_control(measured: Measured, criterion: Criterion) -> Consequence:
    """Undecided where the candidate leads the control and more seeds would probably show it."""
    against = measured.against_control
    leads = against is not None and against.difference > 0
    more_seeds = seeds_to_settle(against, 0.0) if against is not None and leads else None
    if more_seeds is not None:
        return undecided(Precedence.CONTROL, more_seeds)
    remark = "the shorter run alone may account for the gain"
    return Consequence(Precedence.CONTROL, Outcome.ACCELERATED, alone=True, remark=remark)


def baseline_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C5: every baseline run is sound. One collapsed run among them would flatter the candidate."""
    name, runs, bound = ConditionName.BASELINE, measured.baseline, criterion.max_below_peak
    faults = [fault for run in runs if (fault := baseline_fault(run, criterion))]
    value = furthest_below_peak(runs)
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
    """Undecided, and more seeds do not help."""
    remark = "more seeds cannot settle it, but evaluating both sides in the same way can"
    return Consequence(Precedence.NOT_COMPARABLE, Outcome.UNDECIDED, alone=True, remark=remark)


CONDITIONS: Mapping[ConditionName, Rule] = {
    ConditionName.ACCURACY: Rule(accuracy_condition, inaccurate),
    ConditionName.SPEED: Rule(speed_condition, slow),
    ConditionName.LARGE_LR: Rule(lr_condition, small_lr),
    ConditionName.CONTROL: Rule(control_condition, not_better_than_control),
    ConditionName.BASELINE: Rule(baseline_condition, invalid_baseline),
    ConditionName.BATCH_NORM: Rule(batch_norm_condition, not_comparable),
}


def undecided(place: Precedence, more_seeds: int | None) -> Consequence:
    """A question that only more seeds can settle."""
    remark = "the effect is too close to the bound for a feasible number of seeds to settle it"
    if more_seeds is not None:
        remark = f"about {fmt.counted(more_seeds, 'more seed')} would probably settle it"
    return Consequence(place, Outcome.UNDECIDED, True, more_seeds, remark)


def at_least(value: float, bound: float, slack: float = 1e-9) -> bool:
    """Above or equal, rounding aside: 0.3 / 0.1 is 4e-16 below 3."""
    return value >= bound * (1 - slack)
