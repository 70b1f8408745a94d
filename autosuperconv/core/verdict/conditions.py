"""The six conditions of a verdict, each checked on measured numbers and said in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean

from autosuperconv.core import format as wording
from autosuperconv.core.stats import Interval, mean_interval, pooled_sd, resolution_of
from autosuperconv.core.verdict import curve_reading
from autosuperconv.core.verdict.types import Condition, Criterion, RunCurve

SINGLE_RUN_MARGIN = 0.003  # assumed, because one run a side leaves no spread to measure


@dataclass(frozen=True, slots=True)
class Contrast:
    """Candidate minus another side, fractions of 1; `interval` is None for single runs."""

    difference: float
    interval: Interval | None

    @property
    def low(self) -> float:
        return self.interval.low if self.interval else self.difference

    @property
    def high(self) -> float:
        return self.interval.high if self.interval else self.difference

    def in_words(self, confidence: float) -> str:
        """E.g. "+0.30 points (95 %: -0.10 to 0.70)"."""
        text = f"{wording.points(100 * self.difference)} points"
        if self.interval is None:
            return f"{text} (single runs)"
        return f"{text} ({wording.interval(100 * self.low, 100 * self.high, confidence)})"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the conditions are checked on; accuracies as fractions of 1."""

    against_baseline: Contrast
    against_control: Contrast | None
    margin: float
    diverged: int
    runs: int
    candidate_samples: float
    baseline_samples: float
    max_lr: float
    lr_ratio: float

    @property
    def speedup(self) -> float | None:
        return None if self.diverged else self.baseline_samples / self.candidate_samples


def measure(
    candidate: Sequence[RunCurve],
    baseline: Sequence[RunCurve],
    control: Sequence[RunCurve],
    criterion: Criterion,
) -> Measured:
    """Everything that the runs say, before any bound is applied."""
    against_baseline = contrast(candidate, baseline, criterion.confidence)
    single = against_baseline.interval is None
    spread = float(pooled_sd([final(r) for r in candidate], [final(r) for r in baseline]))
    margin = max(criterion.margin, spread, SINGLE_RUN_MARGIN if single else 0.0)
    times = [_time_to_level(run, margin) for run in baseline]
    return Measured(
        against_baseline=against_baseline,
        against_control=contrast(candidate, control, criterion.confidence) if control else None,
        margin=margin,
        diverged=sum(map(has_diverged, candidate)),
        runs=len(candidate),
        candidate_samples=fmean(run.samples[-1] for run in candidate),
        baseline_samples=fmean(times),
        max_lr=min(run.max_lr for run in candidate),
        lr_ratio=min(run.max_lr for run in candidate) / max(run.max_lr for run in baseline),
    )


def contrast(side: Sequence[RunCurve], other: Sequence[RunCurve], confidence: float) -> Contrast:
    """The paired difference; with one run on either side, that of the means, with no interval."""
    if min(len(side), len(other)) == 1:
        return Contrast(fmean(map(final, side)) - fmean(map(final, other)), None)
    differences = [final(a) - final(b) for a, b in paired(side, other)]
    step = resolution_of(map(final, (*side, *other)))
    interval = mean_interval(differences, confidence, step)
    return Contrast(interval.mean, interval)


def paired(side: Sequence[RunCurve], other: Sequence[RunCurve]) -> list[tuple[RunCurve, RunCurve]]:
    """Pairs by seed where two or more seeds are on both sides, else by order."""
    partner = {run.seed: run for run in other if run.seed is not None}
    by_seed = [(run, partner[run.seed]) for run in side if run.seed in partner]
    return by_seed if len(by_seed) > 1 else list(zip(side, other, strict=False))


def final(run: RunCurve) -> float:
    """Final accuracy; where it is not finite, that of guessing."""
    return run.final_accuracy if isfinite(run.final_accuracy) else run.chance or 0.0


def has_diverged(run: RunCurve) -> bool:
    """Stopped as diverged, not finite, or at chance in the end."""
    lost = curve_reading.is_lost(final(run), run.accuracy, run.chance)
    return run.diverged or not isfinite(run.final_accuracy) or lost


def accuracy_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C1: not worse than the baseline by the margin."""
    low, bound = 100 * measured.against_baseline.low, -100 * measured.margin
    met = low > bound and not measured.diverged
    detail = f"Accuracy {measured.against_baseline.in_words(criterion.confidence)} "
    if met:
        detail += f"against the baseline is within the margin of {-bound:.2f}."
    elif measured.against_baseline.high > -measured.margin:
        detail += (
            f"against the baseline leaves open whether it is within the margin of {-bound:.2f}."
        )
    else:
        detail += f"is short of the baseline by more than the margin of {-bound:.2f}."
    return Condition("C1 accuracy", low, bound, met, detail)


def speed_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C2: k = T_B / N_C."""
    k, bound = measured.speedup, criterion.min_speedup
    if k is None:
        failed = f"{measured.diverged} of {wording.counted(measured.runs, 'run')}"
        detail = f"No speed-up, because the candidate diverged in {failed}."
        return Condition("C2 speed", None, bound, False, detail)
    met = _at_least(k, bound)
    sign = ">=" if met else "<"
    detail = (
        f"k = {k:.2f} {sign} {wording.number(bound)}: the baseline is at its final level after "
        f"{measured.baseline_samples:,.0f} samples, the candidate took "
        f"{measured.candidate_samples:,.0f}."
    )
    return Condition("C2 speed", k, bound, met, detail)


def lr_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C3: a large learning rate."""
    ratio, bound = measured.lr_ratio, criterion.min_lr_ratio
    detail = (
        f"max_lr {wording.number(measured.max_lr)} is {wording.number(ratio)} x the baseline's, "
        f"of at least {wording.number(bound)} x asked."
    )
    return Condition("C3 large LR", ratio, bound, _at_least(ratio, bound), detail)


def control_condition(measured: Measured, criterion: Criterion) -> Condition:
    """C4: better than the standard schedule at the candidate's cost, by more than seed noise."""
    against = measured.against_control
    bound = 100 * measured.margin if against and against.interval is None else 0.0
    if against is None:
        detail = "No control: the standard schedule was not run compressed to the candidate's cost."
        return Condition("C4 control", None, bound, None, detail)
    met = 100 * against.low > bound and not measured.diverged
    verb = "beats" if met else "does not beat"
    detail = (
        f"The candidate {verb} the standard schedule compressed to its cost by more than seed "
        f"noise: {against.in_words(criterion.confidence)}."
    )
    return Condition("C4 control", 100 * against.low, bound, met, detail)


def baseline_condition(baseline: Sequence[RunCurve], criterion: Criterion) -> Condition:
    """C5: every baseline run is sound. One collapsed run among them would flatter the candidate."""
    faults = [fault for run in baseline if (fault := baseline_fault(run, criterion))]
    below = [100 * curve_reading.below_peak(r.samples, r.accuracy) for r in baseline if r.accuracy]
    value, bound = max(below, default=None), 100 * criterion.max_below_peak
    if faults:
        which = "" if len(baseline) == 1 else f" in {len(faults)} of {len(baseline)} runs"
        return Condition(
            "C5 valid baseline", value, bound, False, f"The baseline{which} {faults[0]}."
        )
    if value is None:
        detail = "The baseline's course was not recorded."
        return Condition("C5 valid baseline", None, bound, None, detail)
    detail = f"The baseline ends {value:.2f} points below its peak, with no collapse."
    return Condition("C5 valid baseline", value, bound, True, detail)


def baseline_fault(run: RunCurve, criterion: Criterion) -> str | None:
    """What is wrong with a baseline run, as the rest of a sentence; None where nothing is.

    Besides the collapse: a run that spent more than half of its first half near chance never
    trained at the learning rate it was given, so neither its T_B nor its accuracy is that of a
    tuned standard schedule (the author's log at 10,000 samples: 82 % of it).
    """
    if has_diverged(run):
        return f"diverged (ends at {wording.percent(final(run))})"
    if not run.accuracy:
        return None
    below = curve_reading.below_peak(run.samples, run.accuracy)
    drop = curve_reading.late_drop(run.samples, run.accuracy)
    idle = curve_reading.share_at_chance(run.samples, run.accuracy, run.chance)
    if below > criterion.max_below_peak:
        width, best = curve_reading.window(run.samples), wording.percent(max(run.accuracy))
        scale = f"means of {width} evaluations; highest single one {best}"
        return f"ends {100 * below:.1f} points below its peak ({scale})"
    if drop > criterion.max_baseline_drop:
        return f"drops by {100 * drop:.1f} points within its last fifth"
    if idle > 0.5:
        return f"stood at chance for {100 * idle:.0f} % of its first half"
    return None


def batch_norm_condition(recalibrated: bool | None) -> Condition:
    """C6: both sides evaluated the same way."""
    detail = {
        True: "Both sides were evaluated with batch-norm statistics suited to them.",
        False: "The sides were not evaluated with the same care for batch-norm statistics.",
        None: "How batch-norm statistics were evaluated is not known.",
    }[recalibrated]
    return Condition("C6 batch norm", None, None, recalibrated, detail)


def _time_to_level(run: RunCurve, margin: float) -> float:
    """T_B of one run; its whole length where its course was not recorded."""
    if not run.accuracy:
        return run.samples[-1]
    return curve_reading.cost_to_level(run.samples, run.accuracy, margin)


def _at_least(value: float, bound: float) -> bool:
    """Above or equal but for rounding: 0.3 / 0.1 is 3 less 4e-16."""
    return value >= bound * (1 - 1e-9)
