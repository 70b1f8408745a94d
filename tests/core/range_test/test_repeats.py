"""Which cells are swept again, and what is said of the cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.range_test import Cell, SweepCost, never_lost, pooled_spread
from autosuperconv.core.range_test.repeats import worth_repeating

CELL = Cell(64, 1e-4, (), (), 0.01, 1.0, None, False, 0.3, True)
COST = SweepCost(4, 0, 1, 0, 3, 15_936, 1_600, 40_000.0, 1_000_000.0, 0.1, 0.123)


def of(batch_size: int = 64, edge: float | None = 1.0, **more: object) -> Cell:
    return replace(CELL, batch_size=batch_size, edge=edge, **more)  # type: ignore[arg-type]


def repeated(*cells: Cell, decades: float = 2.0) -> tuple[int, ...]:
    return worth_repeating(cells, [decades] * len(cells), 1.2)


def test_where_all_is_clear_the_cheapest_cell_with_an_edge_is_swept_again() -> None:
    assert repeated(of(256), of(32), of(64)) == (1,)
    assert repeated(of(32, None, possible=False), of(64)) == (1,)
    assert repeated(of(32, None, possible=False)) == (0,)


def test_cells_that_cannot_tell_or_never_broke_come_first() -> None:
    kept = of(edge=10.0, edge_is_bound=True)
    assert repeated(of(), of(possible=None), kept) == (1, 2)
    assert never_lost(kept)
    assert not never_lost(replace(kept, possible=None))  # still rising: it has not learned enough


def test_cells_near_the_bound_are_swept_again() -> None:
    assert worth_repeating([of(), of(), of()], [2.0, 1.3, None], 1.2) == (1,)
    assert worth_repeating([of(256), of(32)], [0.2, 5.0], 0.0) == (1,)  # 0.2 decades are enough


def test_edges_of_one_batch_size_that_contradict_each_other_are_both_looked_at() -> None:
    assert repeated(of(32, 1.0), of(32, 3.0), of(256, 9.0)) == (0, 1)
    assert repeated(of(32, 1.0), of(32, 2.5), of(256, 9.0)) == (0,)  # 0.4 decades: noise
    assert repeated(of(32, 1.0, momentum=0.5), of(32, 3.0, momentum=0.9)) == (0,)


def test_no_cells_no_repeats() -> None:
    assert repeated() == ()


def test_the_spread_is_pooled_over_the_cells_that_have_one() -> None:
    cells = [of(edge_spread=0.3), of(edge_spread=None), of(edge_spread=0.1)]
    assert pooled_spread(cells) == pytest.approx(((0.09 + 0.01) / 2) ** 0.5)
    assert pooled_spread([of()]) is None


def test_the_cost_is_said_in_a_sentence() -> None:
    assert COST.sentence == (
        "5 sweeps, 15.9 k samples: 4.0 % of the search's forecast work (the limit is 10 %). "
        "3 sweeps ended early, which saved 9 % of the training. 1 cell was swept twice: the edge's "
        "spread over seeds is 0.123 decades."
    )


def test_a_spread_that_a_sweep_cannot_resolve_is_not_said_to_be_nothing() -> None:
    same = replace(COST, edge_spread=0.0)
    assert same.sentence.endswith("spread over seeds is below the resolution of 0.1 decades.")


def test_what_was_left_out_or_went_too_far_is_said() -> None:
    tight = replace(COST, cells=1, left_out=3, repeats=0, ended_early=0, work=2e5, edge_spread=None)
    assert tight.sentence == (
        "1 sweep, 15.9 k samples: 20.0 % of the search's forecast work (the limit is 10 %, "
        "exceeded although the sweeps were cut to the fewest). 3 more cells would not have fitted "
        "into it. No cell was swept twice, so the spread over seeds was not measured."
    )
    further = replace(COST, extended=1, edge_spread=None)
    assert further.sentence.endswith(
        "1 cell was swept twice (1 to higher learning rates, because accuracy was never lost)."
    )
