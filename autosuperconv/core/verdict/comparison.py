"""Two sides, looked at as often as was planned: passed, failed, or still open.

The limits of each look are those of a plan at one error in all (`core.stats.group_sequential`), on
moderated variances (`core.stats.moderated`). A look takes the first runs of each side, as many as
were planned for it, so the same runs give the same answer however often it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import hypot

from autosuperconv.core.stats.contrast import Contrast
from autosuperconv.core.stats.group_sequential import limits
from autosuperconv.core.stats.moderated import (
    SeedSpread,
    moderated_contrast,
    share_above,
    t_limit,
)
from autosuperconv.core.stats.predictive import LastLook, foresee
from autosuperconv.core.verdict.runs import diverged_in, final, resolution, sound
from autosuperconv.core.verdict.types import RunCurve

FUTILE = 0.2
"""Runs are not trained for a question that the last planned look settles with less probability.
With looks to 12 baseline runs that takes the cost of the confirmation from 14.7 to 6.2 baseline
runs where the truth is at the bound and from 10.6 to 7.5 where the sides are equal, and the gains
that are shown there from 90 to 85 in 100 (`studies/verdict_power`)."""


class RungState(StrEnum):
    """What a side's runs have shown so far."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LookPlan:
    """How a difference is looked at.

    Args:
        sizes: (runs of the other side, runs of this side) at each look, rising.
        to_pass: error of all looks together where the difference is at the bound, one-sided.
        to_fail: the same on the other side.
    """

    sizes: tuple[tuple[int, int], ...]
    to_pass: float
    to_fail: float

    @property
    def confidence(self) -> float:
        """Of the intervals at all looks together (Jennison & Turnbull 1989)."""
        return 1 - self.to_pass - self.to_fail

    def z(self, look: int) -> tuple[float, float]:
        """Limits of the lower and the upper end at a look."""
        information = self.information
        return limits(information, self.to_pass)[look], limits(information, self.to_fail)[look]

    @property
    def information(self) -> tuple[float, ...]:
        """On the difference, at each look."""
        return tuple(1 / (1 / n + 1 / m) for n, m in self.sizes)

    def growth(self, look: int) -> tuple[float, float]:
        """Of the information, and of the degrees of freedom, from a look to the last one."""
        (n, m), (most, more) = self.sizes[look], self.sizes[-1]
        freedom = (most + more - 2) / max(n + m - 2, 1)
        return self.information[-1] / self.information[look], freedom


@dataclass(frozen=True, slots=True)
class Bound:
    """What a difference is compared with.

    Args:
        value: a fraction of 1.
        error: standard error of the bound itself, where it is estimated from the same runs.
    """

    value: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two sides have shown.

    Args:
        contrast: at the look that decided; else at the last one that there are runs for.
        state: against the bound.
        look: which one that is, from 0.
        probability: that the difference is above the bound; None where there is no interval.
        last_look: of the last planned look; None where nothing is open, where that was the last
            look, or where there is no interval.
    """

    contrast: Contrast
    state: RungState
    look: int
    probability: float | None
    last_look: LastLook | None = None

    def chance_to_settle(self, either: bool) -> float | None:
        """Predictive probability that the last planned look passes it; None where there is none.

        Args:
            either: or fails it.
        """
        if self.last_look is None:
            return None
        return float(self.last_look.passes + (self.last_look.fails if either else 0.0))


def compare_sides(
    side: Sequence[RunCurve],
    other: Sequence[RunCurve],
    bound: Bound,
    plan: LookPlan,
    spread: SeedSpread | None = None,
) -> Comparison:
    """Look as often as the runs allow, until one look decides.

    Where there are fewer runs than the first look wants, it is taken at all there are.
    """
    for look, (n, m) in enumerate(plan.sizes):
        found = look_at(side[:m], other[:n], bound, plan, look, spread)
        last = look + 1 == len(plan.sizes) or not enough(side, other, plan.sizes[look + 1])
        if found.state is not RungState.OPEN or last:
            return found
    raise AssertionError("a plan has at least one look")


def enough(side: Sequence[RunCurve], other: Sequence[RunCurve], size: tuple[int, int]) -> bool:
    """Whether there are the runs that a look wants."""
    return len(other) >= size[0] and len(side) >= size[1]


def look_at(
    side: Sequence[RunCurve],
    other: Sequence[RunCurve],
    bound: Bound,
    plan: LookPlan,
    look: int,
    spread: SeedSpread | None,
) -> Comparison:
    """One look at these runs. Those that diverged end at chance, which says nothing of how accurate
    a recipe is where it trains: they are left out, unless there is no other."""
    ours, theirs = ([final(run) for run in sound(runs)] for runs in (side, other))
    step = resolution([*sound(side), *sound(other)])
    left_out = diverged_in(side) if len(ours) < len(side) else 0
    z = plan.z(look)
    contrast = moderated_contrast(ours, theirs, spread, z, plan.confidence, step, left_out)
    if left_out == 0 and ours and diverged_in(side) == len(side):
        contrast = replace(contrast, diverged=len(side))
    if bound.error and contrast.error is not None:
        contrast = widened(contrast, bound.error, z)
    return Comparison(
        contrast,
        state_of(contrast, bound.value),
        look,
        chance_above(contrast, bound),
        last_look_of(contrast, bound, plan, look),
    )


def widened(contrast: Contrast, error: float, z: tuple[float, float]) -> Contrast:
    """The interval that pays for the uncertainty of an estimated bound, too."""
    own, degrees = contrast.error or 0.0, contrast.degrees or 1.0
    both = hypot(own, error)
    low, high = (float(t_limit(limit, degrees)) * both for limit in z)
    mean = contrast.difference
    return replace(contrast, low=mean - low, high=mean + high, error=both)


def state_of(contrast: Contrast, bound: float) -> RungState:
    """On which side of the bound the whole interval lies."""
    if contrast.lowest > bound:
        return RungState.PASSED
    return RungState.FAILED if contrast.highest <= bound else RungState.OPEN


def last_look_of(contrast: Contrast, bound: Bound, plan: LookPlan, look: int) -> LastLook | None:
    """What the last planned look will probably show of a difference that is still open."""
    settled = state_of(contrast, bound.value) is not RungState.OPEN
    if settled or look + 1 == len(plan.sizes) or not contrast.error or contrast.degrees is None:
        return None
    growth, freedom = plan.growth(look)
    above, degrees = contrast.difference - bound.value, contrast.degrees * freedom
    return foresee(above, contrast.error, degrees, growth, plan.z(-1))


def chance_above(contrast: Contrast, bound: Bound) -> float | None:
    """Probability that the difference is above the bound."""
    if contrast.error is None or contrast.degrees is None:
        return None
    return share_above(contrast.difference, contrast.error, contrast.degrees, bound.value)
