"""What a search tells whoever watches it, while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins.

    Args:
        step: "plan", "range test", "baseline", "study", "confirm" or "counterfactuals"; for one
            recipe alone "train".
        runs: that it will take; done: those already there from an earlier start.
        seconds_left: forecast for this step and all after it; None before the plan.
    """

    step: str
    runs: int
    done: int
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run of the current step ended.

    Args:
        label: e.g. "trial 12" or "sweep batch 64, weight decay 1e-4, seed 1".
        text: e.g. "97.8 % after 3.0 epochs" or "diverged: loss 12.1, 5.2 x its start".
        best: the best so far of this step, as text; None where there is none.
        seconds_left: forecast for the rest of the search.
    """

    step: str
    label: str
    text: str
    best: str | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; `text` is its result in one sentence."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know, e.g. a dimension that left the space."""

    text: str


Event = StepStarted | RunFinished | StepFinished | Note
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """A listener that listens to nothing."""
