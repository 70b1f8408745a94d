"""Two small plotly figures for the dashboard, which draws nothing but plotly's JSON.

They are stored in the study's database, so they are thinned and say little; the page has the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from autosuperconv.core.range_test import Cell
from autosuperconv.core.report import Report
from autosuperconv.core.trace import StopReason
from autosuperconv.reporting import rows
from autosuperconv.reporting.figures.accuracy_cost import (
    accuracy_floor,
    accuracy_top,
    baseline_courses,
    shown_accuracy,
    tip,
)
from autosuperconv.reporting.figures.canvas import LIGHT, present

if TYPE_CHECKING:
    import plotly.graph_objects as go

SYMBOLS = {
    StopReason.COMPLETED: "circle",
    StopReason.PRUNED: "x",
    StopReason.DIVERGED: "triangle-down",
    StopReason.ABOVE_EDGE: "triangle-up",
    StopReason.OUT_OF_MEMORY: "diamond",
}


def _short(values: Iterable[float | None]) -> list[float | None]:
    """Four digits: figures are stored in the study's database, 2045 characters a row."""
    return [None if value is None else float(f"{value:.4g}") for value in values]


def range_test_figure(report: Report) -> go.Figure:
    """Accuracy against the learning rate, one colour a cell; the edges as vertical lines."""
    import plotly.graph_objects as go

    figure = go.Figure()
    late = (StopReason.DIVERGED, StopReason.ABOVE_EDGE, StopReason.OUT_OF_MEMORY)
    roles = ("baseline", "candidate", "control", *late)
    for i, cell in enumerate(report.range_test.cells):
        _add_cell(figure, cell, LIGHT[roles[i % len(roles)]])
    title = f"Range test: {rows.possible(report.range_test.possible)}. Dotted: the edge"
    _lay_out(figure, title, "learning rate")
    if report.range_test.sweep == "linear":  # a logarithm has no place for a rate of 0
        figure.update_xaxes(type="linear", dtick=None)
    figure.update_yaxes(rangemode="tozero")
    return figure


def _lay_out(figure: go.Figure, title: str, across: str) -> None:
    """For a card of some 440 x 330 dots: small print, the legend clear of the axis."""
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0.02},
        template="none",
        margin={"l": 48, "r": 12, "t": 40, "b": 40},
        legend={"orientation": "h", "y": -0.22, "font": {"size": 10}},
    )
    figure.update_xaxes(type="log", dtick=1, title={"text": across, "standoff": 4})
    figure.update_yaxes(title={"text": "accuracy, %", "standoff": 4})


def _add_cell(figure: go.Figure, cell: Cell, colour: str) -> None:
    name = cell.name
    for i, (seed, curve) in enumerate(zip(cell.seeds, cell.curves, strict=True)):
        rates, accuracy = present(curve.lr, curve.accuracy, 100)  # a None would break the line
        figure.add_scatter(
            x=_short(rates),
            y=_short(accuracy),
            mode="lines",
            line={"color": colour, "width": 1.5},
            name=name,
            legendgroup=name,
            showlegend=i == 0,
            hovertext=f"{name}, seed {seed}",
        )
    if cell.edge is not None:
        figure.add_vline(cell.edge, line={"color": colour, "dash": "dot", "width": 1.5})


def cost_figure(report: Report) -> go.Figure:
    """Accuracy against training samples: trials by state, the baseline, the confirmed runs."""
    import plotly.graph_objects as go

    figure, floor = go.Figure(), accuracy_floor(report)
    for state, name in rows.STATES.items():
        own = [t for t in report.trials if t.state == state and t.samples > 0]
        if own:
            figure.add_scatter(
                x=[trial.samples for trial in own],
                y=_short(max(100 * (shown_accuracy(trial) or 0.0), floor) for trial in own),
                text=[tip(report, trial).replace("\n", "<br>") for trial in own],
                mode="markers",
                marker={"color": LIGHT[state], "size": 7, "symbol": SYMBOLS[state]},
                cliponaxis=False,
                hoverinfo="text",
                name=f"{name} ({len(own)})",
            )
    _add_confirmed(figure, report)
    _lay_out(figure, "Accuracy against training cost", "training samples seen (log scale)")
    top = accuracy_top(report)
    figure.update_yaxes(range=[floor - 0.04 * (top - floor), top])
    return figure


def _add_confirmed(figure: go.Figure, report: Report) -> None:
    for course in baseline_courses(report)[:1]:
        samples, accuracy = present(*course, 100)
        figure.add_scatter(
            x=_short(samples),
            y=_short(accuracy),
            mode="lines",
            line={"color": LIGHT["baseline"], "width": 1},
            name="baseline, one run",
        )
    for row in rows.role_rows(report.confirmation):
        symbol = "square" if row.role == row.side else "square-open"
        figure.add_scatter(
            x=[row.samples],
            y=_short([100 * (row.accuracy.mean or 0.0)]),
            error_y={"array": [100 * (row.accuracy.sd or 0.0)]},
            mode="markers",
            marker={"color": LIGHT[row.side], "size": 12, "symbol": symbol},
            name=f"{row.name} {row.text}",
        )
