"""Cells, the whole range test, and the edge between cells."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.curve import Curve
from autosuperconv.core.range_test import (
    Cell,
    RangeTest,
    edge_at,
    summarise,
    summarise_cell,
)
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.trace import StopReason
from autosuperconv.errors import InvalidInput

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


def cell(batch_size: int, weight_decay: float, edge: float | None, **more: object) -> Cell:
    spread = more.get("spread")
    assert spread is None or isinstance(spread, float)
    return Cell(
        batch_size=batch_size,
        weight_decay=weight_decay,
        readings=(),
        curves=(),
        floor=0.01,
        edge=edge,
        edge_spread=spread,
        edge_is_bound=bool(more.get("bound", False)),
        retention=None,
        possible=True,
    )


def grid(*cells: Cell) -> RangeTest:
    return RangeTest(cells, 1e-3, 10, True, "")


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


def test_one_good_cell_makes_the_range_test_possible_and_is_named() -> None:
    good = read(256, 1e-5, [curve(8, None)])
    bad = read(64, 1e-2, [curve(20, 29)])
    seen = summarise([bad, good], 1e-3, 10)
    assert seen.possible is True
    assert "1 of 2 cells" in seen.reason
    assert "batch 256, weight decay 1e-5" in seen.reason


def test_a_range_test_without_a_good_cell_is_not_possible() -> None:
    seen = summarise([read(64, 1e-2, [curve(20, 29)])], 1e-3, 10)
    assert seen.possible is False
    assert seen.reason.startswith("Super-convergence does not look possible: 0 of 1 cells")


@pytest.mark.parametrize("cells", [[], [read(64, 0.0, [])]])
def test_a_range_test_without_a_reading_cannot_tell(cells: list[Cell]) -> None:
    seen = summarise(cells, 1e-3, 10)
    assert seen.possible is None
    assert seen.reason.startswith("Cannot tell")


def test_a_range_test_survives_json() -> None:
    seen = summarise([read(64, 1e-2, [curve(20, 29)])], 1e-3, 10)
    assert from_json(RangeTest, to_json(seen)) == seen


SQUARE = grid(
    cell(64, 1e-4, 1.0), cell(64, 1e-2, 0.1), cell(256, 1e-4, 100.0), cell(256, 1e-2, 10.0)
)
"""log10 edges 0, -1, 2, 1 at log2 batch 6 and 8, log10 weight decay -4 and -2."""


@pytest.mark.parametrize(
    ("batch_size", "weight_decay", "expected"),
    [(64, 1e-4, 0.0), (256, 1e-2, 1.0), (128, 1e-4, 1.0), (64, 1e-3, -0.5), (128, 1e-3, 0.5)],
)
def test_the_edge_is_bilinear_between_the_cells(
    batch_size: int, weight_decay: float, expected: float
) -> None:
    estimate = edge_at(SQUARE, batch_size, weight_decay)
    assert estimate is not None
    assert estimate.log10_edge == pytest.approx(expected)


def test_a_missing_cell_is_filled_in_with_more_uncertainty() -> None:
    three = grid(*SQUARE.cells[:3])
    measured, missing = edge_at(three, 64, 1e-2), edge_at(three, 256, 1e-2)
    assert measured is not None
    assert missing is not None
    assert missing.log10_edge == pytest.approx(1.0)
    assert missing.sd > measured.sd


def test_outside_the_grid_the_border_is_kept_with_growing_uncertainty() -> None:
    near, far = edge_at(SQUARE, 512, 1e-4), edge_at(SQUARE, 2048, 1e-4)
    assert near is not None
    assert far is not None
    assert near.log10_edge == far.log10_edge == pytest.approx(2.0)
    assert near.sd == pytest.approx(math.hypot(0.15, 0.15))
    assert far.sd == pytest.approx(math.hypot(0.15, 0.45))


def test_the_uncertainty_has_a_floor_and_follows_the_repeats() -> None:
    calm = edge_at(grid(cell(64, 0.0, 1.0, spread=0.01)), 64, 0.0)
    wild = edge_at(grid(cell(64, 0.0, 1.0, spread=0.4)), 64, 0.0)
    assert calm is not None
    assert wild is not None
    assert calm.sd == 0.1
    assert wild.sd == pytest.approx(0.4)


def test_between_cells_that_follow_no_plane_the_uncertainty_is_larger() -> None:
    bent = grid(*SQUARE.cells[:3], cell(256, 1e-2, 1e-3))
    at, between = edge_at(bent, 64, 1e-4), edge_at(bent, 128, 1e-3)
    assert at is not None
    assert between is not None
    # Residual 2 (four cells, plane: one degree of freedom); weights 1/4 each: 4 * (1 - 1/4) = 3.
    assert between.sd == pytest.approx(math.sqrt(0.15**2 + 3.0))
    assert at.sd == pytest.approx(0.15)


def test_an_estimate_that_rests_on_a_bound_is_a_bound() -> None:
    mixed = grid(cell(64, 1e-4, 1.0), cell(256, 1e-4, 10.0, bound=True))
    bounds = [edge_at(mixed, batch, 1e-4) for batch in (64, 128, 256)]
    assert [b is not None and b.is_bound for b in bounds] == [False, True, True]


def test_weight_decay_zero_lies_a_decade_below_the_smallest() -> None:
    estimate = edge_at(grid(cell(64, 0.0, 1.0), cell(64, 1e-4, 10.0)), 64, 10**-4.5)
    assert estimate is not None
    assert estimate.log10_edge == pytest.approx(0.5)


def test_without_any_edge_there_is_no_estimate() -> None:
    assert edge_at(grid(cell(64, 1e-4, None)), 64, 1e-4) is None
    assert edge_at(grid(), 64, 1e-4) is None


@pytest.mark.parametrize(("batch_size", "weight_decay"), [(0, 0.0), (64, -1.0), (64, math.nan)])
def test_a_place_that_cannot_be_is_refused(batch_size: int, weight_decay: float) -> None:
    with pytest.raises(InvalidInput, match="edge_at needs a batch size of at least 1"):
        edge_at(SQUARE, batch_size, weight_decay)


BATCHES = st.integers(1, 4096)
DECAYS = st.one_of(st.just(0.0), st.floats(1e-8, 1.0))
CELLS = st.builds(cell, BATCHES, DECAYS, st.one_of(st.none(), st.floats(1e-4, 100)))


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, max_size=9), BATCHES, DECAYS)
def test_any_grid_gives_a_finite_estimate_or_none(
    cells: list[Cell], batch_size: int, weight_decay: float
) -> None:
    estimate = edge_at(grid(*cells), batch_size, weight_decay)
    if estimate is None:
        assert all(c.edge is None for c in cells)
    else:
        assert math.isfinite(estimate.log10_edge)
        assert estimate.sd >= 0.1
