"""Limits for looking at growing data several times at one error in all.

The error is spent as the information grows (Lan & DeMets 1983), here by a power of it (Kim &
DeMets 1987). The limits that spend it are exact: the density of the score over the paths that have
crossed none of the earlier limits is carried from look to look by quadrature (Armitage, McPherson
& Rowe 1969; Jennison & Turnbull, "Group Sequential Methods", 2000, chapter 19).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from autosuperconv.errors import InvalidInput

Floats = NDArray[np.float64]

NODES = 301  # of the quadrature; 1e-6 of a probability even where a look adds 1 % of information
FAR = 9.0  # standard deviations below which a path is not followed
EXPONENT = 1.5  # between Pocock's limits (about 1) and O'Brien and Fleming's (about 3)


@lru_cache(maxsize=256)
def limits(
    information: tuple[float, ...], alpha: float, exponent: float = EXPONENT, spent: float = 0.0
) -> tuple[float, ...]:
    """The z that must be exceeded at each look; one-sided.

    Args:
        information: at each planned look, rising, in any unit; for a difference of two means
            1 / (1 / n + 1 / m), because variances drop out of the ratios.
        alpha: error of all looks together.
        exponent: after the share t of the information, alpha * t ** exponent is spent.
        spent: of alpha, by looks that are not among these.

    Raises:
        InvalidInput: the information does not rise, or there is no error left to spend.
    """
    shares = checked_shares(information)
    if not 0 < alpha - spent < 1:
        raise InvalidInput(
            f"alpha - spent must be above 0 and below 1, but got {alpha:g} - {spent:g}."
        )
    spending = (alpha - spent) * np.asarray(shares) ** exponent
    found: list[float] = []
    for error in np.diff(spending, prepend=0.0):
        found.append(limit_that_spends(float(error), shares[: len(found) + 1], found))
    return tuple(found)


def crossing(information: tuple[float, ...], at: tuple[float, ...]) -> tuple[float, ...]:
    """Probability that each look is the first at which z exceeds its limit, without an effect.

    Raises:
        InvalidInput: the information does not rise, or there is not one limit for each look.
    """
    shares = checked_shares(information)
    if len(at) != len(shares):
        raise InvalidInput(f"crossing needs {len(shares)} limits, but got {len(at)}.")
    paths = surviving(shares, at)
    return tuple(
        float(tail(z * math.sqrt(share), share, before))
        for z, share, before in zip(at, shares, paths, strict=True)
    )


def checked_shares(information: tuple[float, ...]) -> tuple[float, ...]:
    """Each look's share of the last one's information."""
    if not information or not all(
        a < b for a, b in zip((0.0, *information), information, strict=False)
    ):
        raise InvalidInput(f"information must rise from above 0, but got {information}.")
    return tuple(i / information[-1] for i in information)


Paths = tuple[float, Floats, Floats]
"""Share of the information, places of the score, and the probability that each stands for."""


def surviving(shares: tuple[float, ...], at: tuple[float, ...]) -> Iterator[Paths]:
    """Before each look, the paths that crossed no limit so far."""
    paths: Paths = (0.0, np.zeros(1), np.ones(1))
    for share, z in zip(shares, at, strict=True):
        yield paths
        paths = carried(paths, share, z)


def carried(paths: Paths, share: float, z: float) -> Paths:
    """The paths after a look at `share`, below its limit."""
    before, places, weights = paths
    nodes, widths = quadrature()
    half = (max(z * math.sqrt(share), -FAR) + FAR) / 2
    new = half * (nodes + 1) - FAR
    step = math.sqrt(share - before)
    away = (new[:, None] - places[None, :]) / step
    density = np.exp(-away * away / 2) @ weights / (step * math.sqrt(2 * math.pi))
    return share, new, density * widths * half


@lru_cache(maxsize=1)
def quadrature() -> tuple[Floats, Floats]:
    """Nodes and weights on -1 to 1."""
    nodes, widths = np.polynomial.legendre.leggauss(NODES)
    return nodes, widths


def tail(score: float, share: float, paths: Paths) -> float:
    """Probability that a path is above a score at `share`."""
    from scipy.special import ndtr

    before, places, weights = paths
    return float(ndtr((places - score) / math.sqrt(share - before)) @ weights)


def limit_that_spends(error: float, shares: tuple[float, ...], earlier: list[float]) -> float:
    """The z of the last of these looks, after the earlier ones' limits."""
    from scipy.optimize import brentq

    *_, paths = surviving(shares, (*earlier, 0.0))
    share = shares[-1]
    score = brentq(lambda s: tail(s, share, paths) - error, -FAR, FAR, xtol=1e-10)
    return float(score) / math.sqrt(share)
