"""Whether a recipe reaches an accuracy that was named beforehand, on fresh seeds.

One side is runs, the other is a number. The runs are looked at as planned, at one error in all
(`core.stats.group_sequential`), on moderated variances (`core.stats.moderated`), as in the verdict
on two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

import numpy as np

from autosuperconv.core.stats.group_sequential import limits
from autosuperconv.core.stats.moderated import SeedSpread, moderated_variance, t_limit
from autosuperconv.core.verdict.comparison import RungState
from autosuperconv.core.verdict.curve_reading import cost_to_reach
from autosuperconv.core.verdict.looks import plan_looks
from autosuperconv.core.verdict.runs import diverged_in, final, has_diverged, resolution, too_many
from autosuperconv.core.verdict.types import RunCurve


@dataclass(frozen=True, slots=True)
class TargetFinding:
    """What fresh runs of one recipe say of an accuracy.

    Args:
        state: passed where they show that it is reached, failed where they show that it is not.
        accuracy: mean of the runs that did not diverge, fraction of 1; None without any.
        low: end below which the expected accuracy surely does not lie; None for a single run.
        high: end above which it surely does not lie.
        runs: fresh ones that were looked at, those that diverged included.
        diverged: of these.
        confidence: of each end, over all looks.
        needed: runs in all at the next look; 0 where none follows.
    """

    state: RungState
    accuracy: float | None
    low: float | None
    high: float | None
    runs: int
    diverged: int
    confidence: float
    needed: int


@dataclass(frozen=True, slots=True)
class StandardCost:
    """What the baseline needs for the same accuracy.

    Args:
        named: what it is, with the length of its runs.
        samples: mean cost from which its runs stay at the accuracy; None where one does not.
        reached: runs that do.
        runs: that were read.
    """

    named: str
    samples: float | None
    reached: int
    runs: int


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """The answer to "how cheaply can this accuracy be reached?".

    Args:
        target: the accuracy, fraction of 1.
        finding: on fresh seeds and the test split; None where none were trained.
        epochs: length of the recipe, in passes over the data.
        samples: training samples of one of its runs.
        seconds: that one of its runs takes; None where none is known.
        validation: its expected accuracy on validation data, fraction of 1.
        longest: longest cycle that was searched, in passes over the data.
        chance: that some recipe of that length reaches the target, by the study's model; None
            where there is no model.
        standard: None where no baseline was trained.
        ended: why it is not settled although more runs would tell; "" where it is.
    """

    target: float
    finding: TargetFinding | None
    epochs: float
    samples: float
    seconds: float | None
    validation: float
    longest: float
    chance: float | None = None
    standard: StandardCost | None = None
    ended: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is shown that the target is reached."""
        return self.finding is not None and self.finding.state is RungState.PASSED


def target_looks(seeds: int, max_seeds: int) -> tuple[int, ...]:
    """Runs at each look: as many as the baseline has at those of the verdict on two sides."""
    return tuple(first for first, _ in plan_looks(seeds, max_seeds).sizes)


def judge_target(
    target: float,
    runs: Sequence[RunCurve],
    looks: Sequence[int],
    spread: SeedSpread | None,
    confidence: float,
) -> TargetFinding:
    """Look at the runs as planned, the first that settles it decides.

    Args:
        target: accuracy, fraction of 1.
        runs: of one recipe, on fresh seeds.
        looks: number of runs at each, rising.
        spread: over seeds on the test split, from other runs.
        confidence: of each of the two claims, over all looks.
    """
    found = _before_first(runs, looks[0], confidence)
    for look, size in enumerate(looks):
        if size > len(runs):
            return found
        limit = limits(tuple(map(float, looks)), 1 - confidence)[look]
        found = _at_look(target, runs[:size], limit, spread, confidence)
        if found.state is not RungState.OPEN:
            return found
        found = _with_next(found, looks[look + 1] if look + 1 < len(looks) else 0)
    return found


def _before_first(runs: Sequence[RunCurve], needed: int, confidence: float) -> TargetFinding:
    """Fewer runs than the first look takes: their mean, and no claim."""
    ends = [final(run) for run in runs if not has_diverged(run)]
    mean, diverged = fmean(ends) if ends else None, diverged_in(runs)
    return TargetFinding(RungState.OPEN, mean, None, None, len(runs), diverged, confidence, needed)


def _at_look(
    target: float,
    runs: Sequence[RunCurve],
    limit: float,
    spread: SeedSpread | None,
    confidence: float,
) -> TargetFinding:
    """One look: the mean against the target, by the limit of this look."""
    diverged = diverged_in(runs)
    ends = [final(run) for run in runs if not has_diverged(run)]
    low = high = None
    state = RungState.FAILED if too_many(diverged, len(runs)) or not ends else RungState.OPEN
    if len(ends) > 1:
        low, high = _ends(ends, limit, spread, resolution(runs))
    if state is RungState.OPEN and low is not None and high is not None:
        passes, fails = low >= target, high < target
        state = RungState.PASSED if passes else RungState.FAILED if fails else state
    mean = fmean(ends) if ends else None
    return TargetFinding(state, mean, low, high, len(runs), diverged, confidence, 0)


def _ends(
    ends: Sequence[float], limit: float, spread: SeedSpread | None, step: float
) -> tuple[float, float]:
    """Lower and upper end of the expected accuracy, at most 1."""
    prior, degrees = (spread.sd**2, spread.degrees) if spread is not None else (None, 0)
    variance, free = moderated_variance(np.array(ends), prior, degrees, step**2)
    half = float(t_limit(limit, free)) * sqrt(float(variance) / len(ends))
    return fmean(ends) - half, min(fmean(ends) + half, 1.0)


def _with_next(found: TargetFinding, needed: int) -> TargetFinding:
    return TargetFinding(
        *(found.state, found.accuracy, found.low, found.high),
        *(found.runs, found.diverged, found.confidence, needed),
    )


def standard_cost(target: float, baseline: Sequence[RunCurve], named: str) -> StandardCost:
    """First cost from which the baseline's runs stay at the target, read off their curves."""
    sound = [run for run in baseline if not has_diverged(run)]
    costs = [cost for run in sound if (cost := _cost(target, run)) is not None]
    all_reach = bool(costs) and len(costs) == len(sound)
    return StandardCost(named, fmean(costs) if all_reach else None, len(costs), len(baseline))


def _cost(target: float, run: RunCurve) -> float | None:
    """Of one run; None where it does not end there. The end decides: it is measured on the whole
    split, and the curve on a part of another one."""
    if final(run) < target:
        return None
    return cost_to_reach(run.samples, run.accuracy, target) if run.accuracy else run.samples[-1]
