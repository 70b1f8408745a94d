"""Runs, one by one and side by side: where they end, and whether they diverged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import isfinite
from statistics import fmean

from autosuperconv.core import format as fmt
from autosuperconv.core.verdict import curve_reading
from autosuperconv.core.verdict.types import RunCurve
from autosuperconv.errors import InvalidInput

SAME_COST = 0.05
"""Share of the larger cost by which two runs at one cost may differ."""
RARE = 0.05
"""A recipe may diverge this often, and its verdict still rests on the runs that did not."""
SURELY = 0.05
COARSEST = 0.01
"""Unknown scales are read off the accuracies, yet not as coarser than a hundred samples."""
UNREAD = 0.001
"""The step of an unknown scale of which the accuracies show nothing: a thousand samples."""


def check_runs(side: str, runs: Sequence[RunCurve]) -> None:
    """Refuse an invalid curve.

    Raises:
        InvalidInput: with the side, the rule and the values.
    """
    seeds = [run.seed for run in runs if run.seed is not None]
    if len(set(seeds)) < len(seeds):
        raise InvalidInput(f"{side}: each run needs its own seed, but got {seeds}.")
    for run in runs:
        samples = run.samples
        if not samples or any(a >= b for a, b in pairwise(samples)) or samples[-1] <= 0:
            raise InvalidInput(f"{side}: samples must rise and end above 0, but got {samples[:5]}.")
        if run.accuracy and len(run.accuracy) != len(samples):
            sizes = f"{len(run.accuracy)} accuracies for {len(samples)} costs"
            raise InvalidInput(f"{side}: each evaluation needs its cost, but got {sizes}.")
        if not (isfinite(run.max_lr) and run.max_lr > 0):
            raise InvalidInput(f"{side}: max_lr must be above 0, but got {run.max_lr}.")
        if run.evaluated is not None and run.evaluated < 1:
            raise InvalidInput(f"{side}: evaluated must be at least 1, but got {run.evaluated}.")


def final(run: RunCurve) -> float:
    """Final accuracy; where it is not finite, chance."""
    return run.final_accuracy if isfinite(run.final_accuracy) else run.chance or 0.0


def mean_accuracy(runs: Sequence[RunCurve]) -> float:
    """Of the final accuracies of the sound runs."""
    return fmean(map(final, sound(runs)))


def has_diverged(run: RunCurve) -> bool:
    """Stopped as diverged, not finite, or at chance in the end."""
    at_chance = curve_reading.ends_at_chance(final(run), run.accuracy, run.chance)
    return run.diverged or not isfinite(run.final_accuracy) or at_chance


def sound(runs: Sequence[RunCurve]) -> Sequence[RunCurve]:
    """The runs that did not diverge; all of them where every one did."""
    return [run for run in runs if not has_diverged(run)] or runs


def diverged_in(runs: Iterable[RunCurve]) -> int:
    """How many of the runs diverged."""
    return sum(map(has_diverged, runs))


@lru_cache(maxsize=1024)
def too_many(diverged: int, runs: int) -> bool:
    """Whether so many of so many runs are more than a recipe would lose that diverges rarely:
    the probability of as many is at most 5 % where 5 % of its runs diverge."""
    from scipy.special import bdtrc

    return diverged > 0 and float(bdtrc(diverged - 1, runs, RARE)) <= SURELY + 1e-9


def rate_interval(diverged: int, runs: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a rate (Clopper & Pearson 1934)."""
    from scipy.special import betaincinv

    error = (1 - confidence) / 2
    low = betaincinv(diverged, runs - diverged + 1, error) if diverged else 0.0
    high = betaincinv(diverged + 1, runs - diverged, 1 - error) if diverged < runs else 1.0
    return float(low), float(high)


def resolution(runs: Sequence[RunCurve]) -> float:
    """The step of the scale that the runs' accuracies lie on: one evaluated sample. Where that is
    not known, the smallest distance between two accuracies that differ."""
    known = [run.evaluated for run in runs if run.evaluated is not None]
    if known:
        return 1 / min(known)
    ends = sorted(set(map(final, runs)))
    gaps = [b - a for a, b in pairwise(ends) if b - a > 1e-9]
    return min(*gaps, COARSEST) if gaps else UNREAD


def samples_to_level(run: RunCurve, margin: float) -> float:
    """T_B of one run; its whole length where its course was not recorded."""
    if not run.accuracy:
        return run.samples[-1]
    return curve_reading.cost_to_level(run.samples, run.accuracy, margin)


def mean_samples(runs: Sequence[RunCurve]) -> float | None:
    """Mean cost of the runs that did not diverge; None without any. A run that diverged may have
    been stopped early."""
    costs = [run.samples[-1] for run in runs if not has_diverged(run)]
    return fmean(costs) if costs else None


def about_costs(candidate: Sequence[RunCurve], control: Sequence[RunCurve]) -> str:
    """Where the control does not cost what the candidate does, but for what a last step or
    evaluation may miss: both costs, as a clause; else ""."""
    ours, theirs = mean_samples(candidate), mean_samples(control)
    if ours is None or theirs is None or abs(ours - theirs) <= SAME_COST * max(ours, theirs):
        return ""
    return (
        f"the control's runs end after {fmt.count(theirs)} samples and the candidate's after "
        f"{fmt.count(ours)}"
    )
