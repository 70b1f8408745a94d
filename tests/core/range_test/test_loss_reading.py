"""What the loss alone says, in words."""

from __future__ import annotations

import math

import pytest

from autosuperconv.core.range_test import read_sweep
from autosuperconv.core.trace import StopReason

RATES = [10 ** (-3 + i / 10) for i in range(41)]
FALL = [2.3] * 10 + [2.3 - 0.14 * i for i in range(1, 16)]
"""2.3 for ten points, then down in equal steps to 0.2 at index 24."""


@pytest.mark.parametrize(
    ("loss", "possible", "reason"),
    [
        (
            [*FALL, *[0.2] * 8, *[math.nan] * 8],
            False,
            "Diverged: the loss is not finite from learning rate 2 on.",
        ),
        (
            [2.3] * 41,
            None,
            "Cannot tell: the loss does not clearly fall up to learning rate 10.",
        ),
        (
            [*FALL, *[0.2] * 8, 0.5, 3.0, 9.0, *[50.0] * 5],
            False,
            "The fall of the loss is not kept: 0 % of the fall of the loss is left at the largest "
            "learning rates (up to 10); it rises from 2 on.",
        ),
        (
            # from 2 to 0, and back to 1.5: a quarter is just not lost
            [*[2.0] * 10, *[0.0] * 20, *[1.5] * 11],
            None,
            "Cannot tell without accuracy: 25 % of the fall of the loss is left at the largest "
            "learning rates (up to 10).",
        ),
        (
            # half of the fall is there from point 17 on, all of it from point 35 on
            FALL[:20] + [0.9 - 0.7 * i / 16 for i in range(1, 17)] + [0.2] * 5,
            True,
            "Kept, judging by the loss alone: 100 % of the fall of the loss is left at the largest "
            "learning rates (up to 10).",
        ),
    ],
)
def test_the_loss_says_why(loss: list[float], possible: bool | None, reason: str) -> None:
    reading = read_sweep(RATES, loss=loss)
    assert (reading.possible, reading.reason) == (possible, reason)


def test_a_few_losses_decide_nothing_and_suggest_nothing() -> None:
    reading = read_sweep([0.1, 1.0, 10.0], loss=[2.0, 1.0, 0.5])
    assert reading.reason == "Cannot tell: only 3 points, and no accuracy."
    assert reading.minimum_tenth is None


def test_a_loss_that_is_low_at_the_first_rate_alone_has_its_edge_there() -> None:
    assert read_sweep([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], loss=[0.5, 3, 3, 3, 3, 3]).edge == 0.1


@pytest.mark.parametrize("end", [[50.0, *[0.2] * 9], [1.0] * 10])
def test_a_single_high_loss_or_less_than_half_of_the_fall_is_no_rise(end: list[float]) -> None:
    assert read_sweep(RATES, loss=[*FALL, *[0.2] * 6, *end]).edge is None


@pytest.mark.parametrize(
    ("loss", "edge"),
    [
        ([*FALL, *[0.2] * 15, 50.0], RATES[40]),  # the last point is where it diverged, no rise
        ([*FALL, *[0.2] * 14, 50.0, 50.0], RATES[38]),
        ([0.5, 3, 3, 3, 3, 3, 9], RATES[0]),
    ],
)
def test_a_run_that_diverged_has_its_edge_where_the_loss_rises_before_its_last_point(
    loss: list[float], edge: float
) -> None:
    reading = read_sweep(RATES[: len(loss)], loss=loss, stopped=StopReason.DIVERGED)
    assert (reading.possible, reading.edge) == (False, edge)
