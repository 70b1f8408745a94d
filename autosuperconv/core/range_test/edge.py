"""The edge between the cells of a range test, with its uncertainty."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autosuperconv.core.range_test.repeats import pooled_spread
from autosuperconv.core.range_test.sweep_curve import Floats
from autosuperconv.core.range_test.types import RESOLUTION, Cell, EdgeEstimate, RangeTest
from autosuperconv.errors import InvalidInput

At = tuple[float, float, float]
"""A place on the grid: log2(batch size), log10(weight decay), log10(1 - momentum)."""

MIN_SD = RESOLUTION
"""Decades."""
SD_PER_OCTAVE = 0.15
"""Growth outside the grid, per doubling of the batch: half of the linear scaling rule."""
SD_PER_DECADE = 0.15
"""Growth outside the grid, per factor ten in weight decay."""
SD_PER_FACTOR = 0.3
"""Growth outside the grid, per factor ten in 1 - momentum. lr / (1 - momentum) is the step that
many equal gradients make, so a shift of up to a whole decade would be no surprise."""
UNKNOWN_SPREAD = 0.15
"""Decades: spread assumed for a cell of a single repeat, where no other cell has any."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A grid point: measured, or filled in from the others.

    Args:
        value: log10 of the edge.
        variance: of a single run about it.
        bound: accuracy was never lost, so the edge is at least here.
    """

    value: float
    variance: float
    bound: bool


@dataclass(frozen=True, slots=True)
class _Plane:
    """Least-squares plane through the measured nodes.

    Args:
        centre: mean place of the nodes.
        slope: along each axis.
        level: mean value of the nodes.
        residual: root mean square about it, per degree of freedom; 0 where there is none left.
    """

    centre: Floats
    slope: Floats
    level: float
    residual: float

    def at(self, point: At) -> float:
        return self.level + float((np.array(point) - self.centre) @ self.slope)


def edge_at(
    range_test: RangeTest, batch_size: int, weight_decay: float, momentum: float | None = None
) -> EdgeEstimate | None:
    """The edge between the cells: linear along each of log2(batch size), log10(weight decay) and
    log10(1 - momentum).

    Cells that are missing are filled in from a plane through the others. Outside the grid the
    value at its border is kept. The standard deviation adds the spread of the repeats, the
    residual about the plane (none at a measured cell, in full far from all) and a growth with
    the distance from the grid. Weight decay 0 counts as a tenth of the smallest positive one.

    Args:
        momentum: where the learning rate is highest. None: the middle of those swept; without
            effect where cells do not differ in it.

    Returns:
        None where no cell has an edge.

    Raises:
        InvalidInput: batch size below 1, weight decay below 0 or momentum outside [0, 1).
    """
    if batch_size < 1 or not weight_decay >= 0:
        raise InvalidInput(
            "edge_at needs a batch size of at least 1 and a weight decay of at least 0, but got "
            f"{batch_size} and {weight_decay:g}."
        )
    if momentum is not None and not 0 <= momentum < 1:
        raise InvalidInput(f"edge_at needs a momentum in [0, 1), but got {momentum:g}.")
    cells = [c for c in range_test.cells if c.edge is not None and c.edge > 0]
    if not cells:
        return None
    zero = _log_of_zero(cells)
    nodes = _measured(cells, zero)
    query = (
        math.log2(batch_size),
        _log_decay(weight_decay, zero),
        _log_momentum(momentum, [c.momentum for c in cells if c.momentum is not None]),
    )
    return _interpolate(nodes, query)


def _log_of_zero(cells: Sequence[Cell]) -> float | None:
    """Where weight decay 0 lies on the logarithmic axis; None: all are 0, there is no axis."""
    positive = [c.weight_decay for c in cells if c.weight_decay > 0]
    return math.log10(min(positive)) - 1 if positive else None


def _log_decay(weight_decay: float, zero: float | None) -> float:
    if zero is None:
        return 0.0
    return max(math.log10(weight_decay), zero) if weight_decay > 0 else zero


def _log_momentum(momentum: float | None, swept: Sequence[float]) -> float:
    """On its axis; all at one place where it was not swept."""
    if not swept:
        return 0.0
    if momentum is not None:
        return math.log10(1 - momentum)
    return (math.log10(1 - min(swept)) + math.log10(1 - max(swept))) / 2


def _measured(cells: Sequence[Cell], zero: float | None) -> dict[At, _Node]:
    pooled = pooled_spread(cells)
    usual = UNKNOWN_SPREAD if pooled is None else pooled
    nodes = {}
    for cell in cells:
        own = [] if cell.momentum is None else [cell.momentum]
        momentum = _log_momentum(cell.momentum, own)
        at = (math.log2(cell.batch_size), _log_decay(cell.weight_decay, zero), momentum)
        spread = usual if cell.edge_spread is None else max(cell.edge_spread, usual)
        nodes[at] = _Node(math.log10(cell.edge or 1.0), spread**2, cell.edge_is_bound)
    return nodes


def _interpolate(nodes: dict[At, _Node], query: At) -> EdgeEstimate:
    plane = _fit(nodes)
    u, v, w = (
        min(max(q, min(knots)), max(knots))
        for q, knots in zip(query, zip(*nodes, strict=True), strict=True)
    )
    inside = (u, v, w)
    weights = _weights(nodes, inside)
    corners = [(w, nodes.get(at) or _fill_in(nodes, at, plane)) for at, w in weights.items()]
    value = sum(w * node.value for w, node in corners)
    between = plane.residual**2 * (1 - sum(w**2 for w, _ in corners))
    variance = sum(w * node.variance for w, node in corners) + max(between, 0.0)
    sd = math.hypot(math.sqrt(variance), _growth(query, inside))
    return EdgeEstimate(value, max(sd, MIN_SD), any(node.bound for _, node in corners))


def _growth(a: At, b: At) -> float:
    per_unit = (SD_PER_OCTAVE, SD_PER_DECADE, SD_PER_FACTOR)
    return math.hypot(*(sd * (p - q) for sd, p, q in zip(per_unit, a, b, strict=True)))


def _fit(nodes: dict[At, _Node]) -> _Plane:
    points = np.array(list(nodes), dtype=np.float64)
    values = np.array([node.value for node in nodes.values()])
    centre, level = points.mean(axis=0), float(values.mean())
    slope, _, rank, _ = np.linalg.lstsq(points - centre, values - level, rcond=None)
    left = values.size - 1 - int(rank)
    misfit = values - level - (points - centre) @ slope
    residual = math.sqrt(float(misfit @ misfit) / left) if left > 0 else 0.0
    return _Plane(centre, slope, level, residual)


def _fill_in(nodes: dict[At, _Node], at: At, plane: _Plane) -> _Node:
    far = min(_growth(at, other) for other in nodes)
    usual = float(np.mean([node.variance for node in nodes.values()]))
    bound = any(node.bound for node in nodes.values())
    return _Node(plane.at(at), usual + plane.residual**2 + far**2, bound)


def _weights(nodes: dict[At, _Node], inside: At) -> dict[At, float]:
    """Weights of the corners around a point within the grid: linear along each axis."""
    u, v, w = (
        _linear(sorted(set(knots)), value)
        for knots, value in zip(zip(*nodes, strict=True), inside, strict=True)
    )
    product = {(a, b, c): p * q * r for (a, p), (b, q), (c, r) in itertools.product(u, v, w)}
    return {at: weight for at, weight in product.items() if weight > 1e-9}


def _linear(knots: list[float], value: float) -> list[tuple[float, float]]:
    right = next((i for i, knot in enumerate(knots) if knot >= value), len(knots) - 1)
    if right == 0 or knots[right] <= value:
        return [(knots[right], 1.0)]
    left = knots[right - 1]
    share = (value - left) / (knots[right] - left)
    return [(left, 1 - share), (knots[right], share)]
