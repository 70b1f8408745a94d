"""Where runs diverge: logistic regression with a prior on every weight, and its uncertainty.

Bishop 2006, section 4.5: the most probable weights, a Gaussian about them (Laplace), and the
probability averaged over it (eq. 4.153 with the probit's approximation). Few runs diverge in a
search, so the prior decides what they leave open: runs at higher learning rates diverge more often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stability:
    """Probability that a run diverges, over (m, d) features.

    Args:
        weights: (d + 1,) of the features, the constant first.
        covariance: (d + 1, d + 1) of the weights.
    """

    weights: Floats
    covariance: Floats

    def diverges(self, features: Floats) -> Floats:
        """(m,) probabilities."""
        from scipy.special import expit

        z = with_one(features)
        variance = np.einsum("ij,jk,ik->i", z, self.covariance, z)
        return np.asarray(expit(z @ self.weights / np.sqrt(1 + np.pi * variance / 8)))

    def draw(self, features: Floats, rng: np.random.Generator, draws: int) -> Floats:
        """(draws, m) probabilities, each row by one draw of the weights."""
        from scipy.special import expit

        weights = rng.multivariate_normal(self.weights, self.covariance, draws)
        return np.asarray(expit(weights @ with_one(features).T))


def fit_stability(
    features: Floats, diverged: NDArray[np.bool_], expected: Floats, spread: Floats
) -> Stability:
    """From runs and whether they diverged.

    Args:
        features: (n, d); n may be 0.
        diverged: (n,).
        expected: (d + 1,) means of the priors on the weights, the constant first.
        spread: (d + 1,) their standard deviations.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    z, sign = with_one(features), np.where(diverged, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin, away = sign * (z @ weights), (weights - expected) / spread
        value = np.logaddexp(0.0, -margin).sum() + 0.5 * away @ away
        return float(value), -(sign * expit(-margin)) @ z + away / spread

    weights = minimize(loss, expected, jac=True, method="L-BFGS-B").x
    p = expit(z @ weights)
    precision = (z * (p * (1 - p))[:, None]).T @ z + np.diag(1 / spread**2)
    return Stability(weights, np.linalg.inv(precision))


def with_one(features: Floats) -> Floats:
    """A column of ones in front."""
    return np.column_stack([np.ones(len(features)), features])
