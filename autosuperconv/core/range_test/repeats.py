"""Which cells of a range test are worth a second sweep.

Every cell is swept once, neighbours with different seeds. A second sweep is added where the first
leaves something open, and for one cell at least, so that the spread over seeds is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autosuperconv.core.range_test.types import Cell

AGREEMENT = 0.45
"""Decades. Two edges of one batch size, each 0.15 of seed noise, lie further apart once in 30."""
BORDER = 0.2
"""Decades: this close to the bound on the range held, one sweep does not tell the side."""


def never_lost(cell: Cell) -> bool:
    """Whether accuracy was kept to the end of the range: its edge lies beyond."""
    return cell.edge_is_bound and bool(cell.possible)


def worth_repeating(
    cells: Sequence[Cell], decades: Sequence[float | None], bound: float
) -> tuple[int, ...]:
    """Indices of the cells to sweep again, the most telling first.

    First those that cannot tell, or that never lost accuracy; then those that hold their accuracy
    over about `bound` decades; then those that contradict a cell of the same batch size and
    momentum; and where there is none of these, the cheapest that has an edge.

    Args:
        decades: over which each cell holds its accuracy.
        bound: decades that count as a long range.
    """
    every = range(len(cells))
    open_ = [i for i in every if cells[i].possible is None or never_lost(cells[i])]
    near = [i for i in every if _near(cells[i], decades[i], bound)]
    odd = [i for i in every if any(_contradict(cells[i], other) for other in cells)]
    found = tuple(dict.fromkeys((*open_, *near, *odd)))
    if found or not cells:
        return found
    telling = [i for i in every if cells[i].edge is not None] or list(every)
    return (min(telling, key=lambda i: cells[i].batch_size),)


def pooled_spread(cells: Sequence[Cell]) -> float | None:
    """Standard deviation of log10(edge) over the repeats of all cells; None where none has two."""
    spreads = [c.edge_spread for c in cells if c.edge_spread is not None]
    return float(np.sqrt(np.mean(np.square(spreads)))) if spreads else None


def _near(cell: Cell, decades: float | None, bound: float) -> bool:
    return not cell.edge_is_bound and decades is not None and abs(decades - bound) < BORDER


def _contradict(one: Cell, other: Cell) -> bool:
    same = (one.batch_size, one.momentum) == (other.batch_size, other.momentum)
    if not same or not one.edge or not other.edge or one.edge_is_bound or other.edge_is_bound:
        return False
    return abs(math.log10(one.edge / other.edge)) > AGREEMENT
