from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from autosuperconv.core.report import Report
from autosuperconv.core.space import Range
from autosuperconv.core.verdict import Outcome, judge
from autosuperconv.reporting import captions
from autosuperconv.reporting import page as html
from autosuperconv.reporting.figures.accuracy_cost import tip
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.terminal import report_text
from tests.core.curves import cycles, steps
from tests.reporting.sample import bare_report, sample_report
from tests.reporting.terminal import to_text

VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = "</title><script>alert('x')</script><img src=x onerror=alert(1)>\"&{{ 7 * 7 }}"


class Page(HTMLParser):
    """Keeps what the tests ask for, and fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th", "button") and self.cells:
            self.cells[-1] += data

    def having(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def test_the_page_is_well_formed(page: str) -> None:
    assert page.startswith("<!doctype html>")
    assert Page(page).open == []


def test_the_page_of_a_search_without_result_is_well_formed() -> None:
    text = html.render_page(bare_report())
    parsed = Page(text)
    assert parsed.open == []
    assert not [tag for tag, _ in parsed.tags if tag == "figure"]  # no empty panel
    for sentence in ("No run was confirmed", "No trial was run", "No learning curve"):
        assert sentence in text


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    parsed = Page(page)
    for name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
        for value in parsed.having(name):
            assert value.startswith(("#", "data:")), value
    assert not re.search(r"url\(\s*['\"]?(?!#)", page)
    assert "@import" not in page
    assert not [tag for tag, _ in parsed.tags if tag in ("iframe", "object", "embed", "base")]


def test_every_id_of_the_page_is_unique_and_every_link_has_its_target(page: str) -> None:
    parsed = Page(page)
    ids = parsed.having("id")
    assert len(ids) == len(set(ids))
    targets = {value[1:] for value in parsed.having("href") if value.startswith("#")}
    assert targets <= set(ids)


def test_a_hostile_study_name_stays_text(report: Report) -> None:
    options = replace(report.setup.options, command=HOSTILE)
    setup = replace(report.setup, options=options, study_name=HOSTILE, dataset=HOSTILE)
    verdict = replace(report.verdict, sentence=HOSTILE)
    trials = tuple(replace(trial, detail=HOSTILE) for trial in report.trials[:2])
    whole = bare_report()
    text = html.render_page(replace(whole, setup=setup, verdict=verdict, trials=trials))
    parsed = Page(text)
    assert "alert('x')</script>" not in text
    assert [tag for tag, _ in parsed.tags if tag == "script"] == ["script"]
    assert not [tag for tag, _ in parsed.tags if tag == "img"]
    assert "{{ 7 * 7 }}" in text  # not evaluated


def test_two_hundred_trials_stay_under_five_megabytes_and_all_are_listed() -> None:
    text = html.render_page(sample_report(trials=200))
    assert len(text.encode()) < 5_000_000
    cells = Page(text).cells
    assert all(str(number) in cells for number in range(200))


def test_the_first_screen_has_verdict_outcome_and_the_few_numbers(
    page: str, report: Report
) -> None:
    top = page[page.index("<header") : page.index("</header>")]
    for shown in (report.verdict.sentence, "REACHED", "5.62 x", "+0.33", "11.3 x", "38 min"):
        assert shown in top


def test_a_quantity_has_the_same_digits_in_sentence_page_markdown_and_terminal(
    report: Report,
) -> None:
    assert report.winner is not None
    tuned = replace(report.baseline, recipe=replace(report.baseline.recipe, max_lr=0.0164))
    found = replace(
        report,
        verdict=judge(cycles(max_lr=0.0322), steps(max_lr=0.0164)),
        baseline=tuned,
        winner=replace(report.winner, max_lr=0.0322),
    )
    page = html.render_page(found)
    top = page[page.index("<header") : page.index("</header>")]
    texts = (top, render_markdown(found), to_text(report_text(found), width=400))
    # k = 75,000 / 10,000, 0.0322 / 0.0164 = 1.9634, mean difference 1.4 / 3 points
    for text in (found.verdict.sentence, *texts):
        for digits in ("7.5 x", "0.0322", "1.96", "+0.47"):
            assert digits in text.replace("\\", "")


def test_every_outcome_has_its_words(report: Report) -> None:
    for outcome in Outcome:
        shown = outcome.label.upper()
        verdict = replace(report.verdict, outcome=outcome)
        text = html.render_page(replace(bare_report(), verdict=verdict))
        assert f'<p class="outcome {outcome}">{shown}</p>' in text


def test_the_conditions_are_listed_with_number_bound_and_result(page: str) -> None:
    cells = Page(page).cells
    place = cells.index("C2 speed")
    assert cells[place + 1 : place + 3] == ["5.62", "5"]
    assert cells[place + 4] == "T_B 3.04 M / N_C 540 k = 5.62."


def test_the_winner_is_marked_and_its_recipe_can_be_pasted(page: str, report: Report) -> None:
    from autosuperconv.core.recipe import Recipe

    assert page.count('<tr id="trial-29" class="winner">') == 1
    assert eval(html.recipe_lines(report.winner), {"Recipe": Recipe}) == report.winner


def test_a_field_that_is_searched_has_a_column_in_every_table_of_recipes(report: Report) -> None:
    dimensions = {**report.setup.dimensions, "label_smoothing": Range(0.0, 0.2)}
    bare = bare_report()  # no picture to draw
    searched = replace(bare.setup, dimensions=dimensions)
    whole = replace(
        bare,
        setup=searched,
        trials=report.trials[:1],
        confirmation=report.confirmation,
        baseline=report.baseline,
    )
    columns = Page(html.render_page(whole)).cells
    assert columns.count("label_smoothing") == 3  # confirmed runs, trials, the baseline's tuning
    assert "label smoothing 0" in tip(whole, whole.trials[0])


def test_what_was_not_measured_is_called_so(report: Report) -> None:
    verdict = replace(report.verdict, speedup=None)
    key = html.key_figures(replace(report, verdict=verdict))[0]
    assert (key.value, key.detail) == ("\u2013", "not measured")


def test_a_negative_number_has_a_minus_sign_and_an_exponent_keeps_its_hyphen() -> None:
    assert html.minus("-2.90 to -1.90, 1e-4, non-inferior") == (
        "\u22122.90 to \u22121.90, 1e-4, non-inferior"
    )


def test_a_trial_that_the_pruner_would_have_stopped_says_so(report: Report) -> None:
    trial = replace(report.trials[29], would_prune_at=0.65)
    assert html.trial_note(report, trial) == (
        "its settings won; reaches the target; best at its cost; "
        "kept running although the pruner would have stopped it at phase 0.65"
    )


def test_the_caption_tells_only_of_what_is_drawn(report: Report) -> None:
    assert "Squares are the confirmed runs on test data" in captions.cost_caption(report)
    plain = captions.cost_caption(bare_report())
    assert "Squares" not in plain
    assert "arrow" not in plain


@pytest.mark.parametrize("part", ["prefers-color-scheme: dark", "@media print", "max-width: 640px"])
def test_the_page_suits_dark_rooms_paper_and_phones(part: str, page: str) -> None:
    assert part in page


def test_every_picture_has_a_label_and_a_caption(page: str) -> None:
    parsed = Page(page)
    figures = [attrs for tag, attrs in parsed.tags if tag == "figure"]
    captions = [tag for tag, _ in parsed.tags if tag == "figcaption"]
    drawings = [attrs for tag, attrs in parsed.tags if tag == "svg"]
    assert len(figures) == len(captions) == 5
    assert len(drawings) == 10  # each once for a page and once for a phone
    assert all(attrs.get("aria-label") for attrs in drawings)


def test_the_page_shows_exchange_rate_and_both_importances_side_by_side(
    page: str, report: Report
) -> None:
    assert report.surrogate is not None
    assert report.surrogate.exchange.sentence in page
    assert '<th class="n">fANOVA</th><th class="n">PED-ANOVA</th>' in page
    assert "The two answer different questions." in page
