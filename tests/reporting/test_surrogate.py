"""The surrogate's view on the page, in Markdown, in the terminal and in the plane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.report import Report
from autosuperconv.core.surrogate import no_exchange, read_exchange
from autosuperconv.reporting.figures.lr_weight_decay import contour_levels
from autosuperconv.reporting.figures.pictures import picture_svg
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.terminal import report_text
from tests.reporting.terminal import to_text

SENTENCE = (
    "Along equal accuracy, doubling max_lr goes with weight decay x 0.5 (95 %: 0.34 to 0.71), by "
    "a model of 29 trials (R2 0.81 on left-out ones)."
)


def test_the_page_shows_the_rate_and_both_importances_side_by_side(page: str) -> None:
    assert SENTENCE in page
    assert '<th class="n">fANOVA</th><th class="n">PED-ANOVA</th>' in page
    assert "The two answer different questions." in page


def test_the_summary_has_one_line_of_it(report: Report) -> None:
    text = " ".join(to_text(report_text(report), width=1000).split())
    assert f"{SENTENCE} fANOVA: max_lr 70 %, weight decay 30 %. PED-ANOVA: weight decay" in text


def test_the_markdown_says_that_it_is_a_model(report: Report) -> None:
    text = render_markdown(report)
    assert "**The surrogate's view** (a model of the trials, not a measurement)" in text
    assert "- fANOVA: max\\_lr 70 %, weight decay 30 % (share of the variance)." in text


def test_lines_of_equal_accuracy_are_drawn_where_there_is_a_model(report: Report) -> None:
    drawn = picture_svg("plane", report)
    assert drawn is not None
    assert "equal accuracy, by the model" in drawn
    bare = picture_svg("plane", replace(report, surrogate=None))
    assert bare is not None
    assert "equal accuracy" not in bare


@pytest.mark.parametrize(
    ("low", "high", "levels"),
    [
        (90.0, 92.0, [91.0, 91.5, 91.8, 91.9]),
        (30.0, 98.0, [58.0, 78.0, 88.0, 93.0, 96.0]),
        (92.0, 92.0, []),
    ],
)
def test_levels_lie_closer_together_near_the_top(
    low: float, high: float, levels: list[float]
) -> None:
    assert contour_levels(low, high) == levels


def test_an_exchange_rate_that_spans_too_much_is_not_claimed() -> None:
    found = read_exchange(0.5, 0.1, 1.2, True, 20, 0.6)
    assert not found.carried
    assert found.sentence == (
        "The 20 completed trials do not carry an exchange rate: its interval, 0.1 to 1.2, spans "
        "more than a factor of 10."
    )


def test_without_a_model_the_reason_is_given() -> None:
    assert no_exchange(3, "3 completed trials").sentence == "No exchange rate: 3 completed trials."
