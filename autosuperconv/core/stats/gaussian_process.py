"""Gaussian-process regression for a few dozen runs, in milliseconds.

Rasmussen & Williams 2006: prediction by algorithm 2.1, the likelihood's slope by eq. 5.9. The
kernel is Matern 5/2 with a length scale a dimension. Its parameters are the most probable under
log-normal priors: a likelihood alone cannot settle five length scales from ten runs, and
scikit-learn's regressor takes no priors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

Floats = NDArray[np.float64]

ROOT_5 = 5.0**0.5
FAR = 3.0  # standard deviations of the priors that a fit may go
SCALE_SD, LEVEL_SD = 0.7, 1.0  # of the logarithms
STEPS = 25


@dataclass(frozen=True, slots=True)
class Kernel:
    """What is believed of the function before any run.

    Args:
        scales: (d,) length scales. height: variance. noise: variance of one observation.
    """

    scales: tuple[float, ...]
    height: float
    noise: float


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """The function after some runs."""

    kernel: Kernel
    centre: float
    _at: Floats
    _factor: Floats
    _weights: Floats

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """(mean, standard deviation without noise) of the function; x: (m, d)."""
        cross = self.kernel.height * matern(distances(x, self._at, self.kernel.scales))
        rest = solve_triangular(self._factor, cross.T, lower=True)
        variance = self.kernel.height - (rest**2).sum(axis=0)
        return cross @ self._weights + self.centre, np.sqrt(np.maximum(variance, 1e-12))


def fit(x: Floats, y: Floats, expected: Kernel) -> GaussianProcess:
    """The process through (n, d) points and their (n,) noisy values.

    Args:
        expected: medians of the priors on the kernel's parameters.
    """
    middle = np.log([expected.height, *expected.scales, expected.noise])
    spread = np.array([LEVEL_SD, *[SCALE_SD] * len(expected.scales), LEVEL_SD])
    centre = float(y.mean())
    squares = (x[:, None, :] - x[None, :, :]) ** 2

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = _likelihood(theta, squares, y - centre)
        away = (theta - middle) / spread
        return value + 0.5 * float(away @ away), slope + away / spread

    limits = list(zip(middle - FAR * spread, middle + FAR * spread, strict=True))
    found = minimize(
        loss, middle, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": STEPS}
    )
    height, *scales, noise = (float(v) for v in np.exp(found.x))
    kernel = Kernel(tuple(scales), height, noise)
    gram = height * matern(distances(x, x, kernel.scales)) + noise * np.eye(len(x))
    factor = np.asarray(np.linalg.cholesky(gram))
    return GaussianProcess(kernel, centre, x, factor, cho_solve((factor, True), y - centre))


def matern(r: Floats) -> Floats:
    """Matern 5/2 of height 1, of a distance in length scales."""
    s = ROOT_5 * r
    return np.asarray((1 + s + s**2 / 3) * np.exp(-s))


def distances(a: Floats, b: Floats, scales: tuple[float, ...]) -> Floats:
    """(m, n) distances between (m, d) and (n, d) points, in length scales."""
    p, q = a / np.array(scales), b / np.array(scales)
    squares = (p**2).sum(axis=1)[:, None] + (q**2).sum(axis=1)[None] - 2 * p @ q.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def _likelihood(theta: Floats, squares: Floats, y: Floats) -> tuple[float, Floats]:
    """Negative log likelihood (without its constant) and its slope in the log parameters."""
    height, noise = np.exp(theta[0]), np.exp(theta[-1])
    inverse_squares = np.exp(-2 * theta[1:-1])
    s = ROOT_5 * np.sqrt(squares @ inverse_squares)
    decay = np.exp(-s)
    signal = height * (1 + s + s**2 / 3) * decay
    factor = np.linalg.cholesky(signal + noise * np.eye(len(y)))
    weights = cho_solve((factor, True), y)
    outer = cho_solve((factor, True), np.eye(len(y))) - np.outer(weights, weights)
    slope = np.empty_like(theta)
    slope[0] = 0.5 * np.sum(outer * signal)
    slope[-1] = 0.5 * noise * np.trace(outer)
    by_scale = outer * (height * (5 / 3) * (1 + s) * decay)
    slope[1:-1] = 0.5 * np.einsum("ij,ijk->k", by_scale, squares) * inverse_squares
    return float(0.5 * y @ weights + np.log(np.diag(factor)).sum()), slope
