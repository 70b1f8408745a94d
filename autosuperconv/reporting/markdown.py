"""The report as Markdown: to paste, and as the note of the study in the dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.report import Report
from autosuperconv.reporting import rows
from autosuperconv.reporting.page import recipe_lines


def render_markdown(report: Report) -> str:
    """Verdict, compared runs, conditions, trade-off, range test and the recipe."""
    parts = [
        f"## {report.verdict.outcome.label.upper()}",
        escape(report.verdict.sentence),
        _facts(report),
        _headed("Confirmed runs", _roles(report)),
        _headed("Conditions", _conditions(report)),
        f"**Trade-off.** {escape(report.tradeoff.sentence)}",
        _effects(report),
        _surrogate(report),
        f"**Range test: {rows.possible(report.range_test.possible)}.** "
        f"{escape(report.range_test.reason)}",
        _cells(report),
        escape(report.range_test.cost.sentence) if report.range_test.cost else "",
        f"**Pruning.** {escape(report.pruning.sentence)}" if report.pruning else "",
        _recipe(report),
        _missing(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """So that names and sentences cannot become markup, a link or another table column."""
    flat = " ".join(str(text).split())
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", flat)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; "" without rows. Cells are escaped."""
    lines = ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    rule = "|" + " --- |" * len(headings)
    return "\n".join(["| " + " | ".join(escape(name) for name in headings) + " |", rule, *lines])


def _headed(name: str, text: str) -> str:
    return f"**{name}**\n\n{text}" if text else ""


def _facts(report: Report) -> str:
    return (
        f"{escape(report.setup.name)}, {len(report.trials)} trials, "
        f"{rows.cost_total(report)}, {fmt.duration(report.wall_seconds)}."
    )


def _roles(report: Report) -> str:
    headings = ("run", "schedule", "max_lr", "epochs", "samples", "accuracy", "n")
    return table(
        headings,
        (
            (
                row.name,
                row.recipe.schedule,
                fmt.number(row.recipe.max_lr),
                fmt.number(row.recipe.epochs),
                fmt.count(row.samples),
                str(row.accuracy),
                str(row.accuracy.n),
            )
            for row in rows.role_rows(report.confirmation)
        ),
    )


def _conditions(report: Report) -> str:
    return table(
        ("condition", "result", "measured", "numbers"),
        (
            (c.name, rows.yes_no(c.met), rows.condition_value(c), c.detail)
            for c in report.verdict.conditions
        ),
    )


def _effects(report: Report) -> str:
    tradeoff = report.tradeoff
    shown = table(
        rows.effect_headings(tradeoff),
        (rows.effect_row(tradeoff, effect) for effect in tradeoff.effects),
    )
    lines = [f"**{name}.** {escape(text)}" for name, text in rows.tradeoff_lines(tradeoff)]
    caption = (
        "What each change is worth, in percentage points of accuracy with a 95 % interval. "
        "\\* The interval excludes zero."
    )
    return "\n\n".join([*lines, caption, shown] if shown else lines)


def _surrogate(report: Report) -> str:
    lines = [f"- {escape(name)}: {escape(text)}" for name, text in rows.surrogate_lines(report)]
    about = "**The surrogate's view** (a model of the trials, not a measurement)"
    return "\n".join([about, "", *lines]) if lines else ""


def _cells(report: Report) -> str:
    momentum = ("momentum",) if report.range_test.over_momentum else ()
    return table(
        ("batch_size", "weight_decay", *momentum, "floor", "edge", "retention", "possible"),
        (
            (
                str(cell.batch_size),
                fmt.number(cell.weight_decay),
                *(fmt.number(cell.momentum) for _ in momentum),
                fmt.number(cell.floor),
                rows.edge(cell.edge, cell.edge_is_bound),
                fmt.percent(cell.retention, 0),
                rows.possible(cell.possible),
            )
            for cell in report.range_test.cells
        ),
    )


def _recipe(report: Report) -> str:
    lines = recipe_lines(report.winner)
    return _headed("The winning recipe", f"```python\n{lines}\n```" if lines else "")


def _missing(report: Report) -> str:
    lines = "\n".join(f"- {escape(line)}" for line in report.not_measured)
    return _headed("Not measured", lines)
