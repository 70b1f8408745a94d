from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.reporting import rows as words
from tests.reporting.sample import STANDARD


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9204, "92.04 %"), (0.0, "0.00 %"), (None, "-"), (float("nan"), "-")],
)
def test_accuracy_is_written_in_percent(value: float | None, text: str) -> None:
    assert words.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.35, "0.35"),
        (0.001, "1e-3"),
        (0.0002, "2e-4"),
        (3.2e-6, "3.2e-6"),
        (0.0, "0"),
        (None, "-"),
        (float("inf"), "-"),
    ],
)
def test_a_rate_is_written_as_people_write_it(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99.0, "99 s"), (100.0, "2 min"), (2280.0, "38 min"), (7500.0, "2 h 05 min")],
)
def test_a_duration_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (540_000, "540 k"), (3_037_500, "3.04 M"), (2e9, "2 G")],
)
def test_a_count_is_short(value: float, text: str) -> None:
    assert words.count(value) == text


def test_a_speedup_of_ten_and_more_has_no_decimals() -> None:
    assert [words.times(k) for k in (5.62, 9.96, 11.25, None)] == ["5.6x", "10x", "11x", "-"]


def test_points_always_carry_their_sign() -> None:
    assert [words.points(p) for p in (0.333, -2.0, None)] == ["+0.33", "-2.00", "-"]


def test_the_spread_is_the_sample_standard_deviation() -> None:
    # 90, 92, 94: mean 92, deviations 2, 0, 2, variance 8 / 2 = 4.
    spread = words.spread([0.90, 0.92, 0.94, None])
    assert str(spread) == "92.00 \u00b1 2.00 %"
    assert spread.n == 3


def test_a_single_run_has_no_spread() -> None:
    assert str(words.spread([0.9])) == "90.00 %"


def test_runs_that_never_ended_have_no_accuracy() -> None:
    assert words.spread([None, float("nan")]) == words.Spread(None, None, 0)


def test_an_edge_that_was_never_reached_is_marked_as_a_lower_bound() -> None:
    assert words.edge(3.0, is_bound=True) == ">= 3"
    assert words.edge(2.2, is_bound=False) == "2.2"
    assert words.edge(None, is_bound=True) == "-"


def test_a_cycled_momentum_is_written_as_its_range() -> None:
    assert words.momentum(Recipe(1.0)) == "0.95 to 0.85"
    assert words.momentum(STANDARD) == "0.9"


def test_roles_are_summed_over_their_seeds(report: Report) -> None:
    rows = words.role_rows(report.confirmation)
    assert [(row.role, row.accuracy.n) for row in rows] == [
        ("baseline", 3),
        ("candidate", 3),
        ("control", 3),
    ]
    assert rows[1].samples == 12 * 45_000


def test_without_a_winner_there_is_no_ratio_and_no_number(report: Report) -> None:
    lost = replace(report, winner=None)
    assert words.lr_ratio(lost) is None
    assert words.winner_number(lost) is None
    assert words.winner_number(report) == 29
