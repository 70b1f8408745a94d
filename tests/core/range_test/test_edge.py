"""The edge between cells, with its uncertainty."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.range_test import Cell, RangeTest, Reading, edge_at
from autosuperconv.core.serialization import from_dict, from_json, to_dict, to_json
from autosuperconv.errors import InvalidInput
from tests.core.range_test.made_cells import cell, grid


def swept(batch_size: int, weight_decay: float, momentum: float | None, edge: float) -> Cell:
    reading = Reading(0.01, edge, edge / 10, None, None, None, 0.3, False, "Not kept.")
    return Cell(
        batch_size, weight_decay, (reading,), (), 0.01, edge, 0.1, False, 0.3, True, momentum
    )


def rule(batch_size: int, weight_decay: float, momentum: float) -> float:
    """The edge doubles with the batch, and goes with 1 - momentum."""
    return 10 * (1 - momentum) * batch_size / 64


CUBE = RangeTest(
    tuple(
        swept(b, wd, m, rule(b, wd, m))
        for b, wd, m in product((64, 256), (1e-5, 1e-3), (0.0, 0.5, 0.9))
    ),
    1e-3,
    10.0,
    True,
    "",
)


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("batch_size", [64, 100, 256])
def test_between_cells_the_edge_is_linear_in_the_logarithm_of_one_minus_momentum(
    momentum: float, batch_size: int
) -> None:
    estimate = edge_at(CUBE, batch_size, 1e-4, momentum)
    assert estimate is not None
    assert 10**estimate.log10_edge == pytest.approx(rule(batch_size, 1e-4, momentum))


def test_outside_the_swept_momenta_the_edge_stays_and_is_less_certain() -> None:
    at, outside = edge_at(CUBE, 64, 1e-4, 0.9), edge_at(CUBE, 64, 1e-4, 0.99)
    assert at is not None
    assert outside is not None
    assert outside.log10_edge == pytest.approx(at.log10_edge)
    assert outside.sd > at.sd


def test_without_a_momentum_the_middle_of_those_swept_is_read() -> None:
    estimate = edge_at(CUBE, 64, 1e-4)
    assert estimate is not None
    assert 10**estimate.log10_edge == pytest.approx(10 * math.sqrt(1.0 * 0.1))


def test_cells_swept_at_one_momentum_say_the_same_at_all() -> None:
    flat = RangeTest((swept(64, 1e-4, None, 2.0),), 1e-3, 10.0, True, "")
    assert edge_at(flat, 64, 1e-4, 0.9) == edge_at(flat, 64, 1e-4, 0.5) == edge_at(flat, 64, 1e-4)


@pytest.mark.parametrize("missing", range(8))
def test_a_missing_corner_is_filled_in_from_the_others(missing: int) -> None:
    corners = [
        swept(b, wd, m, rule(b, wd, m)) for b, wd, m in product((64, 256), (1e-5, 1e-3), (0, 0.9))
    ]
    lost = corners.pop(missing)
    estimate = edge_at(
        RangeTest(tuple(corners), 1e-3, 10.0, True, ""),
        lost.batch_size,
        lost.weight_decay,
        lost.momentum,
    )
    assert estimate is not None
    assert 10**estimate.log10_edge == pytest.approx(lost.edge)


def test_four_cells_in_a_star_give_all_eight_corners() -> None:
    star = [(64, 1e-5, 0.5), (256, 1e-5, 0.5), (64, 1e-3, 0.5), (64, 1e-5, 0.9)]
    cells = tuple(swept(b, wd, m, rule(b, wd, m)) for b, wd, m in star)
    estimate = edge_at(RangeTest(cells, 1e-3, 10.0, True, ""), 256, 1e-3, 0.9)
    assert estimate is not None
    assert 10**estimate.log10_edge == pytest.approx(rule(256, 1e-3, 0.9))


@pytest.mark.parametrize("momentum", [-0.1, 1.0, math.nan])
def test_a_momentum_out_of_range_is_refused(momentum: float) -> None:
    with pytest.raises(InvalidInput, match=r"edge_at needs a momentum in \[0, 1\), but got"):
        edge_at(CUBE, 64, 1e-4, momentum)


def test_a_cell_names_its_momentum_where_it_has_one() -> None:
    assert swept(64, 1e-4, 0.9, 1.0).name == "batch 64, weight decay 1e-4, momentum 0.9"
    assert swept(64, 1e-4, None, 1.0).name == "batch 64, weight decay 1e-4"


def test_a_range_test_of_before_momentum_and_cost_is_still_read() -> None:
    old = RangeTest((swept(64, 1e-4, None, 1.0),), 1e-3, 10.0, True, "Possible.")
    data = to_dict(old)
    del data["sweep"], data["cost"], data["cells"][0]["momentum"]
    assert from_dict(RangeTest, data) == old
    assert from_json(RangeTest, to_json(CUBE)) == CUBE


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


@pytest.mark.parametrize(("corner", "between_cells"), [(1e-3, 3.0), (0.1, 0.75)])
def test_between_cells_that_follow_no_plane_the_uncertainty_is_larger(
    corner: float, between_cells: float
) -> None:
    """The corner lies 4 decades, or 2, off the plane: a residual of 2, or 1 (four cells, a plane:
    one degree of freedom). Weights of 1/4 each leave 1 - 1/4 of its square."""
    bent = grid(*SQUARE.cells[:3], cell(256, 1e-2, corner))
    at, between = edge_at(bent, 64, 1e-4), edge_at(bent, 128, 1e-3)
    assert at is not None
    assert between is not None
    assert between.sd == pytest.approx(math.sqrt(0.15**2 + between_cells))
    assert at.sd == pytest.approx(0.15)


def test_the_residual_is_per_degree_of_freedom() -> None:
    """log10 edges 0, 1, 1 and 0 along the batch: a flat line, misfits of 0.5, two degrees of
    freedom, so a variance of 0.5; half of it is left in the middle of two cells."""
    arch = grid(
        *(cell(2**i, 1e-4, edge) for i, edge in zip(range(6, 10), (1, 10, 10, 1), strict=True))
    )
    estimate = edge_at(arch, 181, 1e-4)
    assert estimate is not None
    assert estimate.sd == pytest.approx(math.sqrt(0.15**2 + 0.25), rel=1e-3)


def test_a_batch_of_one_has_an_edge_too() -> None:
    assert edge_at(grid(cell(1, 1e-4, 10.0)), 1, 1e-4) is not None


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
