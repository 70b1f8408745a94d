"""Tells a sweep that is clearly over: its accuracy is lost, and lost for good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autosuperconv.core.range_test.accuracy_rules import edge_index, take_apart
from autosuperconv.core.range_test.sweep_curve import Values
from autosuperconv.core.range_test.sweep_reading import prepare_sweep

MIN_EVALUATIONS = 6
"""Fewer say nothing yet."""
LOST = 4
"""Evaluations below the level, one after the other, after which none is awaited above it."""
LOST_FOR = 0.12
"""Share of the whole sweep that they must reach over.

On 64 own sweeps (digits and MNIST, 30 to 80 steps) and the rising halves of 15 of the author's
logs these two end 25 curves, 12 % of a sweep before their end on average. Class and edge are those
of the whole curve in all, the floor in 24 and the peak in 24 (by one evaluation). No curve that is
kept to its end is ended. With 3 evaluations over a tenth, 38 end, and 7 read otherwise. Of 108
sweeps that the rule was not chosen on (digits; an MLP, a LeNet and a ResNet-8; SGD and Adam; equal
steps and equal factors) it ends 18, 15 % before their end, and class and edge are the same in all.
"""


def lost_from(
    lr: Sequence[float],
    accuracy: Values,
    loss: Values,
    phase: Sequence[float],
    chance: float | None = None,
) -> float | None:
    """The learning rate from which on accuracy is lost for good; None while it may come back.

    The edge is found by the rules of the reading, on the curve so far; so it is the one that the
    reading of the ended sweep gives.

    Args:
        lr, accuracy, loss: the sweep so far, one entry a point, as for `read_sweep`.
        phase: share of the whole sweep at each point.
        chance: accuracy without learning anything, as for `read_sweep`.
    """
    sweep = prepare_sweep(lr, accuracy, loss)
    if isinstance(sweep, str) or sweep.accuracy.y.size < MIN_EVALUATIONS:
        return None
    a = take_apart(sweep.accuracy, sweep.loss, chance)
    last = edge_index(a) if a.learned else None
    if last is None:
        return None
    after = a.raw[last + 1 :]
    if after.size < LOST or np.any(after >= a.level):
        return None
    at = [p for p, rate in zip(phase, lr, strict=True) if rate <= a.lr[last]]
    covered = phase[-1] - at[-1] if at else 0.0
    return float(a.lr[last]) if covered >= LOST_FOR else None
