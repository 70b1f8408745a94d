"""How high the learning rate of a run really goes: the schedule's table, not `max_lr`.

A peak may fall between two steps, a schedule may be too short to climb, and some never get to
`max_lr`: the height of `exp_range` falls from the first step on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autosuperconv.core.format import counted, number
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import tabulate

REACHED = 0.95
"""A run that gets to this share of `max_lr` is said to reach it."""
MOST_STEPS = 200
"""Steps from which on one more changes nothing."""


def steps_of(recipe: Recipe, n_train: int) -> int:
    """Steps of a run: the number of whole batches nearest to `epochs`; at least two."""
    return max(2, round(recipe.epochs * n_train / recipe.batch_size))


def highest_lr(recipe: Recipe, steps: int, done: int | None = None) -> float:
    """The highest learning rate of a run.

    Args:
        recipe: what is trained.
        steps: of the whole run.
        done: of them, those that were made; None: all.
    """
    return max((now.lr for now in tabulate(recipe, steps)[:done]), default=0.0)


def reach(recipe: Recipe, steps: int) -> float:
    """The highest learning rate of a run over its `max_lr`."""
    return highest_lr(recipe, steps) / recipe.max_lr


def reach_in_search(
    base: Recipe, n_train: int, epochs: tuple[float, float], batch_sizes: Sequence[int]
) -> float:
    """Of the longest run of a search, in which it is best resolved.

    Args:
        base: names the schedule.
        n_train: training samples of one epoch.
        epochs: shortest and longest run.
        batch_sizes: that are searched.
    """
    longest = replace(base, epochs=epochs[1], batch_size=min(batch_sizes))
    return reach(base, min(steps_of(longest, n_train), MOST_STEPS))


def reach_notes(
    base: Recipe, n_train: int, epochs: tuple[float, float], batch_sizes: Sequence[int]
) -> tuple[str, ...]:
    """A sentence for the plan where runs do not reach `max_lr`; arguments as above."""
    name, batch = base.schedule, max(batch_sizes)
    best = reach_in_search(base, n_train, epochs, batch_sizes)
    if best < REACHED:
        return (
            f"The learning rate of {name} reaches at most {number(best)} of max_lr; the verdict "
            "and the prior use the learning rates that runs really have.",
        )
    fewest = steps_of(replace(base, epochs=epochs[0], batch_size=batch), n_train)
    most = steps_of(replace(base, epochs=epochs[1], batch_size=min(batch_sizes)), n_train)
    shares = {n: reach(base, n) for n in range(fewest, min(most, MOST_STEPS) + 1)}
    lowest = min(shares, key=shares.__getitem__)
    if shares[lowest] >= REACHED:
        return ()
    enough = max(n for n, share in shares.items() if share < REACHED) + 1
    return (
        f"{name} does not reach max_lr in every run: in {counted(lowest, 'step')} the learning "
        f"rate gets to {number(shares[lowest])} of it, and the shortest run (batch {batch}, "
        f"{number(epochs[0])} epochs of {n_train} samples) has {fewest}. It is reached from "
        f"{enough} steps on: give more --epochs or a smaller --batch-size.",
    )
