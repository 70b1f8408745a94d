"""What a sweep with accuracies says, word for word."""

from __future__ import annotations

import pytest

from autosuperconv.core.range_test import read_sweep

LINEAR = [i / 10 for i in range(1, 31)]
PEAK = "75.00 % at 0.4 (at least 75 % is required)"


def test_accuracy_that_holds_to_the_end_says_so() -> None:
    assert read_sweep(LINEAR, accuracy=[0.125, 0.5, *[0.75] * 28]).reason == (
        "Accuracy is kept: over the largest learning rates (2.8 to 3) accuracy is 75.00 % on "
        f"average, 100 % of its peak {PEAK}. It holds up to the end of the range, 3."
    )


def test_accuracy_that_falls_within_the_largest_rates_says_from_where() -> None:
    """Their mean (0.75 + 0.5 + 0.5) / 3 is above the level of 0.5625."""
    assert read_sweep(LINEAR, accuracy=[0.125, 0.5, *[0.75] * 26, 0.5, 0.5]).reason == (
        "Accuracy is kept: over the largest learning rates (2.8 to 3) accuracy is 58.33 % on "
        f"average, 78 % of its peak {PEAK}. It falls only above 2.8; the range ends at 3."
    )


def test_a_rise_to_the_end_says_over_how_much_of_the_range_accuracy_is_high() -> None:
    """Three quarters of the peak are reached at 2.2: (3 - 2.2) / 2.9."""
    reason = read_sweep(LINEAR, accuracy=[0.1 + 0.8 * i / 29 for i in range(30)]).reason
    assert reason.startswith(
        "Cannot tell: accuracy is still rising at the end of the range and is high over only the "
        "last 28 % of it; extend the range; over the largest learning rates (2.8 to 3) accuracy is "
    )


def test_a_quarter_of_the_rise_that_is_left_is_kept() -> None:
    """From 0.5 to 0.625, and back to 0.53125."""
    accuracy = [0.5, 0.5, *[0.625] * 15, *[0.53125] * 13]
    assert read_sweep(LINEAR, accuracy=accuracy).possible is True


def test_a_point_right_at_a_fifth_of_the_rise_is_the_floor() -> None:
    """0.125 of 0.625; the moving average of three is there from the second such point on."""
    accuracy = [*[0.0] * 3, *[0.125] * 4, *[0.625] * 23]
    assert read_sweep(LINEAR, accuracy=accuracy, chance=0.0).floor == pytest.approx(0.5)


def test_beside_an_accuracy_the_rules_of_the_loss_are_shown_too() -> None:
    loss = [*[2.0] * 10, *[1.0] * 5, *[0.5] * 15]
    with_, without = (
        read_sweep(LINEAR, accuracy=[0.5] * 30, loss=loss),
        read_sweep(LINEAR, loss=loss),
    )
    assert with_.valley is not None
    assert (with_.steepest, with_.valley, with_.minimum_tenth) == (
        without.steepest,
        without.valley,
        without.minimum_tenth,
    )
