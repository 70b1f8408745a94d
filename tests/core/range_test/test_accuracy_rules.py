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
