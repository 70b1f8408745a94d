"""The process against scikit-learn's, its likelihood's slope against differences."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from autosuperconv.core.stats.gaussian_process import Kernel, _likelihood, fit, matern

EXPECTED = Kernel((0.3, 1.0), 1.0, 0.05)


def wave(n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    return x, np.sin(6 * x[:, 0]) + noise * rng.normal(size=n)


def test_predictions_are_those_of_scikit_learn_with_the_same_kernel() -> None:
    x, y = wave(30, 0.1)
    process = fit(x, y, EXPECTED)
    k = process.kernel
    theirs = GaussianProcessRegressor(
        ConstantKernel(k.height) * Matern(k.scales, nu=2.5) + WhiteKernel(k.noise), optimizer=None
    ).fit(x, y - y.mean())
    at = np.random.default_rng(1).random((20, 2))
    mean, sd = process.predict(at)
    expected, with_noise = theirs.predict(at, return_std=True)
    assert mean == pytest.approx(expected + y.mean(), abs=1e-6)
    assert sd**2 + k.noise == pytest.approx(with_noise**2, abs=1e-6)


def test_the_slope_of_the_likelihood_is_that_of_its_differences() -> None:
    x, y = wave(12, 0.1)
    squares = (x[:, None, :] - x[None, :, :]) ** 2
    theta = np.log([0.8, 0.4, 1.3, 0.1])
    _, slope = _likelihood(theta, squares, y)
    for i, step in enumerate(1e-5 * np.eye(4)):
        up, down = (_likelihood(theta + s * step, squares, y)[0] for s in (1, -1))
        assert slope[i] == pytest.approx((up - down) / 2e-5, rel=1e-4)


def test_it_finds_which_coordinate_matters_and_how_noisy_values_are() -> None:
    kernel = fit(*wave(60, 0.2), EXPECTED).kernel
    assert kernel.scales[0] < 0.5 < kernel.scales[1]
    assert kernel.noise == pytest.approx(0.04, rel=0.5)


def test_far_from_all_runs_it_knows_nothing() -> None:
    x, y = wave(30, 0.05)
    process = fit(x, y, EXPECTED)
    mean, sd = process.predict(np.array([[50.0, 50.0]]))
    assert mean[0] == pytest.approx(y.mean())
    assert sd[0] ** 2 == pytest.approx(process.kernel.height)


def test_matern_falls_from_one() -> None:
    # (1 + sqrt(5) + 5/3) exp(-sqrt(5)) = 4.9027 * 0.10688
    assert matern(np.array([0.0, 1.0])) == pytest.approx([1.0, 0.52399], abs=1e-5)
