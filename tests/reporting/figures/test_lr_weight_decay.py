from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.report import Report
from autosuperconv.reporting.figures.lr_weight_decay import contour_levels
from autosuperconv.reporting.figures.pictures import picture_svg
from tests.reporting.conftest import Drawn


def test_lines_of_equal_accuracy_are_drawn_where_there_is_a_model(
    report: Report, pictures: Drawn
) -> None:
    assert "equal accuracy, by the model" in pictures["plane", True]
    bare = picture_svg("plane", replace(report, surrogate=None))
    assert bare is not None
    assert "equal accuracy" not in bare


@pytest.mark.parametrize(
    ("low", "high", "levels"),
    [
        (90.0, 92.0, [91.0, 91.5, 91.8, 91.9]),
        (30.0, 98.0, [58.0, 78.0, 88.0, 93.0, 96.0]),
        (92.0, 92.0, []),
    ],
)
def test_levels_lie_closer_together_near_the_top(
    low: float, high: float, levels: list[float]
) -> None:
    assert contour_levels(low, high) == levels
