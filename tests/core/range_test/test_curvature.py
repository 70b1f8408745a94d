from __future__ import annotations

import math

import numpy as np
import pytest

from autosuperconv.core.range_test.curvature import curvature_lr, pure_noise_estimate
from autosuperconv.errors import InvalidInput


def test_on_a_quadratic_the_estimate_is_one_over_the_curvature() -> None:
    # f = 4 x^2 / 2 from x = 1 at rate 0.1: x goes 1, 0.6, 0.36; 0.1 * 0.4 / 0.16 = 1 / 4.
    assert curvature_lr(0.1, 0.4, 0.16) == pytest.approx(0.25)


@pytest.mark.parametrize(("moved", "bent"), [(1.0, 0.0), (math.inf, 1.0), (1.0, math.nan)])
def test_a_straight_or_broken_path_gives_no_estimate(moved: float, bent: float) -> None:
    assert curvature_lr(0.1, moved, bent) is None


@pytest.mark.parametrize(
    ("momentum", "stride", "expected"),
    [(0.0, 1, 0.7071), (0.9, 1, 2.2361), (0.95, 1, 3.1623), (0.0, 10, 0.7071), (0.9, 10, 1.03)],
)
def test_pure_noise_gives_a_known_multiple_of_the_rate(
    momentum: float, stride: int, expected: float
) -> None:
    null = pure_noise_estimate(0.1, momentum, stride)
    assert null == pytest.approx(0.1 * expected, rel=0.005)


@pytest.mark.parametrize("stride", [1, 3])
def test_a_simulation_of_pure_noise_agrees_with_its_formula(stride: int) -> None:
    rng, momentum, lr = np.random.default_rng(0), 0.8, 0.05
    velocity, theta, path = np.zeros(20_000), np.zeros(20_000), []
    for _ in range(60 + 2 * stride):
        velocity = momentum * velocity - lr * rng.standard_normal(velocity.size)
        theta = theta + velocity
        path.append(theta)
    a, b, c = (path[60 + i * stride - 1] for i in range(3))
    moved, bent = np.abs(b - a).sum(), np.abs(2 * b - a - c).sum()
    assert curvature_lr(lr, moved, bent) == pytest.approx(
        pure_noise_estimate(lr, momentum, stride), rel=0.03
    )


@pytest.mark.parametrize(("momentum", "stride"), [(1.0, 1), (-0.1, 1), (0.9, 0)])
def test_an_impossible_null_is_refused(momentum: float, stride: int) -> None:
    with pytest.raises(InvalidInput, match=r"momentum in \[0, 1\) and a stride of at least 1"):
        pure_noise_estimate(0.1, momentum, stride)
