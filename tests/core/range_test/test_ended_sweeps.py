"""How a sweep ended never makes its reading better, and live and recorded sweeps read alike."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.curve import Curve
from autosuperconv.core.range_test import never_lost, read_recorded, read_sweep, summarise_cell
from autosuperconv.core.range_test.types import Cell, Reading
from autosuperconv.core.trace import StopReason

RATES = tuple(10 ** (-3 + 4 * i / 18) for i in range(19))
RISING = tuple(0.5 + 0.4 * i / 17 for i in range(18))
PLATEAU = (*[0.5] * 6, *[0.6, 0.66, 0.72, 0.78, 0.84, 0.9], *[0.9] * 6)
LATE = (*[0.5] * 14, 0.6, 0.7, 0.8, 0.9)
COURSES = {"rising": RISING, "plateau": PLATEAU, "rising late": LATE}
LOSS = (0.7,) * 18


def live(
    accuracy: tuple[float, ...], stopped: StopReason, chance: float | None = None, end: float = 0.7
) -> Reading:
    """A sweep that was not evaluated at its last point, where the loss is `end`."""
    loss = (*LOSS[: len(accuracy)], end if math.isfinite(end) else None)
    curve = Curve(lr=RATES[: len(accuracy) + 1], train_loss=loss, accuracy=(*accuracy, None))
    return summarise_cell(64, 1e-4, [curve], [0], [stopped], chance).readings[0]


def recorded(accuracy: tuple[float, ...], end: float) -> Reading:
    rows = [f"{lr},{a},0.7" for lr, a in zip(RATES, accuracy, strict=False)]
    return read_recorded("\n".join(("lr,accuracy,train_loss", *rows, f"{RATES[-1]},,{end}")))


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("end", [math.nan, math.inf, -math.inf, 2.9])
def test_a_sweep_that_diverges_at_its_last_point_is_not_kept_live_or_recorded(
    course: str, end: float
) -> None:
    reading = live(COURSES[course], StopReason.DIVERGED, end=end)
    assert reading.possible is False
    assert reading.reason.startswith("Accuracy is not kept: the run diverges at learning rate 10;")
    assert "extend" not in reading.reason
    told = recorded(COURSES[course], end)
    assert (reading.edge, reading.reason) == (told.edge, told.reason)
    assert reading.retention == told.retention


def test_a_high_majority_share_does_not_stand_in_for_the_point_that_diverged() -> None:
    reading = live(RISING, StopReason.DIVERGED, chance=0.85, end=math.nan)
    assert reading.possible is False
    assert reading.retention is not None
    assert reading.retention < 0.6


def test_a_sweep_that_diverges_within_a_few_points_is_not_kept() -> None:
    accuracy = (0.5, 0.9)
    reading = live(accuracy, StopReason.DIVERGED, end=math.nan)
    assert (reading.possible, reading.edge) == (False, RATES[1])


def test_a_sweep_that_is_at_chance_in_the_end_is_not_kept_though_it_was_measured() -> None:
    curve = Curve(lr=RATES, train_loss=(*LOSS, 0.7), accuracy=(*PLATEAU, 0.5))
    stopped = [StopReason.COMPLETED], [StopReason.DIVERGED]
    cells = [summarise_cell(64, 1e-4, [curve], [0], why) for why in stopped]
    assert [cell.readings[0].possible for cell in cells] == [True, False]


def test_a_sweep_that_learns_nothing_and_ends_at_chance_has_no_edge() -> None:
    curve = Curve(lr=RATES, train_loss=(0.7,) * 19, accuracy=(0.5,) * 19)
    cell = summarise_cell(64, 1e-4, [curve], [0], [StopReason.DIVERGED], 0.5)
    assert (cell.possible, cell.edge) == (False, None)


def test_a_sweep_that_ran_out_of_memory_cannot_tell_and_says_how_far_it_got() -> None:
    reading = live(PLATEAU, StopReason.OUT_OF_MEMORY)
    assert reading.possible is None
    assert reading.reason == (
        "Cannot tell: the sweep ended early, at learning rate 10 (out-of-memory)."
    )


def test_a_sweep_that_lost_its_accuracy_before_it_ran_out_of_memory_is_not_kept() -> None:
    lost = (*PLATEAU[:12], *[0.5] * 6)
    assert live(lost, StopReason.OUT_OF_MEMORY, chance=0.5).possible is False


def cut(accuracy: tuple[float, ...], end: int, loss: bool = True) -> Cell:
    """A cell whose accuracy was measured at the first points alone."""
    seen = (*accuracy[:end], *[None] * (19 - end))
    curve = Curve(lr=RATES, train_loss=(0.7,) * 19 if loss else (), accuracy=seen)
    return summarise_cell(64, 1e-4, [curve], [0], [StopReason.COMPLETED])


@pytest.mark.parametrize("loss", [True, False])
def test_accuracy_that_was_not_measured_at_the_largest_rates_is_not_known_to_be_kept(
    loss: bool,
) -> None:
    cell = cut((*PLATEAU, 0.9), 15, loss)
    assert cell.possible is None
    assert "accuracy was not measured above learning rate 1.29, of up to 10" in (
        cell.readings[0].reason
    )
    assert (cell.edge, cell.edge_is_bound) == (RATES[14], True)


def test_a_loss_that_was_not_measured_at_the_largest_rates_is_not_known_to_be_kept() -> None:
    loss = [2.0] * 3 + [2.0 - 0.3 * i for i in range(6)] + [0.4] * 6 + [None] * 4
    reading = read_sweep(RATES, loss=loss)
    assert reading.possible is None
    assert "the loss was not measured above learning rate 1.29" in reading.reason


accuracies = st.lists(st.floats(0, 1), min_size=19, max_size=19).map(tuple)


@settings(max_examples=300, deadline=None)
@given(accuracies | st.sampled_from([(*c, c[-1]) for c in COURSES.values()]), st.integers(1, 18))
def test_no_tail_that_diverged_or_was_not_measured_makes_a_sweep_possible(
    accuracy: tuple[float, ...], start: int
) -> None:
    whole = summarise_cell(
        64, 1e-4, [Curve(lr=RATES, accuracy=accuracy)], [0], [StopReason.COMPLETED]
    )
    tail = 19 - start
    for broken in (math.nan, math.inf):
        assert read_sweep(RATES, accuracy=[*accuracy[:start], *[broken] * tail]).possible is False
    stopped = live(accuracy[:start], StopReason.DIVERGED, end=math.nan)
    assert stopped.possible is False
    missing = cut(accuracy, min(start, 17))  # one point less is within the last tenth of the range
    assert missing.readings[0].possible is not True or whole.readings[0].possible is True
    assert missing.edge is None or missing.edge <= RATES[min(start, 17) - 1]


def test_a_cell_that_diverged_at_the_end_has_an_edge_and_no_bound() -> None:
    curve = Curve(lr=RATES, train_loss=(0.7,) * 19, accuracy=(*PLATEAU, None))
    ends = [StopReason.COMPLETED], [StopReason.DIVERGED]
    sound, broken = (summarise_cell(64, 1e-4, [curve], [0], why) for why in ends)
    assert (sound.edge_is_bound, broken.edge_is_bound) == (True, False)
    assert (sound.edge, broken.edge) == (RATES[17], RATES[17])
    assert (never_lost(sound), never_lost(broken)) == (True, False)


def test_a_sweep_that_diverges_at_once_counts_against_its_cell() -> None:
    """1.5 decades are held by the sound sweep, 0.75 by both together."""
    kept = Curve(lr=RATES, train_loss=(0.7,) * 19, accuracy=(*[0.5] * 6, *[0.9] * 13))
    at_once = Curve(lr=RATES[:1], train_loss=(None,))
    lost = replace(kept, accuracy=(*[0.5] * 6, *[0.9] * 8, *[0.5] * 5))
    ends = [StopReason.COMPLETED, StopReason.DIVERGED]
    alone = summarise_cell(64, 1e-4, [lost], [0], ends[:1], 0.5)
    both = summarise_cell(64, 1e-4, [lost, at_once], [0, 1], ends, 0.5)
    assert (alone.possible, both.possible) == (True, False)


@pytest.mark.parametrize("missing", [None, math.nan])
@pytest.mark.parametrize(
    ("gap", "known"), [((13, 18), False), ((14, 17), False), ((14, 15), True), ((3, 6), True)]
)
def test_accuracy_that_was_not_measured_above_its_peak_is_not_known_to_be_kept(
    gap: tuple[int, int], known: bool, missing: float | None
) -> None:
    accuracy: list[float | None] = [*PLATEAU, 0.9]
    assert read_sweep(RATES, accuracy=accuracy).possible is True
    accuracy[slice(*gap)] = [missing] * (gap[1] - gap[0])
    reading = read_sweep(RATES, accuracy=accuracy)
    assert reading.possible is (True if known else None)
    assert reading.reason.startswith("Cannot tell: accuracy was not measured between") is not known


def test_accuracy_that_is_measured_at_every_third_point_has_no_gap() -> None:
    rates = [10 ** (-3 + 4 * i / 54) for i in range(55)]
    accuracy: list[float | None] = [None] * 55
    accuracy[::3] = [*PLATEAU, 0.9]
    assert read_sweep(rates, accuracy=accuracy).possible is True
