"""The first trials of a study: what one would try without a search.

They are the baseline's own regularization under the cycle, at a little more than three
times its learning rate, at the longest and at a middle length; and, since large learning rates are
said to need less of other regularization (Smith & Topin, arXiv:1708.07120, abstract), the latter
with a tenth of the weight decay.
"""

from __future__ import annotations

import math

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Dimension, Range, SearchSpace
from autosuperconv.tuning.samplers.prior import LrPrior, cell_of

LARGER_LR = 3.1  # above the bound of C3, because a peak may fall between two steps
LESS_DECAY = 0.1


def initial_trials(
    space: SearchSpace, baseline: Recipe, prior: LrPrior
) -> tuple[dict[str, float | int], ...]:
    """Up to three different sets of parameters inside the space."""
    epochs = space.dimensions.get("epochs")
    low, high = (epochs.low, epochs.high) if isinstance(epochs, Range) else (1.0, 1.0)
    middle = math.sqrt(low * high)
    variants = [(high, 1.0), (middle, 1.0), (middle, LESS_DECAY)]
    trials = [_inside(space, baseline, prior, length, decay) for length, decay in variants]
    return tuple(trial for i, trial in enumerate(trials) if trial not in trials[:i])


def _inside(
    space: SearchSpace, baseline: Recipe, prior: LrPrior, epochs: float, decay_factor: float
) -> dict[str, float | int]:
    changed = {"weight_decay": baseline.weight_decay * decay_factor, "epochs": epochs}
    params = {
        name: nearest_value(dimension, changed.get(name, getattr(baseline, name)))
        for name, dimension in space.dimensions.items()
    }
    if "max_lr" in params:
        fixed = {"batch_size": baseline.batch_size, "weight_decay": baseline.weight_decay}
        lr = min(LARGER_LR * baseline.max_lr / prior.reach, prior.cap(cell_of({**fixed, **params})))
        params["max_lr"] = nearest_value(space.dimensions["max_lr"], lr)
    return params


def nearest_value(dimension: Dimension, value: float) -> float | int:
    """The value of the dimension that is nearest to another one."""
    if isinstance(dimension, Choices):
        return min(dimension.values, key=lambda choice: abs(choice - value))
    return min(max(value, dimension.low), dimension.high)
