"""The reading does not hang on the unit of the rate, on how densely was evaluated, on where the
range was cut off, or on some noise; and says little where little can be said."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autosuperconv.core.csv_table import parse_table
from autosuperconv.core.range_test import Reading, read_sweep
from tests.core.range_test.test_logs import NOT_POSSIBLE, RETENTION, text_of

Curve = tuple[list[float], list[float | None]]
LINEAR = [i / 10 for i in range(1, 31)]
DECADES = [10 ** (-3 + i / 10) for i in range(41)]


def rising_half(name: str) -> Curve:
    table = parse_table(text_of(name), ("lr", "test_accuracy"))
    lr = [rate for rate in table["lr"] if rate is not None]
    top = lr.index(max(lr)) + 1
    return lr[:top], list(table["test_accuracy"][:top])


def own(kind: str) -> Curve:
    whole: list[float | None] = [*[0.1] * 8, 0.3, 0.6, *[0.8] * 20, *[0.1] * 11]
    return (DECADES, whole) if kind == "exponential" else (LINEAR, whole[-30:])


def read(curve: Curve) -> Reading:
    return read_sweep(curve[0], accuracy=curve[1])


@pytest.mark.parametrize("factor", [1e-6, 0.1, 7.0, 1e6])
@pytest.mark.parametrize("name", ["exponential", "linear", *RETENTION])
def test_the_unit_of_the_rate_changes_nothing(name: str, factor: float) -> None:
    curve = own(name) if name in ("exponential", "linear") else rising_half(name)
    one = read(curve)
    other = read(([rate * factor for rate in curve[0]], curve[1]))
    assert other.possible is one.possible
    assert other.retention == pytest.approx(one.retention)
    for rate, same in ((one.floor, other.floor), (one.edge, other.edge)):
        assert same == (None if rate is None else pytest.approx(rate * factor))


@pytest.mark.parametrize("step", [3, 5])
@pytest.mark.parametrize("name", RETENTION)
def test_a_third_or_a_fifth_of_the_evaluations_are_enough(name: str, step: int) -> None:
    lr, accuracy = rising_half(name)
    for start in range(step):
        thinned = read((lr[start::step], accuracy[start::step]))
        assert thinned.possible is (name not in NOT_POSSIBLE)


@pytest.mark.parametrize("share", [0.6, 0.8])
@pytest.mark.parametrize("name", RETENTION)
def test_a_range_that_was_cut_off_is_classified_alike(name: str, share: float) -> None:
    lr, accuracy = rising_half(name)
    n = int(share * len(lr))
    assert read((lr[:n], accuracy[:n])).possible is (name not in NOT_POSSIBLE)


@pytest.mark.parametrize("name", RETENTION)
def test_five_points_of_noise_change_no_class(name: str) -> None:
    lr, accuracy = rising_half(name)
    rng = np.random.default_rng(0)
    for _ in range(5):
        noisy: list[float | None] = [
            None if a is None else min(max(a + rng.normal(0, 0.05), 0.0), 1.0) for a in accuracy
        ]
        assert read((lr, noisy)).possible is (name not in NOT_POSSIBLE)


def test_an_accuracy_that_saturates_with_time_is_kept_and_has_its_peak_at_the_end() -> None:
    """It still learns, so how much of the rise is the rate's cannot be told; that it trains at the
    largest rates can."""
    reading = read((LINEAR, [0.1 + 0.8 * (1 - math.exp(-i / 10)) for i in range(30)]))
    assert reading.possible is True
    assert reading.edge is None
    assert reading.peak_lr == pytest.approx(3.0)


def test_a_peak_at_the_end_of_the_range_asks_for_a_longer_one() -> None:
    reading = read((LINEAR, [0.1 + 0.7 * (rate / 3) ** 2 for rate in LINEAR]))
    assert reading.possible is None
    assert "extend the range" in reading.reason


def test_a_short_noisy_test_has_its_edge_near_where_it_breaks() -> None:
    lr = [0.25 * i for i in range(1, 13)]
    accuracy: list[float | None] = [0.2, 0.5, 0.66, 0.52, 0.7, 0.55, 0.63, 0.3, 0.05, 0.2, 0.0, 0.1]
    reading = read((lr, accuracy))
    assert reading.possible is False
    assert reading.edge == 1.75


def test_where_nothing_is_learned_there_is_no_peak_and_the_words_are_plain() -> None:
    flat = read((LINEAR, [0.5] * 30))
    assert (flat.floor, flat.edge, flat.peak_lr) == (None, None, None)
    assert "accuracy stays at 50.00 %, which may be chance" in flat.reason
    spike = read((LINEAR, [*[0.1] * 15, 0.9, *[0.1] * 14]))
    assert spike.peak_lr is None
    assert "stays at 10.00 % except for a single point at 90.00 %" in spike.reason
    wavering = read((LINEAR, [0.1, 0.12] * 15))
    assert "stays between 10.00 % and 12.00 %" in wavering.reason


def test_a_net_that_breaks_at_once_is_said_to_be_kept_no_further() -> None:
    reading = read((LINEAR, [0.8, *[0.1] * 29]))
    assert reading.reason.endswith("It is kept no further than about 0.1.")


def long_test() -> tuple[list[float], list[float]]:
    """A thousand steps of training: the loss has fallen after twenty, then rises with the rate."""
    lr = [3 * i / 1000 for i in range(1000)]
    return lr, [2.3 * math.exp(-i / 4) + 0.02 + 0.4 * (i / 1000) ** 2 for i in range(1000)]


def test_a_loss_that_falls_within_the_first_twentieth_of_a_long_test_is_not_lost() -> None:
    lr, loss = long_test()
    reading = read_sweep(lr, loss=loss)
    assert reading.possible is None
    assert "of the fall of the loss is left" in reading.reason


def test_a_batch_of_high_loss_after_the_last_evaluation_of_a_long_test_is_no_divergence() -> None:
    lr, loss = long_test()
    low = [min(value, 0.04) if i > 20 else value for i, value in enumerate(loss)]
    accuracy = [0.1 if i == 0 else 0.8 if i % 100 == 0 else None for i in range(1000)]
    reading = read_sweep(lr, accuracy=accuracy, loss=[*low[:-1], 0.3])
    assert reading.possible is True
    assert reading.edge is None


def test_an_end_that_noise_may_have_brought_below_the_bound_cannot_tell() -> None:
    lr = [i / 5 for i in range(1, 16)]
    scattered = [0.1, 0.5, 0.72, 0.6, 0.76, 0.6, 0.78, 0.6, 0.76, 0.62, 0.54, 0.72, 0.56, 0.5, 0.46]
    reading = read((lr, [*scattered]))
    assert reading.possible is None
    assert "this close to the bound, noise decides" in reading.reason
    smooth = [0.1, 0.5, *[0.68] * 8, 0.66, 0.62, 0.56, 0.5, 0.46]
    assert read((lr, [*smooth])).possible is False
    sinking = [*scattered[:9], 0.5, 0.42, 0.54, 0.4, 0.5, 0.46]
    assert read((lr, [*sinking])).possible is False


@pytest.mark.parametrize("points", [10, 30, 300])
def test_a_loss_that_is_noise_alone_cannot_tell(points: int) -> None:
    rng = np.random.default_rng(0)
    lr = np.linspace(0.1, 3, points).tolist()
    told = [read_sweep(lr, loss=rng.normal(2.3, 0.3, points).tolist()).possible for _ in range(100)]
    assert sum(possible is not None for possible in told) <= 5
