"""What recorded runs say before any bound is applied: contrasts, costs, learning rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from autosuperconv.core import format as fmt
from autosuperconv.core.stats import Contrast, paired_contrast, pooled_sd, resolution_of
from autosuperconv.core.verdict.runs import (
    check_runs,
    final,
    has_diverged,
    samples_to_level,
    sound,
)
from autosuperconv.core.verdict.types import Criterion, RunCurve
from autosuperconv.errors import InvalidInput

SINGLE_RUN_MARGIN = 0.003  # assumed, because one run a side leaves no spread to measure


@dataclass(frozen=True, slots=True)
class Measured:
    """What the conditions are checked on; accuracies as fractions of 1.

    Args:
        candidate: its runs.
        baseline: its runs.
        control: its runs; empty where it was not run.
        against_baseline: candidate less baseline, over the pairs in which neither diverged.
        against_control: the same against the control; None where no control was run.
        margin: by how much the candidate may fall short of the baseline.
        diverged: number of candidate runs that diverged.
        control_diverged: number of control runs that diverged.
        candidate_samples: N_C, the cost of the candidate's whole run.
        baseline_samples: T_B, the cost at which the baseline is at its final level for good.
        max_lr: the highest learning rate, the lowest among the candidate's runs.
        lr_ratio: that over the highest among the baseline's runs.
        batch_norm_recalibrated: see `judge`.
    """

    candidate: tuple[RunCurve, ...]
    baseline: tuple[RunCurve, ...]
    control: tuple[RunCurve, ...]
    against_baseline: Contrast
    against_control: Contrast | None
    margin: float
    diverged: int
    control_diverged: int
    candidate_samples: float
    baseline_samples: float
    max_lr: float
    lr_ratio: float
    batch_norm_recalibrated: bool | None

    @property
    def speedup(self) -> float | None:
        """k = T_B / N_C; None where a candidate run diverged."""
        return None if self.diverged else self.baseline_samples / self.candidate_samples

    @property
    def diverged_runs(self) -> str:
        """How many candidate runs diverged, e.g. "1 of 3 runs"."""
        return f"{self.diverged} of {fmt.counted(len(self.candidate), 'run')}"

    @property
    def control_diverged_runs(self) -> str:
        """The same of the control."""
        return f"{self.control_diverged} of {fmt.counted(len(self.control), 'run')}"

    @property
    def unstable_against_baseline(self) -> str:
        """In how many runs the candidate diverged, and what the others say; "" where in none."""
        if not self.diverged:
            return ""
        head = f"The candidate diverged in {self.diverged_runs}"
        return head + over_the_others(self.candidate, self.baseline, self.against_baseline)

    @property
    def unstable_against_control(self) -> str:
        """Which side diverged, and what the other runs say; "" where neither did. A recipe that
        fails on some seeds cannot beat one that never does."""
        if self.diverged:
            head = (
                f"The candidate diverged in {self.diverged_runs}, so it does not beat the control"
            )
        elif self.control_diverged:
            failed = self.control_diverged_runs
            head = f"The control diverged in {failed}, so it is not reliable"
        else:
            return ""
        return head + over_the_others(self.candidate, self.control, self.against_control)


def measure_runs(
    candidate: Sequence[RunCurve],
    baseline: Sequence[RunCurve],
    control: Sequence[RunCurve],
    criterion: Criterion,
    batch_norm_recalibrated: bool | None = None,
) -> Measured:
    """Everything that the runs say.

    Raises:
        InvalidInput: a side is empty, or a curve is not one.
    """
    for side, runs in (("candidate", candidate), ("baseline", baseline)):
        if not runs:
            raise InvalidInput(f"judge needs at least one {side} run, but got none.")
    for side, runs in (("candidate", candidate), ("baseline", baseline), ("control", control)):
        check_runs(side, runs)
    against_baseline = compare(candidate, baseline, criterion.confidence)
    margin = margin_of(candidate, baseline, criterion)
    max_lr = min(run.max_lr for run in candidate)
    return Measured(
        candidate=tuple(candidate),
        baseline=tuple(baseline),
        control=tuple(control),
        against_baseline=against_baseline,
        against_control=compare(candidate, control, criterion.confidence) if control else None,
        margin=margin,
        diverged=sum(map(has_diverged, candidate)),
        control_diverged=sum(map(has_diverged, control)),
        candidate_samples=fmean(run.samples[-1] for run in sound(candidate)),
        baseline_samples=fmean(samples_to_level(run, margin) for run in sound(baseline)),
        max_lr=max_lr,
        lr_ratio=max_lr / max(run.max_lr for run in baseline),
        batch_norm_recalibrated=batch_norm_recalibrated,
    )


def margin_of(
    candidate: Sequence[RunCurve], baseline: Sequence[RunCurve], criterion: Criterion
) -> float:
    """The criterion's margin, or the seed standard deviation pooled over the sound runs of both
    sides where that is larger."""
    ends = [list(map(final, sound(side))) for side in (candidate, baseline)]
    spread = float(pooled_sd(*ends)) if max(map(len, ends)) > 1 else 0.0
    single = min(len(candidate), len(baseline)) == 1
    return max(criterion.margin, spread, SINGLE_RUN_MARGIN if single else 0.0)


def compare(side: Sequence[RunCurve], other: Sequence[RunCurve], confidence: float) -> Contrast:
    """The paired difference; with one run on either side, that of the means, with no interval.

    A run that diverged ends at chance, which says nothing of how accurate the recipe is where it
    trains. So pairs with one are left out, unless there is no other.
    """
    if min(len(side), len(other)) == 1:
        difference = fmean(map(final, sound(side))) - fmean(map(final, sound(other)))
        return paired_contrast([difference], confidence)
    pairs = sound_pairs(side, other) or paired(side, other)
    differences = [final(a) - final(b) for a, b in pairs]
    ends = [final(run) for pair in pairs for run in pair]
    return paired_contrast(differences, confidence, resolution_of(ends))


def over_the_others(
    candidate: Sequence[RunCurve], other: Sequence[RunCurve], against: Contrast | None
) -> str:
    """The end of a sentence: the difference over the pairs in which neither run diverged."""
    pairs = sound_pairs(candidate, other)
    if not pairs or against is None:
        return "."
    return f"; over {the_other(len(pairs))} the candidate has {against.in_words()}."


def the_other(pairs: int) -> str:
    """E.g. "the other 2 pairs"."""
    return "the other pair" if pairs == 1 else f"the other {pairs} pairs"


def sound_pairs(
    side: Sequence[RunCurve], other: Sequence[RunCurve]
) -> list[tuple[RunCurve, RunCurve]]:
    """The pairs in which neither run diverged."""
    pairs = paired(side, other)
    return [pair for pair in pairs if not any(map(has_diverged, pair))]


def paired(side: Sequence[RunCurve], other: Sequence[RunCurve]) -> list[tuple[RunCurve, RunCurve]]:
    """Pairs by seed where two or more seeds are on both sides, else by order."""
    partner = {run.seed: run for run in other if run.seed is not None}
    by_seed = [(run, partner[run.seed]) for run in side if run.seed in partner]
    return by_seed if len(by_seed) > 1 else list(zip(side, other, strict=False))
