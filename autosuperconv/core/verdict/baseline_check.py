"""Whether a baseline is one: a gain over a run that collapsed is no gain."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict import curve_reading
from autosuperconv.core.verdict.runs import final, has_diverged
from autosuperconv.core.verdict.types import Criterion, RunCurve

MOST_IDLE = 0.5  # of the first half of a run, spent near chance


def furthest_below_peak(runs: Sequence[RunCurve]) -> float | None:
    """The largest distance of a run's end below its peak; None where no course was recorded."""
    below = [curve_reading.below_peak(r.samples, r.accuracy) for r in runs if r.accuracy]
    return max(below, default=None)


def baseline_fault(run: RunCurve, criterion: Criterion) -> str | None:
    """What is wrong with a baseline run, as the rest of a sentence; None where nothing is.

    Besides the collapse: a run that spent more than half of its first half near chance never
    trained at the learning rate it was given, so neither its T_B nor its accuracy is that of a
    tuned standard schedule (the author's log at 10,000 samples: 82 % of it).
    """
    if has_diverged(run):
        return f"diverged (ends at {fmt.percent(final(run))})"
    if not run.accuracy:
        return None
    below = curve_reading.below_peak(run.samples, run.accuracy)
    drop = curve_reading.late_drop(run.samples, run.accuracy)
    idle = curve_reading.share_at_chance(run.samples, run.accuracy, run.chance)
    if below > criterion.max_below_peak:
        width, best = curve_reading.window(run.samples), fmt.percent(max(run.accuracy))
        scale = f"means of {width} evaluations; the highest single one is {best}"
        return f"ends {fmt.size_in_points(below)} points below its peak ({scale})"
    if drop > criterion.max_baseline_drop:
        return f"drops by {fmt.size_in_points(drop)} points within its last fifth"
    if idle > MOST_IDLE:
        return f"was at chance for {fmt.percent(idle, 0)} of its first half"
    return None
