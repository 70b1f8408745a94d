"""The edge between cells that differ in momentum."""

from __future__ import annotations

import math
from itertools import product

import pytest

from autosuperconv.core.range_test import Cell, RangeTest, Reading, edge_at
from autosuperconv.core.serialization import from_dict, from_json, to_dict, to_json
from autosuperconv.errors import InvalidInput


def cell(batch_size: int, weight_decay: float, momentum: float | None, edge: float) -> Cell:
    reading = Reading(0.01, edge, edge / 10, None, None, None, 0.3, False, "Not kept.")
    return Cell(
        batch_size, weight_decay, (reading,), (), 0.01, edge, 0.1, False, 0.3, True, momentum
    )


def rule(batch_size: int, weight_decay: float, momentum: float) -> float:
    """The edge doubles with the batch, and goes with 1 - momentum."""
    return 10 * (1 - momentum) * batch_size / 64


CUBE = RangeTest(
    tuple(
        cell(b, wd, m, rule(b, wd, m))
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
    flat = RangeTest((cell(64, 1e-4, None, 2.0),), 1e-3, 10.0, True, "")
    assert edge_at(flat, 64, 1e-4, 0.9) == edge_at(flat, 64, 1e-4, 0.5) == edge_at(flat, 64, 1e-4)


@pytest.mark.parametrize("missing", range(8))
def test_a_missing_corner_is_filled_in_from_the_others(missing: int) -> None:
    corners = [
        cell(b, wd, m, rule(b, wd, m)) for b, wd, m in product((64, 256), (1e-5, 1e-3), (0, 0.9))
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
    cells = tuple(cell(b, wd, m, rule(b, wd, m)) for b, wd, m in star)
    estimate = edge_at(RangeTest(cells, 1e-3, 10.0, True, ""), 256, 1e-3, 0.9)
    assert estimate is not None
    assert 10**estimate.log10_edge == pytest.approx(rule(256, 1e-3, 0.9))


@pytest.mark.parametrize("momentum", [-0.1, 1.0, math.nan])
def test_a_momentum_out_of_range_is_refused(momentum: float) -> None:
    with pytest.raises(InvalidInput, match=r"edge_at needs a momentum in \[0, 1\), but got"):
        edge_at(CUBE, 64, 1e-4, momentum)


def test_a_cell_names_its_momentum_where_it_has_one() -> None:
    assert cell(64, 1e-4, 0.9, 1.0).name == "batch 64, weight decay 1e-4, momentum 0.9"
    assert cell(64, 1e-4, None, 1.0).name == "batch 64, weight decay 1e-4"


def test_a_range_test_of_before_momentum_and_cost_is_still_read() -> None:
    old = RangeTest((cell(64, 1e-4, None, 1.0),), 1e-3, 10.0, True, "Possible.")
    data = to_dict(old)
    del data["sweep"], data["cost"], data["cells"][0]["momentum"]
    assert from_dict(RangeTest, data) == old
    assert from_json(RangeTest, to_json(CUBE)) == CUBE
