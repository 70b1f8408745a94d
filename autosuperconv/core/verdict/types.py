"""Recorded runs, bounds and outcomes. Import these from `core.verdict`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from autosuperconv.errors import InvalidInput

SMALLEST_MARGIN = 0.002
"""Differences of less than 0.2 points matter to nobody, however little the seeds differ."""


class Outcome(StrEnum):
    """What the runs say, in one word; the precedence is in `core.verdict.conditions`. The last two
    answer the question for a target, which needs no baseline (`core.verdict.target`)."""

    REACHED = "reached"
    REACHED_CONTROL_MISSING = "reached-control-missing"
    ACCELERATED = "accelerated"
    STABLE_BUT_SHORT = "stable-but-short"
    DIVERGED = "diverged"
    BASELINE_INVALID = "baseline-invalid"
    NOT_FOUND = "not-found"
    UNDECIDED = "undecided"
    TARGET_REACHED = "target-reached"
    TARGET_NOT_SHOWN = "target-not-shown"

    @property
    def label(self) -> str:
        """As a sentence begins: "Stable but short"."""
        if self is Outcome.REACHED_CONTROL_MISSING:
            return "Reached, control missing"
        return self.value.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class RunCurve:
    """One recorded run.

    Args:
        samples: training samples seen at each evaluation; rising.
        accuracy: at each evaluation, fraction of 1.
        final_accuracy: at the end of the run, fraction of 1; never the best evaluation.
        max_lr: the highest learning rate of the run.
        chance: accuracy without learning (one over the number of classes); None if unknown.
        seed: that it was trained with; None if unknown.
        diverged: the run was stopped as diverged, or ended non-finite.
        evaluated: samples that each accuracy is a mean over; None if unknown.
    """

    samples: tuple[float, ...]
    accuracy: tuple[float, ...]
    final_accuracy: float
    max_lr: float
    chance: float | None = None
    seed: int | None = None
    diverged: bool = False
    evaluated: int | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """The bounds of the conditions.

    Args:
        margin: how far the candidate's accuracy may fall short of the baseline's, a fraction of 1.
            None: 0.002, or sqrt(2) times the spread over seeds if that is larger; at least 0.003
            where a side has a single run.
        confidence: confidence of each claim, over all looks at the runs, a fraction of 1.
        min_speedup: smallest speed-up k that counts as super-convergence (C2).
        min_acceleration: speed-up k below which the candidate is not even accelerated.
        min_lr_ratio: smallest ratio of the candidate's highest learning rate to the baseline's
            that counts as large (C3).
        max_baseline_drop: largest fall within the last fifth of a baseline that is valid.
        max_below_peak: how far below its peak a valid baseline may end.

    Raises:
        InvalidInput: a bound is out of its range.
    """

    margin: float | None = None
    confidence: float = 0.95
    min_speedup: float = 5.0
    min_acceleration: float = 2.0
    min_lr_ratio: float = 3.0
    max_baseline_drop: float = 0.15
    max_below_peak: float = 0.01

    def __post_init__(self) -> None:
        for name in ("min_speedup", "min_acceleration", "min_lr_ratio"):
            self._check(name, getattr(self, name) > 0, "above 0")
        for name in ("margin", "max_baseline_drop", "max_below_peak"):
            value = getattr(self, name)
            self._check(name, value is None or 0 <= value < 1, "a fraction in [0, 1)")
        self._check("confidence", 0.5 < self.confidence < 1, "a fraction in (0.5, 1)")

    @property
    def smallest_margin(self) -> float:
        """The margin, or the smallest that its rule gives."""
        return SMALLEST_MARGIN if self.margin is None else self.margin

    def _check(self, field: str, holds: bool, rule: str) -> None:
        if not holds:
            raise InvalidInput(f"Criterion.{field} must be {rule}, but got {getattr(self, field)}.")
