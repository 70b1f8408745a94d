"""The shapes that schedules are made of: values that map progress in [0, 1] to `LrMomentum`.

A shape knows neither recipe nor step count; `core.schedule` turns those into its knots.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class LrMomentum(NamedTuple):
    """Learning rate and momentum of one step."""

    lr: float
    momentum: float


class Schedule(Protocol):
    """progress in [0, 1] -> LrMomentum. Picklable, comparable, with a repr."""

    def __call__(self, progress: float) -> LrMomentum: ...


def _mix(first: LrMomentum, last: LrMomentum, weight: float) -> LrMomentum:
    # Exact at weight 0 and 1, and a constant momentum stays exactly constant.
    rest = 1 - weight
    lr = first.lr * rest + last.lr * weight
    if first.momentum == last.momentum:
        return LrMomentum(lr, first.momentum)
    return LrMomentum(lr, first.momentum * rest + last.momentum * weight)


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of a run.

    Args:
        end: progress at which it ends; above 1 where the run stops before that.
        target: what it arrives at.
        cosine: along half a cosine instead of a straight line.
    """

    end: float
    target: LrMomentum
    cosine: bool = False


@dataclass(frozen=True, slots=True)
class Phases:
    """Phase after phase, each from where the last one arrived.

    A knot belongs to the phase that it ends. A phase of no length is a jump: where the run begins
    with one, progress 0 is already at its target.

    Args:
        start: learning rate and momentum at progress 0.
        phases: in the order of their ends.
        lowest_lr: the learning rate goes no lower than this.
    """

    start: LrMomentum
    phases: tuple[Phase, ...]
    lowest_lr: float = 0.0

    def __call__(self, progress: float) -> LrMomentum:
        begin, first = 0.0, self.start
        for phase in self.phases:
            if progress <= phase.end:
                return self._between(first, phase, begin, progress)
            begin, first = phase.end, phase.target
        return LrMomentum(max(first.lr, self.lowest_lr), first.momentum)

    def _between(
        self, first: LrMomentum, phase: Phase, begin: float, progress: float
    ) -> LrMomentum:
        done = (progress - begin) / (phase.end - begin) if phase.end > begin else 1.0
        weight = (1 - math.cos(math.pi * done)) / 2 if phase.cosine else done
        mixed = _mix(first, phase.target, weight)
        return LrMomentum(max(mixed.lr, self.lowest_lr), mixed.momentum)


@dataclass(frozen=True, slots=True)
class Geometric:
    """From `first_lr` to `last_lr` by equal factors; both above 0."""

    first_lr: float
    last_lr: float
    momentum: float

    def __call__(self, progress: float) -> LrMomentum:
        lr = self.first_lr ** (1 - progress) * self.last_lr**progress
        return LrMomentum(lr, self.momentum)


@dataclass(frozen=True, slots=True)
class Stairs:
    """A constant learning rate between jumps.

    Args:
        jumps: progress after which the next level holds; rising.
        lrs: the levels, one more than `jumps`.
    """

    jumps: tuple[float, ...]
    lrs: tuple[float, ...]
    momentum: float

    def __call__(self, progress: float) -> LrMomentum:
        return LrMomentum(self.lrs[bisect_left(self.jumps, progress)], self.momentum)


@dataclass(frozen=True, slots=True)
class Triangles:
    """Equal cycles from `low` up to `high` and back, in straight lines.

    Args:
        low: learning rate and momentum where a cycle begins and ends.
        high: the same in its middle, before any decay.
        cycles: number of cycles between progress 0 and 1.
        factor_per_cycle: of the height (in both learning rate and momentum) from one cycle to
            the next; it comes on top of `factor_per_run`.
        factor_per_run: of the height at progress 1 over that at progress 0.
    """

    low: LrMomentum
    high: LrMomentum
    cycles: int
    factor_per_cycle: float = 1.0
    factor_per_run: float = 1.0

    def __call__(self, progress: float) -> LrMomentum:
        cycle = math.floor(progress * self.cycles)
        height = 1 - abs(2 * (progress * self.cycles - cycle) - 1)
        height *= self.factor_per_cycle**cycle * self.factor_per_run**progress
        return _mix(self.low, self.high, height)


@dataclass(frozen=True, slots=True)
class Restarts:
    """Half cosines from `max_lr` to 0; at each knot the learning rate is back at `max_lr`.

    Args:
        knots: progress at which the periods start (the first one: 0), and at which the last of
            them would end (above 1).
    """

    knots: tuple[float, ...]
    max_lr: float
    momentum: float

    def __call__(self, progress: float) -> LrMomentum:
        after = bisect_right(self.knots, progress)
        begin, end = self.knots[after - 1], self.knots[after]
        done = (progress - begin) / (end - begin)
        return LrMomentum(self.max_lr * (1 + math.cos(math.pi * done)) / 2, self.momentum)
