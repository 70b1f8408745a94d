"""Cells made by hand, for the tests of a range test."""

from __future__ import annotations

from autosuperconv.core.range_test import Cell, RangeTest


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
