"""The first trials: what one would try without a search.

The baseline's own regularization under the cycle, at three times its rate, on the longest and on a
middle length; and, since large rates are said to need less of other regularization (Smith & Topin
1708.07120, abstract), the same with a tenth of the weight decay.
"""

from __future__ import annotations

import math

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Dimension, SearchSpace
from autosuperconv.tuning.samplers.prior import LrPrior, cell_of

LARGER = 3.0
LESS_DECAY = 0.1


def initial_trials(
    space: SearchSpace, baseline: Recipe, prior: LrPrior
) -> tuple[dict[str, float | int], ...]:
    """Up to three sets of parameters inside the space, no two alike."""
    epochs = space.dimensions.get("epochs")
    ends = (
        (1.0, 1.0) if epochs is None or isinstance(epochs, Choices) else (epochs.low, epochs.high)
    )
    middle = math.sqrt(ends[0] * ends[1])
    wanted = [(ends[1], 1.0), (middle, 1.0), (middle, LESS_DECAY)]
    guesses = [_inside(space, baseline, prior, length, decay) for length, decay in wanted]
    return tuple(g for i, g in enumerate(guesses) if g not in guesses[:i])


def _inside(
    space: SearchSpace, baseline: Recipe, prior: LrPrior, epochs: float, decay: float
) -> dict[str, float | int]:
    wanted = {"weight_decay": baseline.weight_decay * decay, "epochs": epochs}
    guess = {
        name: nearest(dimension, wanted.get(name, getattr(baseline, name)))
        for name, dimension in space.dimensions.items()
    }
    if "max_lr" in guess:
        fixed = {"batch_size": baseline.batch_size, "weight_decay": baseline.weight_decay}
        rate = min(LARGER * baseline.max_lr, prior.cap(*cell_of({**fixed, **guess})))
        guess["max_lr"] = nearest(space.dimensions["max_lr"], rate)
    return guess


def nearest(dimension: Dimension, value: float) -> float | int:
    """The value of the dimension that is nearest to another."""
    if isinstance(dimension, Choices):
        return min(dimension.values, key=lambda choice: abs(choice - value))
    return min(max(value, dimension.low), dimension.high)
