"""Gaussian-process regression for a few dozen runs: scikit-learn's, with priors on the kernel.

The kernel is Matern 5/2 with one length scale per dimension. Its parameters are the most probable
ones under log-normal priors, because a likelihood alone cannot settle five length scales from ten
runs. scikit-learn's regressor takes no priors, but it takes an optimizer: ours adds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Loss = Callable[[Floats], tuple[float, Floats]]

FAR = 3.0  # standard deviations of the priors that a fit may go
SCALE_SD, LEVEL_SD = 0.7, 1.0  # of the logarithms
STEPS = 25


@dataclass(frozen=True, slots=True)
class Kernel:
    """What is believed about the function before any run.

    Args:
        scales: (d,) length scales.
        height: variance of the function.
        noise: variance of one observation.
    """

    scales: tuple[float, ...]
    height: float
    noise: float


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """The function after some runs.

    Args:
        kernel: with the parameters that were found.
        centre: mean of the observations.
        _regressor: scikit-learn's, fitted to the observations less their mean.
    """

    kernel: Kernel
    centre: float
    _regressor: Any

    def predict(self, x: Floats) -> tuple[Floats, Floats]:
        """(mean, standard deviation without noise) of the function; x: (m, d)."""
        mean, sd = self._regressor.predict(x, return_std=True)
        return mean + self.centre, np.sqrt(np.maximum(sd**2 - self.kernel.noise, 1e-12))

    def joint(self, x: Floats) -> tuple[Floats, Floats]:
        """(mean, covariance without noise) of the function at (m, d) points: (m,) and (m, m)."""
        mean, covariance = self._regressor.predict(x, return_cov=True)
        return mean + self.centre, covariance - self.kernel.noise * np.eye(len(x))


def fit_process(
    x: Floats, y: Floats, expected: Kernel, doubt: Floats | float = 0.0
) -> GaussianProcess:
    """The process through (n, d) points and their (n,) noisy values.

    Args:
        expected: medians of the priors on the kernel's parameters.
        doubt: (n,) known variances of the values beside the noise that all share.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    kernel = ConstantKernel(expected.height) * Matern(expected.scales, nu=2.5)
    kernel += WhiteKernel(expected.noise)
    centre = float(y.mean())
    regressor = GaussianProcessRegressor(kernel, alpha=doubt, optimizer=_most_probable)
    regressor.fit(x, y - centre)
    height, *scales, noise = (float(value) for value in np.exp(regressor.kernel_.theta))
    return GaussianProcess(Kernel(tuple(scales), height, noise), centre, regressor)


def _most_probable(likelihood: Loss, medians: Floats, bounds: Floats) -> tuple[Floats, float]:
    """What scikit-learn asks of an optimizer, with the priors in the place of its bounds.

    Args:
        likelihood: negative logarithm and its slope, of the logarithms of height, length scales
            and noise.
        medians: of the priors on these logarithms, where the search starts.
    """
    from scipy.optimize import minimize

    spread = np.array([LEVEL_SD, *[SCALE_SD] * (len(medians) - 2), LEVEL_SD])

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = likelihood(theta)
        away = (theta - medians) / spread
        return value + 0.5 * float(away @ away), slope + away / spread

    limits = list(zip(medians - FAR * spread, medians + FAR * spread, strict=True))
    found = minimize(
        loss, medians, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": STEPS}
    )
    return found.x, float(found.fun)
