"""The fit under priors, and predictions without the noise of a single run."""

import numpy as np
import pytest

from autosuperconv.core.stats.gaussian_process import Kernel, fit_process

EXPECTED = Kernel((0.3, 1.0), 1.0, 0.05)


def wave(n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    return x, np.sin(6 * x[:, 0]) + noise * rng.normal(size=n)


def test_two_runs_far_apart_leave_the_kernel_at_the_priors_medians() -> None:
    # At 100 length scales the two are independent: the likelihood has no slope in the scales.
    process = fit_process(np.array([[0.0, 0.0], [100.0, 100.0]]), np.array([0.0, 0.0]), EXPECTED)
    assert process.kernel.scales == pytest.approx(EXPECTED.scales, rel=1e-6)


def test_two_equal_runs_pull_height_and_noise_below_their_medians_by_hand() -> None:
    # Independent zeros: minimize ln(h + v) + (ln h)^2 / 2 + (ln v - ln 0.05)^2 / 2. The slopes are
    # h / (h + v) + ln h = 0 and v / (h + v) + ln v - ln 0.05 = 0.
    process = fit_process(np.array([[0.0, 0.0], [100.0, 100.0]]), np.array([0.0, 0.0]), EXPECTED)
    h, v = process.kernel.height, process.kernel.noise
    assert h / (h + v) + np.log(h) == pytest.approx(0, abs=1e-3)
    assert v / (h + v) + np.log(v / 0.05) == pytest.approx(0, abs=1e-3)


def test_it_finds_which_coordinate_matters_and_how_noisy_values_are() -> None:
    kernel = fit_process(*wave(60, 0.2), EXPECTED).kernel
    assert kernel.scales[0] < 0.5 < kernel.scales[1]
    assert kernel.noise == pytest.approx(0.04, rel=0.5)


def test_far_from_all_runs_it_knows_nothing() -> None:
    x, y = wave(30, 0.05)
    process = fit_process(x, y, EXPECTED)
    mean, sd = process.predict(np.array([[50.0, 50.0]]))
    assert mean[0] == pytest.approx(y.mean())
    assert sd[0] ** 2 == pytest.approx(process.kernel.height)  # and none of the noise


def test_it_passes_through_runs_that_have_no_noise() -> None:
    x, y = wave(30, 0.0)
    process = fit_process(x, y, Kernel((0.3, 1.0), 1.0, 1e-6))
    assert process.predict(x)[0] == pytest.approx(y, abs=1e-2)
