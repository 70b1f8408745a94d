from __future__ import annotations

import pytest

from autosuperconv.reporting.figures import canvas


def test_labels_are_moved_apart_and_keep_their_order() -> None:
    # 1.0 and 1.1 become 1.0 and 2.0, then both go down by the mean shift of 0.45.
    assert canvas.apart([1.1, 1.0], 1.0) == pytest.approx([1.55, 0.55])
    assert canvas.apart([1.0, 5.0], 1.0) == [1.0, 5.0]
    assert canvas.apart([], 1.0) == []


def test_points_that_are_not_finite_are_left_out_of_a_curve() -> None:
    assert canvas.present((1, 2, 3), (0.5, None, float("nan")), 100.0) == ([1], [50.0])


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("theme", [canvas.LIGHT, canvas.DARK])
def test_text_contrasts_with_the_page_as_wcag_asks(theme: dict[str, str]) -> None:
    # WCAG 2.2: 4.5 for text (1.4.3), 3 for marks (1.4.11).
    for name, least in {
        "ink": 4.5,
        "soft": 4.5,
        "baseline": 4.5,
        "candidate": 4.5,
        "control": 4.5,
        "completed": 4.5,
        "diverged": 4.5,
        "above-edge": 4.5,
        "pruned": 3.0,
        "out-of-memory": 3.0,
    }.items():
        pair = sorted((_luminance(theme[name]), _luminance(theme["page"])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least, name


def test_both_themes_have_the_same_colours_and_no_two_are_equal() -> None:
    assert canvas.LIGHT.keys() == canvas.DARK.keys()
    assert len(set(canvas.LIGHT.values())) == len(canvas.LIGHT)
