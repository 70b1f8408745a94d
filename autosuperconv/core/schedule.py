"""Learning-rate and momentum schedules as values: progress in [0, 1] -> a `Rate`.

A schedule is built for a recipe and a number of steps, and tabulated once; the training loop
reads the table, so nothing recompiles when a hyper-parameter changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from autosuperconv.core.recipe import Recipe


class Rate(NamedTuple):
    """Learning rate and momentum of one step."""

    lr: float
    momentum: float


class Schedule(Protocol):
    """progress in [0, 1] -> Rate. Picklable, comparable, with a repr."""

    def __call__(self, progress: float) -> Rate: ...


BuildSchedule = Callable[[Recipe, int], Schedule]

SCHEDULES: dict[str, BuildSchedule] = {}


def progress_at(step: int, steps: int) -> float:
    """The one step-to-progress convention: 0 at the first step, 1 at the last."""
    return step / (steps - 1) if steps > 1 else 0.0


def build_schedule(recipe: Recipe, steps: int) -> Schedule:
    """The schedule that the recipe names, for a run of so many steps.

    Raises:
        UnknownName: no such schedule.
    """
    raise NotImplementedError


def tabulate(recipe: Recipe, steps: int) -> list[Rate]:
    """The rate of every step of a run: `steps` entries."""
    schedule = build_schedule(recipe, steps)
    return [schedule(progress_at(step, steps)) for step in range(steps)]
