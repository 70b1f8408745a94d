"""The range test: accuracy and training loss against the learning rate, one panel a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autosuperconv.core import format as fmt
from autosuperconv.core.range_test import Cell, RangeTest
from autosuperconv.core.range_test.curvature import pure_noise_estimate
from autosuperconv.core.trace import StopReason
from autosuperconv.reporting import rows
from autosuperconv.reporting.figures.canvas import LIGHT, Sheet, log_ticks, present, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

SEED_COLOURS = ("baseline", "candidate", "control", StopReason.DIVERGED)


def columns(cells: int, wide: bool) -> int:
    """Panels side by side."""
    return min(cells, 2) if wide else 1


def range_test_height(range_test: RangeTest, wide: bool) -> float:
    """Inches for all panels."""
    cells = max(len(range_test.cells), 1)
    down = -(-cells // columns(cells, wide))
    return 4.0 * down + 0.2


def draw_range_test(sheet: Sheet, range_test: RangeTest) -> None:
    """From the top: accuracy, training loss, and the learning rate that curvature suggests.

    The shaded part lies above the edge. A cross at the foot marks where a sweep diverged.
    """
    cells = range_test.cells
    across = columns(len(cells), sheet.wide)
    down = -(-len(cells) // across)
    parts = sheet.figure.subfigures(down, across, squeeze=False).ravel()
    for part, cell in zip(parts, cells, strict=False):
        upper, lower, lowest = _axes(part, cell)
        _curves(upper, lower, cell)
        if lowest is not lower:
            _suggested(lowest, cell)
        _limits(upper, lower, range_test)
        _shared_axis(lowest, range_test)
        _marks(upper, lower, cell)
        upper.set_title(cell_title(cell).replace(": ", "\n", 1))


def _axes(part: SubFigure, cell: Cell) -> tuple[Axes, Axes, Axes]:
    """For accuracy, loss and curvature; where no curvature was measured, loss comes last."""
    if not all(curve.path_lr for curve in cell.curves):
        upper, lower = part.subplots(2, 1, sharex=True, height_ratios=(3, 1.7))
        return upper, lower, lower
    upper, lower, lowest = part.subplots(3, 1, sharex=True, height_ratios=(3, 1.5, 1.5))
    return upper, lower, lowest


def cell_title(cell: Cell) -> str:
    """Names the cell, and says what was read from it."""
    name = cell.name
    if cell.retention is None:
        return f"{name}: {rows.possible(cell.possible)}"
    kept = f"keeps {fmt.percent(cell.retention, 0)} of its peak accuracy"
    return f"{name}: {rows.possible(cell.possible)}, {kept}"


def _curves(upper: Axes, lower: Axes, cell: Cell) -> None:
    for seed, curve in zip(cell.seeds, cell.curves, strict=True):
        colour = LIGHT[SEED_COLOURS[seed % len(SEED_COLOURS)]]
        x, y = present(curve.lr, curve.accuracy, 100.0)
        upper.plot(x, y, color=colour, lw=1.2, label=f"seed {seed}")
        x, y = present(curve.lr, curve.train_loss)
        lower.plot(x, y, color=colour, lw=1.2)
    for seed, curve, stopped in zip(cell.seeds, cell.curves, cell.stopped, strict=False):
        if stopped is StopReason.DIVERGED:
            colour = LIGHT[SEED_COLOURS[seed % len(SEED_COLOURS)]]
            upper.plot(curve.lr[-1:], [0.0], color=colour, ls="", marker="x", clip_on=False)
    if cell.curves:
        upper.legend(loc="upper left", handlelength=1.2, borderaxespad=0.2, labelspacing=0.2)


def _limits(upper: Axes, lower: Axes, range_test: RangeTest) -> None:
    best = [y for c in range_test.cells for s in c.curves for y in s.accuracy if y is not None]
    upper.set_ylim(0, min(100 * max(best, default=1.0) * 1.12, 104))
    upper.set_ylabel("accuracy, %")
    losses = [y for c in range_test.cells for s in c.curves for y in s.train_loss if y is not None]
    if losses:
        low = min(losses)
        lower.set_ylim(0.9 * low, min(1.1 * max(losses), 4 * max(low, 1.0)))
    lower.set_ylabel("train loss")


def _shared_axis(lowest: Axes, range_test: RangeTest) -> None:
    if range_test.sweep == "linear":
        lowest.set_xlim(range_test.lowest_lr, range_test.highest_lr)
        lowest.set_xlabel("learning rate")
        return
    lowest.set_xscale("log")
    lowest.set_xlim(range_test.lowest_lr, range_test.highest_lr)
    lowest.set_xlabel("learning rate (log scale)")
    log_ticks(lowest.xaxis, *lowest.get_xlim(), fmt.number)


def _suggested(axes: Axes, cell: Cell) -> None:
    """The learning rates that curvature suggests along the path (line) and the gradient (dots),
    beside the value that pure noise would give (dotted)."""
    for seed, curve in zip(cell.seeds, cell.curves, strict=True):
        colour = LIGHT[SEED_COLOURS[seed % len(SEED_COLOURS)]]
        axes.plot(*present(curve.lr, curve.path_lr), color=colour, lw=1.2)
        axes.plot(*present(curve.lr, curve.gradient_lr), color=colour, ls="", marker="o", ms=3)
    for curve in cell.curves[:1]:
        pairs = zip(curve.lr, curve.momentum, strict=True)
        noise = [pure_noise_estimate(lr, momentum) for lr, momentum in pairs]
        axes.plot(*present(curve.lr, noise), color=LIGHT["soft"], lw=1, ls=":")
    axes.set_yscale("log")
    axes.set_ylabel("curvature\nsuggests")


def _marks(upper: Axes, lower: Axes, cell: Cell) -> None:
    bottom = 0.04 * upper.get_ylim()[1]
    for value, role, dash in (
        (cell.floor, "control", (0, (3, 2))),
        (cell.edge, StopReason.ABOVE_EDGE, "-"),
    ):
        for axes in (upper, lower):
            if value is not None:
                axes.axvline(value, color=LIGHT[role], lw=1.1, ls=dash)
    if cell.floor is not None:
        write(upper, f"floor {fmt.number(cell.floor)}", (cell.floor, bottom), "control")
    if cell.edge is not None:
        _edge(upper, lower, cell, cell.edge, bottom)


def _edge(upper: Axes, lower: Axes, cell: Cell, edge: float, bottom: float) -> None:
    right = upper.get_xlim()[1]
    if not cell.edge_is_bound:
        for axes in (upper, lower):
            axes.axvspan(edge, right, color=LIGHT[StopReason.ABOVE_EDGE], alpha=0.12, lw=0)
    text = f"edge {rows.edge(edge, cell.edge_is_bound)}".replace(">=", "\u2265")
    above_floor = (-6, 12)  # the floor's label stands at the bottom, and may be near
    role = StopReason.ABOVE_EDGE
    write(upper, text, (edge, bottom), role, shift=above_floor, align="right", bold=True)
