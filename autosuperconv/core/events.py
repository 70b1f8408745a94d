"""The events that a search reports while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The steps of a search, in their order; `TRAIN` is for one recipe alone."""

    PLAN = "plan"
    RANGE_TEST = "range test"
    BASELINE = "baseline"
    STUDY = "study"
    CONFIRMATION = "confirmation"
    ABLATION = "ablation"
    TRAIN = "train"


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins.

    Args:
        step: which one.
        runs: how many runs it takes.
        done: how many of them an earlier start has finished.
        seconds_left: forecast for this step and all after it; None before the plan.
    """

    step: Step
    runs: int
    done: int
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run of the current step ended.

    Args:
        step: the current one.
        label: e.g. "trial 12" or "sweep batch 64, weight decay 1e-4, seed 1".
        text: e.g. "97.8 % after 3.0 epochs" or "diverged: loss 12.1, 5.2 x its start".
        best: the best run of this step so far, as text; None where there is none.
        seconds_left: forecast for the rest of the search.
    """

    step: Step
    label: str
    text: str
    best: str | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended.

    Args:
        step: which one.
        text: its result in one sentence.
    """

    step: Step
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know, e.g. a dimension that left the space.

    Args:
        text: one or two sentences.
    """

    text: str


Event = StepStarted | RunFinished | StepFinished | Note
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """A listener that ignores every event."""


def tell_all(*listeners: Listener) -> Listener:
    """One listener that tells all of them, in their order."""

    def tell_each(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell_each
