"""Which sweeps fit into their share of the search."""

from __future__ import annotations

from pathlib import Path

import pytest

from autosuperconv.core.range_test import SweepKind
from autosuperconv.core.space import Choices, Dimension, Range
from autosuperconv.tuning.steps.sweep_design import SweepCell, SweepPlan, make_grid, plan_sweeps
from tests.surface import SPACE, make_setup

MOMENTUM: dict[str, Dimension] = {**SPACE, "base_momentum": Range(0.5, 0.9)}


def planned(others: float, dimensions: dict[str, Dimension] = SPACE) -> SweepPlan:
    """For 1,000 training samples and evaluations of 30: 250 samples' worth a sweep on top."""
    setup = make_setup(Path(), dimensions=dimensions)
    return plan_sweeps(make_grid(setup), 1000, 30, others)


def test_the_grid_is_outer_batch_sizes_and_two_weight_decays_with_alternating_seeds() -> None:
    setup = make_setup(Path(), dimensions={**SPACE, "batch_size": Choices((16, 32, 64))})
    assert make_grid(setup).cells == (
        SweepCell(16, 1e-5, None, 0),
        SweepCell(16, 1e-3, None, 1),
        SweepCell(64, 1e-5, None, 1),
        SweepCell(64, 1e-3, None, 0),
    )


def test_a_momentum_that_is_searched_has_cells_at_both_of_its_ends() -> None:
    cells = make_grid(make_setup(Path(), dimensions=MOMENTUM)).cells
    assert len(cells) == 8
    assert {c.momentum for c in cells} == {0.5, 0.9}
    fixed: dict[str, Dimension] = {**SPACE, "base_momentum": Range(0.9, 0.9)}
    assert {c.momentum for c in make_grid(make_setup(Path(), dimensions=fixed)).cells} == {None}


@pytest.mark.parametrize(
    ("asked", "kind", "bounded", "low", "high", "extend"),
    [
        ((1e-3, 10.0), "exponential", False, 1e-3, 10.0, True),
        ((1e-3, 10.0), "exponential", True, 1e-3, 10.0, True),
        ((0.1, 2.0), "exponential", False, 1e-3, 2.0, False),
        ((0.1, 2.0), "exponential", True, 0.1, 2.0, False),
        ((1e-5, 0.1), "exponential", False, 1e-5, 0.1, False),
        ((1e-3, 10.0), "linear", False, 0.0, 3.0, True),
        ((0.1, 2.0), "linear", False, 0.0, 2.0, False),
        ((0.1, 2.0), "linear", True, 0.1, 2.0, False),
    ],
)
def test_the_range_is_that_of_max_lr(
    asked: tuple[float, float],
    kind: SweepKind,
    bounded: bool,
    low: float,
    high: float,
    extend: bool,
) -> None:
    space: dict[str, Dimension] = {**SPACE, "max_lr": Range(*asked, log=True)}
    grid = make_grid(make_setup(Path(), dimensions=space, sweep=kind), bounded)
    assert (grid.low, grid.high, grid.extend, grid.kind) == (low, high, extend, kind)


def test_a_sweep_has_fifty_steps_and_half_an_epoch_at_least() -> None:
    plan = planned(1e9)
    assert plan.epochs(32, 1000) == pytest.approx(1.6)
    assert plan.epochs(32, 10_000) == 0.5


def test_a_linear_sweep_is_twice_as_long() -> None:
    setup = make_setup(Path(), sweep="linear")
    assert plan_sweeps(make_grid(setup), 1000, 30, 1e9).epochs(32, 1000) == pytest.approx(3.2)


@pytest.mark.parametrize(
    ("others", "steps", "cells", "repeats"),
    [
        # A tenth of all is a ninth of the others. Batch 16 and 32: 1,050 and 1,850 for 50 steps,
        # 890 and 1,530 for 40. Four cells and the two dear ones again:
        (9 * 9500.0, 50, 4, 2),
        (9 * 9499.0, 40, 4, 2),
        (9 * 7900.0, 40, 4, 2),
        (9 * 7899.0, 40, 4, 1),
        (9 * 6370.0, 40, 4, 1),
        (9 * 6369.0, 40, 3, 1),
        (9 * 4840.0, 40, 3, 1),
        (9 * 4839.0, 40, 2, 1),
        (9 * 3950.0, 40, 2, 1),
        (9 * 3949.0, 40, 1, 1),
        (9 * 1780.0, 40, 1, 1),
        (9 * 1779.0, 40, 1, 0),
        (1.0, 40, 1, 0),
    ],
)
def test_shorter_sweeps_go_first_then_second_seeds_then_cells(
    others: float, steps: int, cells: int, repeats: int
) -> None:
    plan = planned(others)
    assert (plan.steps, len(plan.cells), plan.repeats) == (steps, cells, repeats)
    assert plan.allowance == pytest.approx(others / 9)
    assert plan.budget == pytest.approx(others * 10 / 9)


def test_with_momentum_four_of_the_eight_cells_are_enough_for_a_plane() -> None:
    plan = planned(9 * 8000.0, MOMENTUM)
    assert plan.cells == (
        SweepCell(16, 1e-5, 0.5, 0),
        SweepCell(16, 1e-5, 0.9, 1),
        SweepCell(16, 1e-3, 0.5, 1),
        SweepCell(32, 1e-5, 0.5, 1),
    )


def test_a_larger_share_buys_more() -> None:
    grid = make_grid(make_setup(Path(), range_test_share=0.5))
    plan = plan_sweeps(grid, 1000, 30, 9500.0)
    assert (plan.steps, len(plan.cells), plan.repeats) == (50, 4, 2)
    assert plan.allowance == pytest.approx(9500.0)


@pytest.mark.parametrize("decay", [0.0, 1e-4])
def test_a_fixed_weight_decay_is_that_of_every_sweep(decay: float) -> None:
    space = {**SPACE, "weight_decay": Range(decay, decay)}
    assert {c.weight_decay for c in make_grid(make_setup(Path(), dimensions=space)).cells} == {
        decay
    }
