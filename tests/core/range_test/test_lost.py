"""When a sweep is over, and that ending it then changes nothing in what is read."""

from __future__ import annotations

import math

import pytest

from autosuperconv.core.csv_table import parse_table
from autosuperconv.core.range_test import lost_from, read_sweep
from tests.core.range_test.test_logs import RETENTION, text_of

LR = [10 ** (-3 + 4 * (i + 1) / 25) for i in range(25)]
PHASE = [(i + 1) / 25 for i in range(25)]
NONE = (None,) * 25


def ended_at(
    accuracy: list[float | None], lr: list[float] = LR, chance: float | None = None
) -> int | None:
    """The first point at which the sweep is called over."""
    n = len(lr)
    phase = [(i + 1) / n for i in range(n)]
    for k in range(1, n + 1):
        if lost_from(lr[:k], accuracy[:k], [None] * k, phase[:k], chance) is not None:
            return k - 1
    return None


def test_four_evaluations_below_the_level_end_a_sweep() -> None:
    accuracy: list[float | None] = [*[0.1] * 5, 0.4, *[0.8] * 8, *[0.3] * 11]
    assert ended_at(accuracy) == 17  # points 14, 15, 16 and 17 are lost
    assert lost_from(LR[:18], accuracy[:18], NONE[:18], PHASE[:18]) == LR[13]


def test_a_dip_that_comes_back_does_not() -> None:
    assert ended_at([*[0.1] * 5, 0.4, *[0.8] * 6, *[0.3] * 3, *[0.8] * 10]) is None


def test_the_last_evaluations_must_reach_over_a_part_of_the_sweep() -> None:
    dense = [10 ** (-3 + 4 * (i + 1) / 100) for i in range(100)]
    accuracy: list[float | None] = [*[0.1] * 20, *[0.8] * 40, *[0.3] * 40]
    assert ended_at(accuracy, dense) == 71  # 12 points after the last good one, 59


@pytest.mark.parametrize(
    "accuracy",
    [
        [0.1] * 25,
        [*[0.1] * 5, *[0.8] * 20],
        [0.1 + 0.03 * i for i in range(25)],
        [*[0.1] * 12, 0.9, *[0.1] * 12],
        [None] * 25,
    ],
    ids=["chance", "kept", "still rising", "one spike", "nothing evaluated"],
)
def test_what_is_not_lost_goes_on(accuracy: list[float | None]) -> None:
    assert ended_at(accuracy) is None


@pytest.mark.parametrize("name", RETENTION)
def test_an_ended_log_reads_as_the_whole_one(name: str) -> None:
    """Those that are kept never end; of those that are not, the one that does not swing does."""
    lr, accuracy = rising_half(name)
    end = ended_at(accuracy, lr)
    assert (end is not None) is (name == "lrRange3SS520kClip10Fig12a")
    if end is None:
        return
    whole = read_sweep(lr, accuracy=accuracy)
    cut = read_sweep(lr[: end + 1], accuracy=accuracy[: end + 1])
    assert cut.possible is whole.possible is False
    assert cut.edge == whole.edge
    assert cut.peak_lr is not None
    assert whole.peak_lr is not None
    assert abs(math.log10(cut.peak_lr / whole.peak_lr)) < 0.06


def rising_half(name: str) -> tuple[list[float], list[float | None]]:
    table = parse_table(text_of(name), ("lr", "test_accuracy"))
    lr = [rate for rate in table["lr"] if rate is not None]
    top = lr.index(max(lr)) + 1
    return lr[:top], list(table["test_accuracy"][:top])


def test_the_largest_class_is_nothing_that_can_be_lost() -> None:
    """From one class to the other, and back: only what is above .9 was learned."""
    accuracy: list[float | None] = [0.1, 0.5, *[0.9] * 5, *[0.1] * 6, *[0.97] * 6, *[0.9] * 6]
    assert ended_at(accuracy) == 10
    assert ended_at(accuracy, chance=0.9) == 22  # four evaluations at .9 after the last at .97
