"""Noise and a few points suggest nothing."""

from __future__ import annotations

import numpy as np
import pytest

from autosuperconv.core.range_test import read_sweep
from autosuperconv.core.range_test.types import Reading


def swept(loss: np.ndarray) -> Reading:
    return read_sweep(list(np.geomspace(1e-3, 10, len(loss))), loss=list(loss))


def suggested(reading: Reading) -> list[float]:
    rates = (reading.steepest, reading.valley, reading.minimum_tenth)
    return [rate for rate in rates if rate is not None]


@pytest.mark.parametrize("points", [6, 8, 12, 20, 50, 80])
@pytest.mark.parametrize(("level", "sd"), [(0.7, 0.01), (0.7, 0.1), (2.3, 1.0)])
def test_the_loss_of_pure_noise_suggests_no_learning_rate(
    points: int, level: float, sd: float
) -> None:
    noise = [np.random.default_rng(seed).standard_normal(points) for seed in range(200)]
    assert sum(bool(suggested(swept(level + sd * n))) for n in noise) <= 4


def test_a_loss_that_rises_or_stays_suggests_none() -> None:
    noise = 0.01 * np.random.default_rng(0).standard_normal(50)
    assert suggested(swept(0.7 + np.linspace(0, 1, 50) + noise)) == []
    assert suggested(swept(np.full(50, 0.7))) == []


@pytest.mark.parametrize("points", [2, 3, 4, 7])
def test_a_few_points_suggest_none_however_clear_they_are(points: int) -> None:
    assert suggested(swept(np.linspace(1.0, 0.2, points))) == []


@pytest.mark.parametrize("points", [8, 20, 80])
def test_a_clear_fall_suggests_all_three(points: int) -> None:
    rng = np.random.default_rng(0)
    loss = np.interp(np.linspace(0, 1, points), [0, 0.3, 0.7, 1], [2.3, 2.3, 0.5, 0.6])
    assert len(suggested(swept(loss + 0.03 * rng.standard_normal(points)))) == 3


def test_the_accuracy_of_pure_noise_is_not_taken_for_learning() -> None:
    rates = list(np.geomspace(1e-3, 10, 50))
    noise = [0.05 * np.random.default_rng(seed).standard_normal(50) for seed in range(200)]
    peaks = [read_sweep(rates, accuracy=list(0.5 + n)).peak_lr for n in noise]
    assert sum(peak is not None for peak in peaks) <= 4
