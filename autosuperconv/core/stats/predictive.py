"""What later looks at growing data will probably show (Spiegelhalter, Freedman & Blackburn 1986).

Stopping where they would hardly settle the question can only make claims rarer, so the limits of
the looks need not know of it: the rule is non-binding (Jennison & Turnbull, "Group Sequential
Methods", 2000, sections 4.5 and 10.3).

The functions work on arrays of repetitions, which the simulations use, and on single numbers alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autosuperconv.core.stats.moderated import t_limit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LastLook:
    """Predictive probabilities of the last planned look; each of the shape of the repetitions.

    Args:
        passes: the whole interval lies above the bound.
        fails: the whole interval lies below it.
    """

    passes: Floats
    fails: Floats


def foresee(
    above: ArrayLike,
    error: ArrayLike,
    degrees: ArrayLike,
    growth: float,
    z: tuple[ArrayLike, ArrayLike],
) -> LastLook:
    """Of a difference that is `above` its bound now.

    By then its standard error is error / sqrt(growth), and from now to then it moves by as much as
    is normal: with no prior, its variance is what the error loses.

    Args:
        above: difference less bound.
        error: standard error now.
        degrees: of freedom at that look.
        growth: information at that look over information now, above 1.
        z: normal limits of the lower and the upper end at that look.
    """
    from scipy.special import ndtr

    distance, now = np.asarray(above, dtype=float), np.asarray(error, dtype=float)
    then, moves = now / np.sqrt(growth), now * np.sqrt(1 - 1 / growth)
    low, high = (t_limit(limit, degrees) * then for limit in z)
    return LastLook(ndtr((distance - low) / moves), ndtr((-distance - high) / moves))
