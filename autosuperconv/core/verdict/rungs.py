"""Rungs: the lengths that the verdict distinguishes, their runs, and what these have shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autosuperconv.core.verdict.comparison import FUTILE, Comparison, RungState
from autosuperconv.core.verdict.types import RunCurve


@dataclass(frozen=True, slots=True)
class RungRuns:
    """The runs of one rung.

    Args:
        speedup: what the rung's length gives: T_B over it.
        candidate: runs of the cycle.
        control: runs of the standard schedule at the rung's cost; None: it cannot be had.
        posterior: (validation posterior less the target) over the seed sd; None: unknown.
    """

    speedup: float
    candidate: tuple[RunCurve, ...]
    control: tuple[RunCurve, ...] | None = ()
    posterior: float | None = None


@dataclass(frozen=True, slots=True)
class Needed:
    """Runs to have before the next look, in all.

    Args:
        baseline: runs of the baseline.
        candidate: by rung.
        control: by rung.
    """

    baseline: int
    candidate: Mapping[float, int]
    control: Mapping[float, int]

    @property
    def nothing(self) -> bool:
        """Whether the decision stands."""
        return not (self.baseline or self.candidate or self.control)


@dataclass(frozen=True, slots=True)
class RungCourse:
    """What a rung has shown so far.

    Args:
        accuracy: against the baseline; None before its first look.
        control: against the control; None before its first look.
        diverges: too many of its runs diverged.
    """

    accuracy: Comparison | None = None
    control: Comparison | None = None
    diverges: bool = False

    @property
    def state(self) -> RungState:
        """Of its accuracy; a cycle that diverges has failed."""
        if self.diverges:
            return RungState.FAILED
        return RungState.OPEN if self.accuracy is None else self.accuracy.state

    @property
    def control_state(self) -> RungState:
        """Of the control."""
        return RungState.OPEN if self.control is None else self.control.state

    def is_futile(self, longest: bool) -> bool:
        """Whether more runs would hardly settle what is open. Of the longest rung, falling short
        is an answer as well; of a shorter one, and against the control, only passing is.

        Args:
            longest: no rung is longer.
        """
        passed = self.state is RungState.PASSED
        found = self.control if passed else self.accuracy
        chance = found.chance_to_settle(longest and not passed) if found is not None else None
        return chance is not None and chance < FUTILE


@dataclass(frozen=True, slots=True)
class Course:
    """Where the decision stands.

    Args:
        rungs: by speed-up, those that were looked at.
        needed: before the next look.
    """

    rungs: Mapping[float, RungCourse]
    needed: Needed


DECIDED = Needed(0, {}, {})
