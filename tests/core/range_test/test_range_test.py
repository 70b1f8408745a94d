"""Cells, and the whole range test."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from autosuperconv.core.curve import Curve
from autosuperconv.core.range_test import (
    Cell,
    RangeTest,
    SweepCost,
    summarise,
    summarise_cell,
    to_repeat,
)
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.trace import StopReason
from tests.core.range_test.made_cells import cell

RATES = tuple(10 ** (-3 + i / 10) for i in range(41))


def curve(learns: int, breaks: int | None) -> Curve:
    """Chance 0.1, then 0.8 from point `learns` on, chance again from point `breaks` on."""
    end = len(RATES) if breaks is None else breaks
    accuracy = tuple(0.8 if learns <= i < end else 0.1 for i in range(len(RATES)))
    return Curve(lr=RATES, accuracy=accuracy)


def read(
    batch_size: int, weight_decay: float, curves: list[Curve], chance: float | None = None
) -> Cell:
    n = len(curves)
    stopped = [StopReason.COMPLETED] * n
    return summarise_cell(batch_size, weight_decay, curves, range(n), stopped, chance)


def test_a_cell_takes_the_geometric_mean_of_floor_and_edge() -> None:
    seen = read(64, 1e-4, [curve(8, 29), curve(12, 31)], chance=0.1)
    assert seen.floor == pytest.approx(RATES[10])
    assert seen.edge == pytest.approx(RATES[29])
    assert seen.edge_spread == pytest.approx(0.1 * math.sqrt(2))
    assert not seen.edge_is_bound


def test_a_cell_in_which_nothing_broke_has_the_end_of_the_range_as_a_bound() -> None:
    seen = read(64, 1e-4, [curve(8, None), curve(12, None)])
    assert seen.edge == RATES[-1]
    assert seen.edge_is_bound
    assert seen.edge_spread is None
    assert seen.possible is True


def test_a_cell_of_which_one_repeat_broke_has_the_edge_of_that_repeat() -> None:
    seen = read(64, 1e-4, [curve(8, 31), curve(8, None)])
    assert seen.edge == pytest.approx(RATES[30])
    assert not seen.edge_is_bound


def test_a_cell_that_never_learned_has_no_edge() -> None:
    seen = read(64, 1e-4, [curve(50, None)], chance=0.1)
    assert (seen.floor, seen.edge, seen.possible) == (None, None, False)


def test_a_cell_without_repeats_says_nothing() -> None:
    seen = read(64, 1e-4, [])
    assert (seen.edge, seen.retention, seen.possible) == (None, None, None)


def test_a_cell_driven_to_its_break_is_possible_if_it_held_accuracy_over_a_long_range() -> None:
    long, short = curve(8, 29), curve(20, 29)
    assert read(64, 1e-4, [long, long]).possible is True
    assert read(64, 1e-4, [short, short]).possible is False


def test_a_cell_that_holds_its_accuracy_over_about_the_bound_is_swept_again() -> None:
    """2.0 decades are clear, 1.2 are the bound; without the second, the cheapest is repeated."""
    clear, near = read(64, 1e-4, [curve(8, 29)]), read(256, 1e-4, [curve(20, 33)])
    assert to_repeat([clear, near]) == (1,)
    assert to_repeat([clear]) == (0,)


def test_a_cell_takes_the_mean_retention_and_keeps_its_momentum() -> None:
    """One keeps all of 0.8 at the end, one is back at 0.1."""
    ends = [StopReason.COMPLETED] * 2
    seen = summarise_cell(64, 1e-4, [curve(8, None), curve(8, 29)], range(2), ends, momentum=0.9)
    assert seen.retention == pytest.approx((1 + 0.125) / 2)
    assert (seen.momentum, seen.seeds) == (0.9, (0, 1))


def test_how_long_a_cell_holds_its_accuracy_is_measured_against_chance_too() -> None:
    """Chance 0.5 puts the level at 0.5 + 0.6 x 0.3 = 0.68, held over 0.9 decades; without it
    0.75 x 0.8 = 0.6 is held over 2.1."""
    accuracy = (*[0.5] * 8, *[0.65] * 12, *[0.8] * 10, *[0.5] * 11)
    assert read(64, 1e-4, [Curve(lr=RATES, accuracy=accuracy)], chance=0.5).possible is False
    assert read(64, 1e-4, [Curve(lr=RATES, accuracy=accuracy)], chance=0.1).possible is True


def test_a_loss_that_is_lost_ends_what_a_cell_holds() -> None:
    accuracy = (*[0.1] * 8, *[0.8] * 33)
    loss = (*[1.0] * 15, *[math.nan] * 26)
    seen = read(64, 1e-4, [Curve(lr=RATES, accuracy=accuracy, train_loss=loss)])
    assert (seen.possible, seen.edge) == (False, pytest.approx(RATES[14]))


def test_a_cell_without_accuracies_has_the_edge_of_its_loss() -> None:
    loss = (*[2.3] * 10, *(2.3 - 0.14 * i for i in range(1, 16)), *[9.0] * 16)
    assert read(64, 1e-4, [Curve(lr=RATES, train_loss=loss)]).edge == pytest.approx(RATES[24])


def test_a_sweep_that_learns_from_a_rate_of_nothing_on_has_no_floor() -> None:
    start = Curve(lr=(0.0, *RATES[1:]), accuracy=(0.8,) * 41)
    seen = read(64, 1e-4, [start], chance=0.1)
    assert (seen.floor, seen.edge) == (None, RATES[-1])


def test_one_good_cell_makes_the_range_test_possible_and_is_named() -> None:
    good = read(256, 1e-5, [curve(8, None)])
    bad = read(64, 1e-2, [curve(20, 29)])
    seen = summarise([bad, good], 1e-3, 10)
    assert seen.possible is True
    assert seen.reason == (
        "Super-convergence looks possible: 1 of 2 cells keep their accuracy over at least 1.2 "
        "decades, or to the end of the range (learning rates 1e-3 to 10). The one that goes "
        "furthest (batch 256, weight decay 1e-5) learns from 6.31e-3 and keeps its accuracy at "
        "least up to 10."
    )


def test_a_cell_of_which_half_is_kept_goes_by_the_range_it_holds() -> None:
    """1.3 decades to the end and 0.7 of a collapse: 1.0 on average."""
    assert read(64, 1e-4, [curve(26, None), curve(20, 29)]).possible is False


def test_the_point_at_which_a_sweep_diverged_is_not_held() -> None:
    """Points a quarter of a decade apart: held at five of them, 1 decade, less at the sixth."""
    rates = tuple(10 ** (-3 + i / 4) for i in range(17))
    sweep = Curve(lr=rates, accuracy=(*[0.1] * 10, *[0.8] * 7))
    diverged = summarise_cell(64, 1e-4, [sweep], [0], [StopReason.DIVERGED])
    assert diverged.possible is False


def furthest(*cells: tuple[float | None, float | None]) -> str:
    """The batch size that is named, of cells with these edges and retentions."""
    made = [replace(cell(2**i, 1e-4, e), retention=r) for i, (e, r) in enumerate(cells)]
    return summarise(made, 1e-3, 10).reason.partition("(batch ")[2].partition(",")[0]


def test_the_cell_that_goes_furthest_is_named_and_of_equals_the_one_that_keeps_more() -> None:
    assert furthest((1.0, 0.5), (2.0, 0.3)) == "2"
    assert furthest((1.0, 0.3), (1.0, 0.5)) == "2"
    assert furthest((None, 0.9), (0.5, 0.3)) == "2"
    assert furthest((1.0, None), (1.0, 0.5)) == "2"


def test_what_a_cell_does_not_have_is_not_named() -> None:
    start = replace(cell(64, 1e-4, 1.0), floor=None)
    named = ((start, "keeps its accuracy up to 1."), (cell(64, 1e-4, None), "has no edge."))
    for one, end in named:
        assert summarise([one], 1e-3, 10).reason.endswith(f"(batch 64, weight decay 1e-4) {end}")


def test_a_range_test_keeps_its_cost() -> None:
    cost = SweepCost(1, 0, 0, 0, 0, 100, 0, 1.0, 10.0, 0.1, None)
    assert summarise([], 1e-3, 10, cost=cost).cost == cost


def test_a_range_test_without_a_good_cell_is_not_possible() -> None:
    seen = summarise([read(64, 1e-2, [curve(20, 29)])], 1e-3, 10)
    assert seen.possible is False
    assert seen.reason.startswith("Super-convergence does not look possible: 0 of 1 cells")
    assert seen.reason.endswith("learns from 0.1 and keeps its accuracy up to 0.631.")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([], "Cannot tell: no cell was swept (learning rates 1e-3 to 10)."),
        (
            [read(64, 0.0, [])],
            "Cannot tell in any of 1 cell (learning rates 1e-3 to 10). The first: there are no "
            "repeats.",
        ),
    ],
)
def test_a_range_test_without_a_reading_cannot_tell(cells: list[Cell], reason: str) -> None:
    seen = summarise(cells, 1e-3, 10)
    assert (seen.possible, seen.reason) == (None, reason)


def test_a_range_test_survives_json() -> None:
    seen = summarise([read(64, 1e-2, [curve(20, 29)])], 1e-3, 10)
    assert from_json(RangeTest, to_json(seen)) == seen
