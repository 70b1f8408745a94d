"""Rungs: the lengths that the verdict distinguishes, in epochs, and what is trained at each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Trace
from autosuperconv.tuning.steps.ask import Answer

BELOW_SHORTEST = 0.75  # of the shorter rung: where the study's lengths begin
SHORTER = 0.95  # of a rung's length: T_B varies over seeds, and k must not fall below the rung


@dataclass(frozen=True, slots=True)
class Rung:
    """One length, and what was trained at it.

    Args:
        speedup: the least speed-up that a sound cycle of this length shows.
        answer: the best cycle at it.
        candidate: its runs, as measured on the test split.
        control: runs of the standard schedule compressed to this length; None where every learning
            rate diverges.
        control_recipe: of these; None where there are none.
    """

    speedup: float
    answer: Answer
    candidate: tuple[Trace, ...] = ()
    control: tuple[Trace, ...] | None = ()
    control_recipe: Recipe | None = None


def rung_lengths(setup: Setup, level: float, lengths: tuple[float, float]) -> dict[float, float]:
    """Least speed-up -> length in epochs, the highest speed-up first.

    Args:
        setup: the bounds of the verdict, and the lengths that the user allows.
        level: T_B, in samples.
        lengths: shortest and longest cycle of the study, in epochs.
    """
    criterion, n_train = setup.options.criterion, setup.n_train
    level /= n_train
    if setup.options.objective == "accuracy":
        return {level / lengths[1]: lengths[1]}
    given = setup.options.epochs
    low, high = given or (0.0, math.inf)
    wanted = sorted({criterion.min_speedup, criterion.min_acceleration}, reverse=True)
    found = {k: min(SHORTER * level / k, high) for k in wanted if SHORTER * level / k >= low}
    return found or {level / low: low}


def study_lengths(setup: Setup, level: float) -> tuple[float, float]:
    """Shortest and longest cycle of the study, in epochs: a little below the shorter rung, and the
    longer one; what the user gave, instead."""
    criterion = setup.options.criterion
    if setup.options.epochs is not None:
        return setup.options.epochs
    level /= setup.n_train
    rungs = criterion.min_speedup, criterion.min_acceleration
    return BELOW_SHORTEST * level / max(rungs), level / min(rungs)
