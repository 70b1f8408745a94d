"""Reading single sweeps: curves worked by hand."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.range_test import read_recorded, read_sweep
from autosuperconv.errors import InvalidInput

LINEAR = [i / 10 for i in range(1, 31)]
"""0.1 to 3 in thirty equal steps: the last tenth of the range is 2.71 to 3, three points."""
DECADES = [10 ** (-3 + i / 10) for i in range(41)]
"""0.001 to 10 by equal factors: the last tenth is the last 0.4 decade, five points."""
RISE = [0.1] * 8 + [0.3, 0.6]
KEPT = [*RISE, *[0.8] * 31]
COLLAPSES = [*RISE, *[0.8] * 20, *[0.1] * 11]
NAN = math.nan


def test_an_accuracy_that_is_kept_to_the_highest_rate_makes_it_possible() -> None:
    reading = read_sweep(LINEAR, accuracy=[0.1, 0.5, *[0.8] * 28])
    assert reading.possible is True
    assert reading.edge is None
    assert reading.retention == pytest.approx(1)
    assert "80.00 % on average, 100 % of its peak 80.00 %" in reading.reason


def test_retention_is_the_mean_of_the_last_tenth_over_the_smoothed_peak() -> None:
    accuracy = [0.1, 0.5, *[0.8] * 25, 0.6, 0.5, 0.4]
    assert read_sweep(LINEAR, accuracy=accuracy).retention == pytest.approx(0.5 / 0.8)


def test_on_an_exponential_sweep_the_last_tenth_is_one_of_decades() -> None:
    accuracy = [*RISE, *[0.8] * 26, *[0.4] * 5]
    reading = read_sweep(DECADES, accuracy=accuracy)
    assert reading.retention == pytest.approx(0.5)
    assert reading.possible is False


def test_floor_and_edge_are_where_learning_starts_and_where_accuracy_is_last_kept() -> None:
    reading = read_sweep(DECADES, accuracy=COLLAPSES, chance=0.1)
    assert reading.floor == DECADES[8]
    assert reading.edge == DECADES[29]
    assert reading.possible is False
    assert "kept from about 6.31e-3 to 0.794" in reading.reason


def test_points_without_an_evaluation_are_passed_over() -> None:
    every_other = [a if i % 2 == 0 else None for i, a in enumerate(COLLAPSES)]
    reading = read_sweep(DECADES, accuracy=every_other, chance=0.1)
    assert reading.edge == DECADES[28]
    assert reading.possible is False


def test_percent_reads_as_fractions_do() -> None:
    percent = [100 * a for a in COLLAPSES]
    assert read_sweep(DECADES, accuracy=percent) == read_sweep(DECADES, accuracy=COLLAPSES)


def test_a_single_bad_evaluation_is_no_break() -> None:
    accuracy = [*RISE, *[0.8] * 12, 0.2, *[0.8] * 18]
    reading = read_sweep(DECADES, accuracy=accuracy)
    assert reading.edge is None
    assert reading.possible is True


def test_a_single_good_evaluation_after_the_break_does_not_move_the_edge() -> None:
    accuracy = [*RISE, *[0.8] * 20, *[0.1] * 5, 0.7, *[0.1] * 5]
    assert read_sweep(DECADES, accuracy=accuracy).edge == DECADES[29]


def test_a_single_spike_is_not_learning() -> None:
    accuracy = [*[0.1] * 10, 0.9, *[0.1] * 30]
    assert read_sweep(DECADES, accuracy=accuracy).possible is None
    assert read_sweep(DECADES, accuracy=accuracy, chance=0.1).possible is False


def test_a_non_finite_accuracy_from_some_rate_on_is_a_break_there() -> None:
    reading = read_sweep(DECADES, accuracy=[*RISE, *[0.8] * 20, *[NAN] * 11])
    assert reading.edge == DECADES[29]
    assert reading.retention == 0
    assert reading.possible is False
    assert "diverges at learning rate 1;" in reading.reason


def test_a_non_finite_loss_where_accuracy_is_not_evaluated_any_more_is_a_break() -> None:
    accuracy = [*RISE, *[0.8] * 20, *[None] * 11]
    loss = [2.3] * 10 + [1.0] * 20 + [math.inf] * 11
    reading = read_sweep(DECADES, accuracy=accuracy, loss=loss)
    assert reading.edge == DECADES[29]
    assert reading.possible is False


def test_a_sweep_that_stopped_because_its_loss_blew_up_has_an_edge() -> None:
    accuracy = [*RISE, *[0.8] * 5, None]
    loss = [2.3] * 10 + [1.0] * 5 + [40.0]
    reading = read_sweep(DECADES[:16], accuracy=accuracy, loss=loss)
    assert reading.edge == DECADES[14]
    assert reading.possible is False


def test_a_passing_non_finite_value_counts_as_not_measured() -> None:
    reading = read_sweep(DECADES, accuracy=[NAN if i == 20 else a for i, a in enumerate(KEPT)])
    assert reading.edge is None
    assert reading.possible is True


def test_a_sweep_that_breaks_at_once_has_its_edge_at_the_lowest_rate() -> None:
    reading = read_sweep(LINEAR, accuracy=[0.8] + [0.1] * 29)
    assert reading.edge == LINEAR[0]
    assert reading.possible is False


def test_a_rise_to_the_end_cannot_tell_and_asks_for_a_longer_range() -> None:
    reading = read_sweep(LINEAR, accuracy=[0.1 + 0.8 * i / 29 for i in range(30)])
    assert reading.possible is None
    assert reading.edge is None
    assert "extend the range" in reading.reason


def test_a_constant_accuracy_is_judged_only_against_a_known_chance() -> None:
    low = [0.1] * 30
    assert read_sweep(LINEAR, accuracy=low).possible is None
    assert read_sweep(LINEAR, accuracy=low, chance=0.1).possible is False
    assert read_sweep(LINEAR, accuracy=[0.9] * 30, chance=0.1).possible is True


@pytest.mark.parametrize(
    ("accuracy", "chance", "possible", "reason"),
    [
        (
            [0.1] * 30,
            0.1,
            False,
            "Nothing is learned: accuracy stays at 10.00 %, not clearly above chance (10.00 %), "
            "from learning rate 0.1 to 3.",
        ),
        (
            [*[0.0005] * 29, 0.0],
            None,
            None,
            "Cannot tell: accuracy stays between 0.00 % and 0.05 %, which may be chance; it "
            "neither rises nor falls clearly from learning rate 0.1 to 3.",
        ),
        (
            [*[0.1] * 20, *[NAN] * 10],
            None,
            False,
            "Nothing is learned: the run diverges at learning rate 2.1.",
        ),
    ],
)
def test_a_sweep_that_learns_nothing_says_where_its_accuracy_stays(
    accuracy: list[float], chance: float | None, possible: bool | None, reason: str
) -> None:
    reading = read_sweep(LINEAR, accuracy=accuracy, chance=chance)
    assert (reading.possible, reading.reason) == (possible, reason)


def test_falling_back_to_a_high_chance_is_a_break() -> None:
    accuracy = [*[0.5] * 10, *[0.65] * 20, *[0.5] * 11]
    reading = read_sweep(DECADES, accuracy=accuracy, chance=0.5)
    assert reading.edge == DECADES[29]
    assert reading.possible is False


def test_falling_back_to_what_may_be_a_high_chance_cannot_tell() -> None:
    accuracy = [0.5, 0.6, *[0.69] * 10, 0.65, 0.6, 0.57, *[0.53] * 15]
    reading = read_sweep(LINEAR, accuracy=accuracy)
    assert reading.possible is None
    assert "fallen back close to its lowest value, 50.00 %, which may be chance" in reading.reason
    assert read_sweep(LINEAR, accuracy=accuracy, chance=0.5).possible is False
    assert read_sweep(LINEAR, accuracy=accuracy, chance=0.01).possible is True


@pytest.mark.parametrize("points", [1, 3])
def test_too_few_points_cannot_tell(points: int) -> None:
    reading = read_sweep([0.1, 1.0, 10.0][:points], accuracy=[0.1, 0.8, 0.1][:points])
    assert reading.possible is None
    assert f"only {points} point" in reading.reason


def test_no_points_cannot_tell() -> None:
    assert read_sweep([], accuracy=[]).reason == "There are no points."
    assert read_sweep(LINEAR, accuracy=[None] * 30).reason == (
        "There are no points: no row has both a learning rate and an accuracy or a loss."
    )


def test_points_in_no_order_read_as_sorted_ones() -> None:
    mixed = list(zip(DECADES, COLLAPSES, strict=True))
    random.Random(0).shuffle(mixed)
    reading = read_sweep([lr for lr, _ in mixed], accuracy=[a for _, a in mixed])
    assert reading.edge == DECADES[29]
    assert "put in the order" in reading.reason


def test_random_rates_are_not_taken_for_cycles() -> None:
    lr = np.random.default_rng(0).uniform(0, 3, 20_000).tolist()
    reading = read_sweep(lr, accuracy=[0.8 if 0.2 < rate < 1.5 else 0.1 for rate in lr])
    assert "put in the order" in reading.reason
    assert reading.edge == pytest.approx(1.5, abs=0.01)


def test_rates_that_are_held_for_some_points_do_no_harm() -> None:
    lr = [lr for lr in LINEAR for _ in range(3)]
    accuracy = [a for a in [0.1, 0.5, *[0.8] * 18, *[0.1] * 10] for _ in range(3)]
    reading = read_sweep(lr, accuracy=accuracy)
    assert reading.edge == 2.0
    assert "Note" not in reading.reason


def test_of_a_triangle_the_rise_is_read_and_the_reason_says_so() -> None:
    fall = LINEAR[-2::-1]
    reading = read_sweep(LINEAR + fall, accuracy=[0.1, 0.5, *[0.8] * 28, *[0.1] * len(fall)])
    assert reading.possible is True
    assert "only points 1 to 30 of 59 are the sweep" in reading.reason


def test_a_last_row_back_at_the_start_is_left_out() -> None:
    reading = read_sweep([*LINEAR, 0.0], accuracy=[0.1, 0.5, *[0.8] * 28, 0.1])
    assert reading.possible is True
    assert "only points 1 to 30 of 31" in reading.reason


@pytest.mark.parametrize(
    ("lr", "why"), [([1.0] * 9, "constant at 1"), (LINEAR[::-1], "falls from 3 to 0.1")]
)
def test_a_rate_that_does_not_rise_is_no_range_test(lr: list[float], why: str) -> None:
    reading = read_sweep(lr, accuracy=[0.5] * len(lr))
    assert reading.possible is None
    assert reading.reason.startswith(
        f"Not a range test: the learning rate {'is ' * (why[0] == 'c')}"
    )
    assert why in reading.reason


@pytest.mark.parametrize("rest", [[1.0] * 95, [1.0] * 50 + [0.1] * 45])
def test_a_warm_up_before_another_schedule_is_no_range_test(rest: list[float]) -> None:
    reading = read_sweep([0.2, 0.4, 0.6, 0.8, *rest], accuracy=[0.5] * 99)
    assert reading.possible is None
    assert "Not a range test: only points 1 to 5 of 99" in reading.reason


def test_of_several_cycles_the_first_rise_is_read() -> None:
    cycle = LINEAR + LINEAR[-2:0:-1]
    accuracy = [0.1, 0.5, *[0.8] * 28, *[0.1] * (2 * len(cycle) - 30)]
    reading = read_sweep(cycle * 2, accuracy=accuracy)
    assert reading.possible is True
    assert "only points 1 to 30 of 116" in reading.reason


FALLING_LOSS = [2.3] * 10 + [2.3 - 0.14 * i for i in range(1, 16)]
"""2.3 for ten points, then down in equal steps to 0.2 at index 24."""


def test_steepest_valley_and_minimum_are_read_off_the_loss() -> None:
    loss = [2.0] * 10 + [1.8, 1.6, 0.8, 0.6] + [0.6] * 6 + [0.5] * 21
    reading = read_sweep(DECADES, loss=loss)
    assert reading.steepest == pytest.approx(DECADES[11], rel=0.3)
    assert reading.valley is not None
    assert DECADES[9] <= reading.valley <= DECADES[20]
    assert reading.minimum_tenth == pytest.approx(DECADES[21] / 10)


def test_without_accuracy_the_edge_is_where_the_loss_has_lost_half_of_its_fall() -> None:
    loss = [*FALLING_LOSS, *[0.2] * 8, 0.5, 3.0, 9.0, *[50.0] * 5]
    reading = read_sweep(DECADES, loss=loss)
    assert reading.edge == DECADES[33]
    assert reading.possible is False
    assert reading.floor is None


def test_without_accuracy_a_loss_that_stays_low_is_possible() -> None:
    reading = read_sweep(DECADES, loss=[*FALLING_LOSS, *[0.2] * 16])
    assert reading.possible is True
    assert "by the loss alone" in reading.reason


def test_without_accuracy_a_loss_that_loses_a_part_of_its_fall_cannot_tell() -> None:
    assert read_sweep(DECADES, loss=[*FALLING_LOSS, *[0.7] * 16]).possible is None


def test_without_accuracy_a_loss_still_falling_at_the_end_cannot_tell() -> None:
    reading = read_sweep(DECADES[:25], loss=FALLING_LOSS)
    assert reading.possible is None


def test_a_loss_that_is_never_finite_breaks_at_the_first_rate() -> None:
    reading = read_sweep(DECADES, loss=[NAN] * 41)
    assert reading.edge == DECADES[0]
    assert reading.possible is False


def test_a_loss_that_does_not_fall_cannot_tell() -> None:
    assert read_sweep(DECADES, loss=[2.3] * 41).possible is None


def test_a_loss_that_falls_by_less_than_rounding_does_not_fall() -> None:
    reading = read_sweep(LINEAR[:5], loss=[0.0, 0.0, 0.0, -5e-324, 1.0])
    assert "the loss never falls" in reading.reason


def test_a_million_points_take_less_than_two_seconds() -> None:
    count = 10**6
    lr = np.linspace(0.001, 3, count).tolist()
    accuracy = np.minimum(np.linspace(0.1, 8, count), 0.8).tolist()
    start = time.process_time()
    assert read_sweep(lr, accuracy=accuracy, loss=accuracy).possible is True
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("lr", "accuracy", "chance", "message"),
    [
        ([0.1, -0.2], [0.1, 0.2], None, r"lr must be 0 or above, but got -0.2 at point 2"),
        ([0.0, -0.2], [0.1, 0.2], None, r"lr must be 0 or above, but got -0.2 at point 2"),
        ([0.1, 0.2], [0.0, 101.0], None, r"accuracy must lie between 0 and 1 .* but got 101"),
        ([0.1, 0.2], [0.1, 1.5], None, r"between 0 and 1 .* highest is 1.5: "),
        ([0.1, 0.2], [0.1, 0.2], 1.0, r"chance must be at least 0 and below 1, but got 1"),
        (
            [0.1, 0.2],
            [0.1],
            None,
            r"accuracy must have one entry per learning rate \(2\), but has 1",
        ),
        ([0.1, 0.2], [0.1, -1.0], None, r"accuracy must lie between 0 and 1 .* but got -1"),
        ([0.1, 0.2], [0.1, 101.0], None, r"accuracy must lie between 0 and 1 .* but got 101"),
        (
            [0.1, 0.2],
            [0.1, 1.2],
            None,
            r"between 0 and 1 .* highest is 1.2: .* write fractions of 1",
        ),
        ([0.1, 0.2], [0.1, 0.2], 10.0, r"chance must be at least 0 and below 1, but got 10"),
    ],
)
def test_what_cannot_be_a_sweep_is_refused(
    lr: list[float], accuracy: list[float], chance: float | None, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_sweep(lr, accuracy=accuracy, chance=chance)


def test_one_loss_too_few_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidInput, match=r"^loss must have one entry per learning rate \(2\)"):
        read_sweep([0.1, 0.2], loss=[1.0])


def test_a_hundred_percent_is_a_percentage() -> None:
    accuracy = [10, 50, *[100] * 28]
    assert "of its peak 100.00 %" in read_sweep(LINEAR, accuracy=accuracy).reason


RATES = st.one_of(st.floats(0, 1e3), st.sampled_from([0.0, 0.1, 1.0, NAN, math.inf]))
ACCURACIES = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([NAN, math.inf, 0.1]))
LOSSES = st.one_of(st.none(), st.floats(), st.floats(0, 5))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(RATES, ACCURACIES, LOSSES), max_size=40), st.booleans(), st.booleans())
def test_any_curve_gets_an_answer_with_a_reason(
    points: list[tuple[float, float | None, float | None]], by_rate: bool, loss_only: bool
) -> None:
    points = sorted(points, key=lambda point: point[0]) if by_rate else points
    lr = [point[0] for point in points]
    accuracy = None if loss_only else [point[1] for point in points]
    reading = read_sweep(lr, accuracy=accuracy, loss=[point[2] for point in points])
    assert reading.reason
    named = (reading.floor, reading.edge, reading.peak_lr)
    assert all(rate is None or rate in lr for rate in named)


def test_a_recorded_sweep_is_read_from_its_columns() -> None:
    rows = [
        f"{i},{lr},{a},x" for i, (lr, a) in enumerate(zip(LINEAR, [0.1, *[0.8] * 29], strict=True))
    ]
    reading = read_recorded("\n".join(["iteration,lr,test_accuracy,note", *rows, "9,,0.1,x"]))
    assert reading.possible is True


def test_a_recorded_sweep_prefers_the_test_loss_where_there_is_no_accuracy() -> None:
    rows = [
        f"{lr},,{loss},0.1" for lr, loss in zip(DECADES, [*FALLING_LOSS, *[9.0] * 16], strict=True)
    ]
    reading = read_recorded("\n".join(["lr,test_accuracy,test_loss,train_loss", *rows]))
    assert reading.edge == DECADES[24]


def test_beside_an_accuracy_the_training_loss_says_that_a_recorded_sweep_diverged() -> None:
    rows = [f"{lr},{a},0.5,0.5" for lr, a in zip(LINEAR, [0.1, *[0.8] * 28], strict=False)]
    reading = read_recorded("\n".join(["lr,accuracy,test_loss,train_loss", *rows, "3,,0.5,nan"]))
    assert reading.reason.startswith("Accuracy is not kept: the run diverges at learning rate 3;")


def test_rates_on_other_rows_than_the_accuracies_are_said_to_be_apart() -> None:
    rows = "".join(f"{lr},\n,0.8\n" for lr in LINEAR)
    reading = read_recorded(f"lr,accuracy\n{rows}")
    assert reading.possible is None
    assert "no row has both a learning rate and an accuracy or a loss" in reading.reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate,loss\n1,2\n", "must have a column 'lr'"),
        ("LR,Loss\n1,2\n", "header names 'LR', 'Loss'; rename it there, in small letters"),
        ("lr loss\n1 2\n", "header names 'lr loss'; .* separated by commas"),
        ("lr,accuracies\n1,2\n", "at least one of the columns test_accuracy, accuracy, test_loss"),
        ("lr,loss\n1,two\n", "Line 2, column 'loss' .* got 'two'"),
    ],
)
def test_a_recording_without_the_columns_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_recorded(text)
