"""What the cells say: worth of each factor, with limits that hold for all of them at once.

Every function takes arrays whose leading axes are repetitions, so that studies/verdict_power
simulates what a search does. The spread of a run comes from replicate runs of the confirmation, all
in one. Where the cells themselves show more, that is taken: the confirmation's recipes are sound
ones, and a worse recipe's runs often spread more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autosuperconv.core.stats.moderated import PRIOR_DEGREES
from autosuperconv.core.stats.simultaneous import simultaneous_quantile
from autosuperconv.core.tradeoff.fraction import Cell, contrasts, model_matrix, spare_columns

Floats = NDArray[np.float64]

MEAN_ALPHA = {1: 0.05, 2: 0.05, 3: 0.05, 4: 0.07, 5: 0.075}
"""Number of factors -> chance that a limit of any one's worth over both orders misses, before the
larger of two spreads is taken, which lowers it. Simulated, all limits together miss in less than
5 % (studies/verdict_power)."""
LAST_ALPHA = 0.02
"""The same of the worth as the last change."""
MORE_ALPHA = 0.01
"""The same of the one factor that gets more seeds."""
REFUTED = 0.05
"""Level of the F test that drops it."""
NARROWLY = 0.7
"""Share of the half-width beyond which limits that include zero do so narrowly. At 0.5, three times
as many searches train more seeds where nothing is there, and few more of them find what is."""
SPARE = 6
"""Fewest interactions from which a spread is read."""
REPLICATES = 3
"""Fewest degrees of freedom within cells from which a spread is read."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Variance of a run over seeds."""

    variance: Floats
    """Of each repetition."""
    degrees: Floats
    """Of freedom, of each repetition; 0: the variance is not known, and NaN."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """Worth of each factor, shape (..., factors); NaN where the cells do not tell."""

    mean: Floats
    """Mean of the worth as the first and as the last change: a main effect."""
    mean_half: Floats
    """Half-width of its limits."""
    last: Floats
    """The winner less the winner with the factor reverted, as main effects and interactions of two
    factors say."""
    last_half: Floats
    """Half-width of its limits."""
    noise: Noise
    """Of a run over seeds, as the limits have it."""


def pooled_noise(groups: Sequence[ArrayLike], prior: tuple[ArrayLike, int] | None = None) -> Noise:
    """The spread within groups of replicate runs, moderated towards an earlier estimate (Smyth,
    "Linear models and empirical Bayes methods", 2004), which is dropped where it is refuted.

    Args:
        groups: each of shape (..., n), n >= 1.
        prior: a standard deviation and its degrees of freedom.
    """
    arrays = [np.asarray(group, dtype=float) for group in groups]
    degrees = sum(a.shape[-1] - 1 for a in arrays)
    squares = sum(np.square(a - a.mean(axis=-1, keepdims=True)).sum(axis=-1) for a in arrays)
    own = np.asarray(squares, dtype=float)
    if prior is None or prior[1] == 0:
        return Noise(own / degrees if degrees else own + np.nan, np.full(own.shape, float(degrees)))
    expected, known = np.square(np.asarray(prior[0], dtype=float)), min(prior[1], PRIOR_DEGREES)
    weight = np.full(own.shape, float(known))
    if degrees:
        from scipy import stats  # slow to import

        weight[own > degrees * expected * stats.f.isf(REFUTED, degrees, known)] = 0.0
    total = degrees + weight
    return Noise((own + weight * expected) / total, total)


def noise_of_cells(cells: Sequence[Cell], values: Sequence[Floats]) -> Floats | None:
    """Variance of a run as the cells show it: within those trained more than once, the winner's
    left out; else from the interactions, of which most are taken to be nothing (Lenth, "Quick and
    easy analysis of unreplicated factorials", 1989). None where there are too few of either.
    """
    own = [v for v, cell in zip(values, cells, strict=True) if -1 in cell]
    if sum(v.shape[-1] - 1 for v in own) >= REPLICATES:
        return pooled_noise(own).variance
    columns = spare_columns(cells)
    if columns.shape[1] < SPARE:
        return None
    averages = np.stack([v.mean(axis=-1) for v in values], axis=-1)
    per_run = sum(1 / v.shape[-1] for v in values)
    sizes = np.abs(averages @ columns) / np.sqrt(per_run)
    rough = 1.5 * np.median(sizes, axis=-1, keepdims=True)
    small = np.where(sizes <= 2.5 * rough, sizes, np.nan)
    return np.asarray(np.square(1.5 * np.nanmedian(small, axis=-1)))


def estimate(cells: Sequence[Cell], values: Sequence[ArrayLike], noise: Noise) -> Estimates:
    """Least squares on the cells' mean accuracies.

    Args:
        cells: the winner's first.
        values: accuracies of each cell's runs, shape (..., n).
        noise: of the replicate runs.
    """
    runs = [np.asarray(v, dtype=float) for v in values]
    averages = np.stack(np.broadcast_arrays(*(v.mean(axis=-1) for v in runs)), axis=-1)
    per_run = np.array([1 / v.shape[-1] for v in runs])
    shown = noise_of_cells(cells, runs)
    if shown is not None:
        noise = replace(noise, variance=np.maximum(noise.variance, shown))
    factors = len(cells[0])
    usual = MEAN_ALPHA[factors]
    alphas = (usual, LAST_ALPHA if factors > 1 else usual)  # one alone is both first and last
    found = []
    for wanted, alpha in zip(contrasts(factors), alphas, strict=True):
        weights = _weights(model_matrix(cells), wanted)
        size = np.sqrt(noise.variance[..., None] * (np.square(weights) @ per_run))
        half = size * quantiles(factors, noise.degrees, alpha)[..., None]
        found.append((averages @ weights.T, half))
    (mean, mean_half), (last, last_half) = found
    return Estimates(mean, mean_half, last, last_half, noise)


def half_width_alone(runs: tuple[int, int], noise: Noise, count: int, alpha: float) -> Floats:
    """Half-width of the limits of a difference between two means of runs.

    Args:
        runs: on either side.
        noise: of a run.
        count: differences about which something is said.
        alpha: chance that any of their limits misses.
    """
    size = np.sqrt(noise.variance * (1 / runs[0] + 1 / runs[1]))
    return np.asarray(size * quantiles(count, noise.degrees, alpha))


def narrowly(difference: ArrayLike, half: ArrayLike) -> NDArray[np.bool_]:
    """Whether limits include zero, and the estimate is a gain beyond half of their half-width."""
    share = np.asarray(difference, dtype=float) / np.asarray(half, dtype=float)
    return np.asarray((share > NARROWLY) & (share <= 1))


def quantiles(count: int, degrees: Floats, alpha: float) -> Floats:
    """`simultaneous_quantile` of each repetition; infinite without any degree of freedom."""
    reach = np.full(degrees.shape, np.inf)
    for known in np.unique(degrees[degrees > 0]):
        reach[degrees == known] = simultaneous_quantile(count, float(known), alpha)
    return reach


def estimable(cells: Sequence[Cell]) -> tuple[bool, ...]:
    """Of each factor, whether the cells tell its worth over both orders."""
    wanted, _ = contrasts(len(cells[0]))
    return tuple(not math.isnan(row[0]) for row in _weights(model_matrix(cells), wanted))


def _weights(model: Floats, wanted: Floats) -> Floats:
    """Of each cell in each wanted contrast; NaN where the cells leave it open."""
    inverse = np.linalg.pinv(model)
    missed = np.abs(wanted @ inverse @ model - wanted).max(axis=1, keepdims=True)
    return np.where(missed < 1e-9, wanted @ inverse, np.nan)
