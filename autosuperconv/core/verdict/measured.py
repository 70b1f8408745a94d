"""What recorded runs say before any bound is applied: contrasts, costs, learning rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from autosuperconv.core import format as fmt
from autosuperconv.core.stats import Contrast
from autosuperconv.core.stats.contrast import t_quantile
from autosuperconv.core.verdict.comparison import Comparison
from autosuperconv.core.verdict.evidence import Evidence
from autosuperconv.core.verdict.margin import Margin
from autosuperconv.core.verdict.rungs import RungCourse
from autosuperconv.core.verdict.runs import (
    diverged_in,
    rate_interval,
    samples_to_level,
    sound,
    too_many,
)
from autosuperconv.core.verdict.types import RunCurve


@dataclass(frozen=True, slots=True)
class Divergence:
    """How often a recipe's runs diverged.

    Args:
        diverged: runs that did.
        runs: of so many.
        low: lower end of the rate's exact 95 % interval (Clopper & Pearson 1934), fraction of 1.
        high: upper end.
    """

    diverged: int
    runs: int
    low: float
    high: float

    @property
    def too_often(self) -> bool:
        """Whether it is more than an accident: see `core.verdict.runs`."""
        return too_many(self.diverged, self.runs)

    def in_words(self) -> str:
        """E.g. "1 of 6 runs (95 %: 0 % to 64 %)"; of a single run without the interval."""
        text = f"{self.diverged} of {fmt.counted(self.runs, 'run')}"
        if self.runs == 1:
            return text
        return f"{text} (95 %: {fmt.percent(self.low, 0)} to {fmt.percent(self.high, 0)})"


def divergence_of(runs: Sequence[RunCurve]) -> Divergence:
    """Of these runs; at least one."""
    diverged = diverged_in(runs)
    return Divergence(diverged, len(runs), *rate_interval(diverged, len(runs)))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the conditions are checked on; accuracies as fractions of 1.

    Args:
        candidate: its runs.
        baseline: its runs.
        control: its runs; empty where it was not run.
        accuracy: candidate less baseline, over the runs that did not diverge.
        beside_control: the same against the control; None where there is no control to compare.
        margin: by how much the candidate may fall short of the baseline.
        divergence: of the candidate.
        control_divergence: of the control; None where it was not run.
        candidate_samples: N_C, the cost of the candidate's whole run.
        levels: cost of each baseline run at which it is at its final level for good.
        level_step: samples between two evaluations of a baseline run; a level is no more exact.
        baseline_samples: T_B, the mean of these, over the runs that set the lengths.
        max_lr: the highest learning rate, the lowest among the candidate's runs.
        lr_ratio: that over the highest among the baseline's runs.
        batch_norm_recalibrated: see `judge`.
        chance: that another recipe reaches the target; see `Evidence`.
    """

    candidate: tuple[RunCurve, ...]
    baseline: tuple[RunCurve, ...]
    control: tuple[RunCurve, ...]
    accuracy: Comparison
    beside_control: Comparison | None
    margin: Margin
    divergence: Divergence
    control_divergence: Divergence | None
    candidate_samples: float
    levels: tuple[float, ...]
    level_step: float
    baseline_samples: float
    max_lr: float
    lr_ratio: float
    batch_norm_recalibrated: bool | None
    chance: float | None = None

    @property
    def diverges(self) -> bool:
        """Whether too many candidate runs diverged."""
        return self.divergence.too_often

    @property
    def speedup(self) -> float | None:
        """k = T_B / N_C; None where the candidate diverges."""
        return None if self.diverges else self.baseline_samples / self.candidate_samples

    @property
    def speedup_interval(self) -> tuple[float, float] | None:
        """Ends of k's 90 % interval: T_B varies over seeds. None where k cannot have one."""
        k, n = self.speedup, len(self.levels)
        if k is None or n < 2 or min(self.levels) <= 0:
            return None
        rounding = self.level_step / math.sqrt(12) / fmean(self.levels)
        spread = max(stdev(map(math.log, self.levels)), rounding)
        factor = math.exp(t_quantile(0.95, n - 1) * spread / math.sqrt(n))
        return k / factor, k * factor

    @property
    def against_baseline(self) -> Contrast:
        """The contrast of `accuracy`."""
        return self.accuracy.contrast

    @property
    def vouched_loss(self) -> float | None:
        """Any larger loss of accuracy is excluded; None without an interval."""
        low = self.against_baseline.low
        return None if low is None else max(-low, 0.0)


def measure_runs(
    sides: tuple[Sequence[RunCurve], Sequence[RunCurve], Sequence[RunCurve]],
    course: RungCourse,
    margin: Margin,
    evidence: Evidence,
    batch_norm_recalibrated: bool | None = None,
) -> Measured:
    """Everything that the runs say.

    Args:
        sides: runs of the candidate, of the baseline and of the control.
        course: what the looks at them have shown.
    """
    candidate, baseline, control = sides
    if course.accuracy is None:
        raise AssertionError("a verdict is given after the first look")
    max_lr = min(run.max_lr for run in candidate)
    first = sound(baseline[: evidence.level_runs])
    levels = tuple(samples_to_level(run, margin.value) for run in sound(baseline))
    return Measured(
        candidate=tuple(candidate),
        baseline=tuple(baseline),
        control=tuple(control),
        accuracy=course.accuracy,
        beside_control=course.control,
        margin=margin,
        divergence=divergence_of(candidate),
        control_divergence=divergence_of(control) if control else None,
        candidate_samples=fmean(run.samples[-1] for run in sound(candidate)),
        levels=levels,
        level_step=max(run.samples[-1] / len(run.samples) for run in baseline),
        baseline_samples=fmean(samples_to_level(run, margin.value) for run in first),
        max_lr=max_lr,
        lr_ratio=max_lr / max(run.max_lr for run in baseline),
        batch_norm_recalibrated=batch_norm_recalibrated,
        chance=evidence.chance,
    )
