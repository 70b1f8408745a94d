"""The report as Markdown: to paste, and as the note of the study in the dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.report import Report
from autosuperconv.reporting import findings, rows
from autosuperconv.reporting.page import recipe_lines


def render_markdown(report: Report) -> str:
    """Verdict, compared runs, conditions, trade-off, range test and the recipe."""
    recipe, answer = recipe_lines(report.winner), report.verdict.answer
    parts = [
        f"## {report.verdict.outcome.label.upper()}",
        f"**{escape(answer)}**" if answer else "",
        escape(report.verdict.figures),
        f"{escape(report.setup.name)}, {len(report.trials)} trials, {rows.cost_total(report)}, "
        f"{fmt.duration(report.wall_seconds)}.",
        _headed("Confirmed runs", _roles(report)),
        _answers(report),
        _headed("Conditions", _conditions(report)),
        f"**Trade-off.** {escape(report.tradeoff.sentence)}",
        _effects(report),
        _surrogate(report),
        f"**Range test.** {escape(report.range_test.reason)}",
        _cells(report),
        escape(report.range_test.cost.sentence) if report.range_test.cost else "",
        f"**Pruning.** {escape(report.pruning.sentence)}" if report.pruning else "",
        _headed("The cycle's recipe", f"```python\n{recipe}\n```" if recipe else ""),
        _headed("Not measured", "\n".join(f"- {escape(line)}" for line in report.not_measured)),
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


def _answers(report: Report) -> str:
    """What a reader wants to know first, in a list."""
    lines = findings.reader_lines(report)
    return "\n".join(f"- **{name}.** {escape(text)}" for name, text in lines)


def _headed(name: str, text: str) -> str:
    return f"**{name}**\n\n{text}" if text else ""


def _roles(report: Report) -> str:
    shown = rows.role_rows(report.confirmation)
    return table(("run", *rows.ROLE_HEADINGS), ((row.name, *rows.role_cells(row)) for row in shown))


def _conditions(report: Report) -> str:
    return table(
        ("condition", "result", "measured", "numbers"),
        (
            (c.name, rows.result_of(c), rows.condition_value(c), c.detail)
            for c in report.verdict.conditions
        ),
    )


def _effects(report: Report) -> str:
    tradeoff = report.tradeoff
    shown = table(rows.EFFECT_HEADINGS, map(rows.effect_row, tradeoff.effects))
    lines = [f"**{name}.** {escape(text)}" for name, text in rows.tradeoff_lines(tradeoff)]
    caption = f"{rows.EFFECT_CAPTION} \\* Zero lies outside."
    return "\n\n".join([*lines, caption, shown] if shown else lines)


def _surrogate(report: Report) -> str:
    lines = [f"- {escape(name)}: {escape(text)}" for name, text in rows.surrogate_lines(report)]
    about = "**The surrogate's view** (a model of the trials, not a measurement)"
    return "\n".join([about, "", *lines]) if lines else ""


def _cells(report: Report) -> str:
    test = report.range_test
    return table(
        (*rows.range_test_headings(test), "possible"),
        ((*rows.range_test_cells(test, c), rows.possible(c.possible)) for c in test.cells),
    )
