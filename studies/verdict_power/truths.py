"""What simulated runs are drawn from, and the kinds of their noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SKEWED, SLIPS, HEAVY, NORMAL = "skewed", "slips, 1 in 20", "t with 3 df", "normal"


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulated runs are drawn from; differences from the baseline, in seed sds.

    Args:
        fast: of the cycle at T_B / 5.
        slow: of the cycle at T_B / 2.
        control: of the standard schedule at T_B / 5, less the fast cycle.
        at_bound: count `fast` and `slow` from the margin's bound, whatever margin comes out.
        cycle_sd: of the cycles.
        baseline_sd: of the baseline and the control.
        correlation: of the runs of one seed.
        noise: its kind.
    """

    fast: float
    slow: float
    control: float = -3.0
    at_bound: bool = False
    cycle_sd: float = 1.0
    baseline_sd: float = 1.0
    correlation: float = 0.1
    noise: str = NORMAL


def noise(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Of mean 0 and, but for the slips, sd 1."""
    if kind == SKEWED:
        return 1 - rng.exponential(size=shape)
    if kind == HEAVY:
        return rng.standard_t(3, shape) / np.sqrt(3)
    slips = 6 * ((rng.random(shape) < 0.05) - 0.05) if kind == SLIPS else 0.0
    return rng.standard_normal(shape) - slips
