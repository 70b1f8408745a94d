"""The learning rate that the curvature along the path suggests: "simplified Hessian-free".

From three successive weight vectors (Smith & Topin, 1708.07120, section 5, eq. 8):

    estimate = lr * sum |theta1 - theta0| / sum |2 theta1 - theta0 - theta2|

It is 1 / curvature where steps follow the gradient of a quadratic. It assumes that there is no
momentum, and it is proportional to the rate in use also where gradients are pure noise: so it is
to be shown beside that null, `pure_noise_estimate`.
"""

from __future__ import annotations

import math

import numpy as np

from autosuperconv.errors import InvalidInput

ALPHA = 0.1
"""Weight of the newest estimate in the moving average (section 5)."""
START = 0.1
"""Where the author's code starts the moving average."""


def curvature_lr(lr: float, moved: float, bent: float) -> float | None:
    """Eq. 8 from its two sums; None where the path does not bend, so that any learning rate
    would do, or is not finite."""
    if not (bent > 0 and math.isfinite(moved) and math.isfinite(bent)):
        return None
    return lr * moved / bent


def pure_noise_estimate(lr: float, momentum: float, stride: int = 1) -> float:
    """What eq. 8 returns if gradients are independent noise of constant size: its null.

    Steps v_i = momentum * v_(i-1) - lr * noise have autocorrelation momentum**j at lag j. With V
    the variance of the sum of `stride` steps and C its covariance with the next such sum, the
    estimate is lr * sqrt(V / (2 (V - C))); for successive steps lr / sqrt(2 (1 - momentum)).

    Args:
        stride: steps between the three weight vectors.

    Raises:
        InvalidInput: momentum outside [0, 1) or stride below 1.
    """
    if not 0 <= momentum < 1 or stride < 1:
        raise InvalidInput(
            "pure_noise_estimate needs a momentum in [0, 1) and a stride of at least 1, but got "
            f"{momentum:g} and {stride}."
        )
    lags = np.arange(2 * stride)
    correlation = momentum**lags
    own = np.where(lags == 0, stride, 2 * np.maximum(stride - lags, 0))
    variance = float(own @ correlation)
    covariance = float(np.minimum(lags, 2 * stride - lags) @ correlation)
    return lr * math.sqrt(variance / (2 * (variance - covariance)))
