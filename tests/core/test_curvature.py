from __future__ import annotations

import math

import numpy as np
import pytest

from autosuperconv.core.curvature import (
    curvature_lr,
    movement_and_bend,
    moving_average,
    pure_noise_estimate,
)
from autosuperconv.errors import InvalidInput


def test_on_a_quadratic_the_estimate_is_one_over_the_curvature() -> None:
    # f = 4 x^2 / 2 from x = 1 at rate 0.1: x goes 1, 0.6, 0.36; 0.1 * 0.4 / 0.16 = 1 / 4.
    moved, bent = movement_and_bend(*([np.array([x])] for x in (1.0, 0.6, 0.36)))
    assert (moved, bent) == pytest.approx((0.4, 0.16))
    assert curvature_lr(0.1, moved, bent) == pytest.approx(0.25)


def test_weights_are_summed_in_absolute_value_over_all_tensors() -> None:
    theta0 = [np.array([[0.0, 0.0]]), np.array([1.0])]
    theta1 = [np.array([[1.0, -2.0]]), np.array([1.0])]
    theta2 = [np.array([[1.0, -3.0]]), np.array([2.0])]
    # |1| + |-2| + |0| = 3; |2-0-1| + |-4-0+3| + |2-1-2| = 1 + 1 + 1 = 3.
    assert movement_and_bend(theta0, theta1, theta2) == (3.0, 3.0)


@pytest.mark.parametrize(("moved", "bent"), [(1.0, 0.0), (math.inf, 1.0), (1.0, math.nan)])
def test_a_straight_or_broken_path_gives_no_estimate(moved: float, bent: float) -> None:
    assert curvature_lr(0.1, moved, bent) is None


def test_the_average_starts_at_a_tenth_and_moves_by_a_tenth() -> None:
    # 0.9 * 0.1 + 0.1 * 2 = 0.29; unchanged; 0.9 * 0.29 + 0.1 * 1 = 0.361.
    assert moving_average([2.0, None, 1.0]) == pytest.approx([0.29, 0.29, 0.361])


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
    moved, bent = movement_and_bend(*([path[60 + i * stride - 1]] for i in range(3)))
    assert curvature_lr(lr, moved, bent) == pytest.approx(
        pure_noise_estimate(lr, momentum, stride), rel=0.03
    )


def test_weights_of_different_shapes_are_refused() -> None:
    with pytest.raises(InvalidInput, match="same shapes"):
        movement_and_bend([np.zeros(2)], [np.zeros(2)], [np.zeros(3)])


@pytest.mark.parametrize(("momentum", "stride"), [(1.0, 1), (-0.1, 1), (0.9, 0)])
def test_an_impossible_null_is_refused(momentum: float, stride: int) -> None:
    with pytest.raises(InvalidInput, match=r"momentum in \[0, 1\) and a stride of at least 1"):
        pure_noise_estimate(0.1, momentum, stride)
