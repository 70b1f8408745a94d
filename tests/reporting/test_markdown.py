from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.report import Report
from autosuperconv.reporting.markdown import escape, render_markdown, table
from tests.reporting.sample import bare_report


def test_the_markdown_begins_with_the_verdict(report: Report) -> None:
    lines = render_markdown(report).splitlines()
    assert lines[0] == "## REACHED"
    assert lines[2] == report.verdict.sentence


def test_the_markdown_has_runs_conditions_effects_and_recipe(report: Report) -> None:
    text = render_markdown(report)
    assert "| candidate | 1cycle | 1.35 | 12 | 540 k | 92.04 \u00b1 0.08 % | 3 |" in text
    assert "| C2 speed | met | 5.62 (bound 5) |" in text
    assert (
        "| weight decay | 1e-3 | 2e-4 | - | +1.42\\* (+0.86 to +1.98), 1 of 3 diverged |"
    ) in text
    assert "| dropout | 0.2 | 0.05 | +0.40\\* (+0.02 to +0.78) | +0.37 (-0.43 to +1.17) |" in text
    assert "**Notes.** Training diverges in 4 of 16 combinations" in text
    assert "    max_lr=1.35,\n" in text


def test_every_row_of_a_table_has_as_many_cells_as_its_heading(report: Report) -> None:
    verdict = replace(report.verdict)
    broken = replace(verdict.conditions[0], detail="a | b\nc")
    text = render_markdown(replace(report, verdict=replace(verdict, conditions=(broken,))))
    row = next(line for line in text.splitlines() if line.startswith("| C1"))
    assert row.replace("\\|", "").count("|") == 5
    assert "a \\| b c" in row


def test_a_search_without_result_has_no_empty_heading() -> None:
    text = render_markdown(bare_report())
    assert text.startswith("## UNDECIDED\n\nUndecided: no trial completed.")
    assert "Conditions" not in text
    assert "recipe" not in text


def test_names_cannot_become_markup() -> None:
    assert escape("<b>*x* [a](b) `c`") == r"\<b\>\*x\* \[a\](b) \`c\`"


def test_a_table_without_rows_is_nothing() -> None:
    assert table(("a", "b"), []) == ""


def test_the_markdown_says_that_the_surrogate_is_a_model(report: Report) -> None:
    text = render_markdown(report)
    assert "**The surrogate's view** (a model of the trials, not a measurement)" in text
    assert "- fANOVA: max\\_lr 70 %, weight decay 30 % (share of the variance)." in text
