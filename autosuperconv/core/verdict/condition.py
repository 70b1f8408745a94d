"""A condition that was checked, and what follows where it is not met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict.price import Price
from autosuperconv.core.verdict.types import Outcome


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
        open: it is not met so far, and more runs may change that.
    """

    name: ConditionName
    value: float | None
    bound: float | None
    met: bool | None
    detail: str
    unit: Unit = Unit.RATIO
    open: bool = False

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
    """A recipe that fails on many seeds is not one to keep, whatever the baseline."""
    BASELINE = 2
    """A gain over a collapsed baseline is no gain."""
    TOO_SLOW = 3
    """More runs would not change it."""
    NOT_COMPARABLE = 4
    """The two accuracies were not measured alike."""
    ACCURACY = 5
    SMALL_GAIN = 6
    """More runs would not change it."""
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
        price: of more runs, which would probably settle it.
        remark: what to add to the sentence; may be empty.
    """

    place: Precedence
    outcome: Outcome
    alone: bool = False
    price: Price | None = None
    remark: str = ""
