"""What is measured where combinations diverge."""

from __future__ import annotations

from collections.abc import Callable

from autosuperconv.core.tradeoff import CellRuns, Combinations, fraction
from autosuperconv.core.tradeoff.fraction import Cell

SOUND, LOST = CellRuns((0.9,)), CellRuns((), 2)


def combinations(factors: int, lost: Callable[[Cell], bool]) -> Combinations:
    cells = {cell: LOST if lost(cell) else SOUND for cell in fraction(factors)}
    return Combinations(tuple((name,) for name in "abcde"[:factors]), cells)


def test_nothing_lost_blames_nobody() -> None:
    runs = combinations(5, lambda cell: False)
    assert (runs.lost, runs.culprits, runs.open) == ((), (), ())
    assert runs.kept == fraction(5)


def test_a_factor_whose_cells_all_diverge_is_the_culprit_and_the_others_are_told() -> None:
    runs = combinations(5, lambda cell: cell[1] < 0)
    assert (len(runs.lost), runs.culprits, runs.open) == (8, (1,), ("b",))
    assert len(runs.kept) == 8


def test_a_pair_that_diverges_together_blames_the_first_and_keeps_the_sound_cells() -> None:
    # a high rate needs a small decay: with the winner's b, a reverted diverges
    runs = combinations(5, lambda cell: cell[0] < 0 < cell[1])
    assert (len(runs.lost), runs.culprits) == (4, (0,))


def test_one_lost_cell_blames_one_factor() -> None:
    lost = (-1, -1, 1, 1, 1)
    runs = combinations(5, lambda cell: cell == lost)
    assert runs.culprits == (0,)
    assert runs.open == ("a",)


def test_two_causes_leave_the_others_open_too() -> None:
    runs = combinations(5, lambda cell: cell[0] < 0 or cell[3] < 0)
    assert (runs.culprits, runs.open) == ((0, 3), ("a", "b", "c", "d", "e"))


def test_the_set_whose_cells_are_lost_most_often_is_blamed() -> None:
    # every lost cell has c reverted, and half of them a: both would explain one cell
    lost = [cell for cell in fraction(3) if cell[0] < 0 and cell[2] < 0 < cell[1]]
    runs = combinations(3, lambda cell: cell in lost)
    assert runs.culprits == (0,)  # as often as c: the first
    more = [*lost, (1, 1, -1)]
    assert combinations(3, lambda cell: cell in more).culprits == (2,)


def test_where_the_only_factor_diverges_it_is_open() -> None:
    runs = combinations(1, lambda cell: cell[0] < 0)
    assert (runs.culprits, runs.open) == ((0,), ("a",))


def test_factors_that_are_changed_together_have_one_name() -> None:
    runs = Combinations((("dropout",), ("momentum", "label_smoothing")), {(1, 1): SOUND})
    assert runs.names == ("dropout", "momentum+label_smoothing")
