"""Where the good recipes lie: learning rate against weight decay, under the edge."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from autosuperconv.core import format as fmt
from autosuperconv.core.range_test import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report, Trial
from autosuperconv.core.trace import StopReason
from autosuperconv.reporting import rows
from autosuperconv.reporting.figures.accuracy_cost import tip
from autosuperconv.reporting.figures.canvas import LIGHT, MARKERS, Sheet, log_ticks, write
from autosuperconv.reporting.reached import reached_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADES = tuple(LIGHT[f"ramp-{i}"] for i in range(1, 6))
BELOW_TARGET = (0.05, 0.02, 0.01, 0.0)
"""Steps of the shades: how far a trial ends below the target, fraction of 1."""


def draw_plane(sheet: Sheet, report: Report) -> None:
    """Every trial; darker (in a dark page brighter) is more accurate. Lines: the edge."""
    axes = sheet.figure.add_subplot()
    axes.set_xscale("log")
    axes.set_yscale("log")
    _limits(axes, report)
    _edges(axes, report)
    _iso_accuracy(axes, report)
    for shade in range(len(SHADES)):
        _completed(sheet, axes, report, shade)
    for state in StopReason:
        if state != StopReason.COMPLETED:
            _unfinished(sheet, axes, report, state)
    _winner(axes, report)
    axes.set_xlabel("max_lr (log scale)")
    axes.set_ylabel("weight decay (log scale)")
    log_ticks(axes.xaxis, *axes.get_xlim(), fmt.number)
    log_ticks(axes.yaxis, *axes.get_ylim(), fmt.number)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        columns = 4 if sheet.wide else 2
        sheet.figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def _shade_name(shade: int, has_target: bool) -> str:
    if shade == len(BELOW_TARGET):
        return "reaches the target" if has_target else "the most accurate"
    if shade == 0:
        return f"over {100 * BELOW_TARGET[0]:.0f} points below"
    points = f"{100 * BELOW_TARGET[shade - 1]:.0f}"
    return f"within {points} {'point' if points == '1' else 'points'}"


def _limits(axes: Axes, report: Report) -> None:
    rates = [trial.recipe.max_lr for trial in report.trials]
    decays = [t.recipe.weight_decay for t in report.trials if t.recipe.weight_decay > 0]
    axes.set_xlim(min(rates, default=0.1) / 1.4, max(rates, default=1.0) * 1.6)
    axes.set_ylim(min(decays, default=1e-5) / 1.6, max(decays, default=1e-3) * 1.6)


def _iso_accuracy(axes: Axes, report: Report) -> None:
    """Lines of equal accuracy by the model of the trials, where there is one."""
    surface = report.surrogate.surface if report.surrogate else None
    if surface is None:
        return
    accuracy = [[math.nan if a is None else 100 * a for a in row] for row in surface.accuracy]
    known = sorted(value for row in accuracy for value in row if value == value)
    levels = contour_levels(known[0], known[-1]) if known else []
    if not levels:
        return
    lines = axes.contour(
        surface.max_lr, surface.weight_decay, accuracy, levels, colors=LIGHT["soft"], linewidths=0.8
    )
    axes.clabel(lines, fmt=lambda level: f"{level:.4g} %", fontsize=7.5)
    axes.plot([], [], color=LIGHT["soft"], lw=0.8, label="equal accuracy, by the model")


def contour_levels(low: float, high: float) -> list[float]:
    """Five or so round accuracies in per cent, closer together near the top: half a point, one,
    two, five ... below the best."""
    steps = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
    below = [step for step in steps if (high - low) / 60 < step < high - low]
    return sorted({round(high - step, 1 if step >= 0.25 else 2) for step in below})


def _edges(axes: Axes, report: Report) -> None:
    """At the max_lr whose runs get to the edge."""
    reached = reached_share(report)
    cells = [cell for cell in report.range_test.cells if cell.edge is not None]
    cells.sort(key=lambda cell: (cell.batch_size, cell.momentum or 0.0, cell.weight_decay))
    dashes: list[object] = ["-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2))]
    for i, (name, group) in enumerate(groupby(cells, key=_line)):
        own = list(group)
        x, y = [(cell.edge or 0.0) / reached for cell in own], [cell.weight_decay for cell in own]
        name = f"edge, {name}"
        dash = dashes[i % len(dashes)]
        axes.plot(x, y, color=LIGHT[StopReason.ABOVE_EDGE], lw=1.4, ls=dash, marker="|", label=name)


def _line(cell: Cell) -> str:
    """Cells that differ in weight decay alone are on one line."""
    name = f"batch {cell.batch_size}"
    return name if cell.momentum is None else f"{name}, momentum {fmt.number(cell.momentum)}"


def _decay(axes: Axes, recipe: Recipe) -> float:
    """No weight decay has no place on a log axis: it lies on its lower end."""
    return max(recipe.weight_decay, axes.get_ylim()[0])


def _completed(sheet: Sheet, axes: Axes, report: Report, shade: int) -> None:
    best = max((trial.accuracy or 0.0 for trial in report.trials), default=0.0)
    target = best if report.target is None else report.target
    least = [target - below for below in BELOW_TARGET]  # of shade 1, 2 ...
    ended = [(trial, trial.accuracy) for trial in report.trials if trial.accuracy is not None]
    own = [trial for trial, accuracy in ended if sum(accuracy >= a for a in least) == shade]
    look = {"s": 46, "edgecolors": LIGHT["soft"], "linewidths": 0.6, "zorder": 3}
    _points(
        sheet,
        axes,
        report,
        own,
        _shade_name(shade, report.target is not None),
        look | {"color": SHADES[shade]},
    )


def _unfinished(sheet: Sheet, axes: Axes, report: Report, state: StopReason) -> None:
    own = [trial for trial in report.trials if trial.state == state]
    width = 1.2 if state == StopReason.PRUNED else 0
    look = {"s": 22, "marker": MARKERS[state], "linewidths": width, "zorder": 2}
    _points(sheet, axes, report, own, rows.STATES[state], look | {"color": LIGHT[state]})


def _points(
    sheet: Sheet,
    axes: Axes,
    report: Report,
    trials: list[Trial],
    name: str,
    look: dict[str, Any],
) -> None:
    if trials:
        x = [trial.recipe.max_lr for trial in trials]
        y = [_decay(axes, trial.recipe) for trial in trials]
        points = axes.scatter(x, y, label=f"{name} ({len(trials)})", **look)
        sheet.tip(points, [tip(report, trial) for trial in trials])


def _winner(axes: Axes, report: Report) -> None:
    if report.winner is None:
        return
    at = (report.winner.max_lr, _decay(axes, report.winner))
    axes.plot(*at, "o", ms=12, mfc="none", mec=LIGHT["candidate"], mew=2, zorder=4)
    write(axes, "winner", at, "candidate", shift=(10, 9), bold=True)
