"""What noise may excuse at the end of a sweep, and how long accuracy is held."""

from __future__ import annotations

import pytest

from autosuperconv.core.range_test import read_sweep
from autosuperconv.core.range_test.sweep_reading import held_stretch

LINEAR = [i / 10 for i in range(1, 31)]
"""The last tenth of the range is three points, the last three tenths nine."""


def plateau(noise: float, end: float) -> list[float]:
    """0.8, up and down by `noise` from point to point, and `end` over the last tenth."""
    return [0.1, 0.5, *(0.8 + noise * (-1) ** i for i in range(25)), end, end, end]


@pytest.mark.parametrize(
    ("noise", "end", "possible"),
    [
        # scatter 4 x 0.020 / 1.652 = 0.048: two standard errors of three points are 0.056
        (0.020, 0.56, None),
        # scatter 4 x 0.015 / 1.652 = 0.036, so 0.042; the level is 0.75 x 0.805 = 0.604
        (0.015, 0.55, False),
        # 0.22, but noise excuses at most 0.15 of the peak, 0.124; the level is 0.62
        (0.080, 0.47, False),
        (0.080, 0.50, None),
    ],
)
def test_an_end_below_the_level_by_less_than_its_noise_cannot_tell(
    noise: float, end: float, possible: bool | None
) -> None:
    assert read_sweep(LINEAR, accuracy=plateau(noise, end)).possible is possible


def test_accuracy_that_is_never_lost_is_held_to_the_last_point() -> None:
    """The level is 0.6, which the moving average of three has from the second 0.8 on."""
    accuracy = [*[0.1] * 8, 0.3, 0.6, *[0.8] * 20]
    assert held_stretch(LINEAR, accuracy=accuracy) == (LINEAR[10], LINEAR[-1])


def test_nothing_is_held_where_nothing_rises_is_measured_or_learned() -> None:
    assert held_stretch([1.0] * 9, accuracy=[0.5] * 9) is None
    assert held_stretch(LINEAR, accuracy=[None] * 30) is None
    assert held_stretch(LINEAR, accuracy=[0.1] * 30, chance=0.1) is None


@pytest.mark.parametrize(
    ("points", "accuracy", "retention"),
    [
        # ten points: the peak is a mean of three, 0.6; the largest rates are two points at least
        (10, [*[0.1] * 3, *[0.5] * 3, 0.8, 0.5, 0.5, 0.4], 0.45 / 0.6),
        # nine: the peak is the highest point
        (9, [*[0.1] * 3, *[0.5] * 3, 0.8, 0.5, 0.5], 0.5 / 0.8),
        # five: the largest rates may be one point
        (5, [0.1, 0.8, 0.8, 0.8, 0.4], 0.5),
    ],
)
def test_of_few_points_less_is_averaged(
    points: int, accuracy: list[float], retention: float
) -> None:
    read = read_sweep(LINEAR[:points], accuracy=accuracy).retention
    assert read == pytest.approx(retention)


def test_the_peak_is_a_mean_over_a_twentieth_of_the_range() -> None:
    """81 points over four decades: five of them, four at 0.5 and one at 0.8."""
    lr = [10 ** (-3 + i / 20) for i in range(81)]
    accuracy = [*[0.1] * 20, *[0.5] * 61]
    accuracy[50] = 0.8
    assert read_sweep(lr, accuracy=accuracy).retention == pytest.approx(0.5 / 0.56)


@pytest.mark.parametrize(("last", "edge"), [(0.25, None), (0.234375, LINEAR[-2])])
def test_a_single_last_point_is_an_edge_where_it_lost_three_quarters(
    last: float, edge: float | None
) -> None:
    """Chance 0.125, the level 0.75 x 0.75 = 0.5625: a quarter of the way is at 0.234375."""
    accuracy = [0.125, 0.5, *[0.75] * 27, last]
    assert read_sweep(LINEAR, accuracy=accuracy, chance=0.125).edge == edge


@pytest.mark.parametrize(
    ("accuracy", "chance", "learned"),
    [
        ([0.005] * 30, 0.0, False),  # less than a point above chance
        ([0.1, 0.25] * 15, 0.1, False),  # noise of 0.15 / 0.954, and three times that is needed
        ([*[0.1, 0.2] * 5, *[0.4, 0.5] * 10], 0.1, True),  # 0.4 above, noise 0.105
    ],
)
def test_learning_is_a_rise_by_a_point_and_by_three_times_the_noise(
    accuracy: list[float], chance: float, learned: bool
) -> None:
    reading = read_sweep(LINEAR, accuracy=accuracy, chance=chance)
    assert (reading.floor is not None) is learned


def test_a_sweep_that_is_never_finite_has_its_edge_at_the_first_rate() -> None:
    reading = read_sweep(LINEAR, accuracy=[float("nan")] * 30)
    assert (reading.possible, reading.edge) == (False, LINEAR[0])
