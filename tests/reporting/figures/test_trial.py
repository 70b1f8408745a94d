"""The small picture kept with every trial."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from autosuperconv.core.report import Curve
from autosuperconv.reporting.figures.canvas import LIGHT
from autosuperconv.reporting.figures.trial import learning_curve_png, nice_ticks


def pixels(curve: Curve) -> np.ndarray:
    image = Image.open(io.BytesIO(learning_curve_png(curve, "trial 7")))
    return np.asarray(image.convert("RGB"))


def coloured(picture: np.ndarray, role: str) -> np.ndarray:
    """(row, column) of every pixel in a role's colour."""
    rgb = [int(LIGHT[role][i : i + 2], 16) for i in (1, 3, 5)]
    return np.argwhere((picture == rgb).all(-1))


def test_a_rising_accuracy_rises_in_the_picture() -> None:
    phases = tuple(i / 10 for i in range(11))
    curve = Curve(phases, phases, (0.1,) * 11, (1.0,) * 11, phases)
    found = coloured(pixels(curve), "candidate")
    left, right = found[found[:, 1].argmin()], found[found[:, 1].argmax()]
    assert right[0] < left[0] - 50
    assert right[1] > left[1] + 500


def test_a_single_measurement_is_a_dot() -> None:
    curve = Curve((0.5, 1.0), (1, 2), (0.1, 0.1), (1.0, 2.0), (None, 0.9))
    assert len(coloured(pixels(curve), "candidate")) > 20


def test_a_run_without_any_finite_value_still_has_a_picture() -> None:
    curve = Curve((0.5,), (1,), (0.1,), (None,), (None,))
    assert len(coloured(pixels(curve), "candidate")) == 0


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.0, 1.0, [0, 0.5, 1]), (2.0, 41.0, [10, 20, 30, 40]), (-3.0, 5.0, [-2, 0, 2, 4])],
)
def test_ticks_are_round_and_inside(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)
