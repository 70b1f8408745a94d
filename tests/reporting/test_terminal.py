from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from autosuperconv.core.class_balance import ClassBalance
from autosuperconv.core.range_test import SweepCost
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.verdict import Price, SideRuns
from autosuperconv.reporting import terminal as text
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page
from tests.reporting.sample import bare_report, sample_report
from tests.reporting.terminal import to_text


def test_the_summary_begins_with_the_answer_in_words(report: Report) -> None:
    sentence = "Yes: it trains 5 x faster. Reached: 5 x fewer samples."
    verdict = replace(report.verdict, sentence=sentence, answer="Yes: it trains 5 x faster.")
    shown = to_text(text.report_text(replace(report, verdict=verdict)))
    assert shown.startswith("Yes: it trains 5 x faster.\n\nREACHED: 5 x fewer samples.\n")


def test_the_summary_begins_with_the_outcome_and_its_sentence(report: Report) -> None:
    shown = to_text(text.report_text(report), width=300)
    assert shown.startswith(f"REACHED: {report.verdict.sentence}\n")


def test_the_summary_compares_the_three_runs_with_mean_spread_and_n(report: Report) -> None:
    lines = to_text(text.report_text(report)).splitlines()
    # 91.96, 92.04, 92.11: mean 92.04, sample deviation 0.075.
    candidate = next(line for line in lines if line.startswith("candidate"))
    assert candidate.split() == [
        "candidate", "1cycle", "1.35", "12", "540", "k", "92.04", "\u00b1", "0.08", "%", "3",
    ]  # fmt: skip
    assert any(line.startswith("compressed control") for line in lines)


def test_the_summary_says_which_conditions_are_not_met(report: Report) -> None:
    first = replace(report.verdict.conditions[0], met=False)
    second = replace(report.verdict.conditions[1], met=None)
    verdict = replace(report.verdict, conditions=(first, second))
    shown = to_text(text.report_text(replace(report, verdict=verdict)))
    assert "C1 accuracy  NOT MET" in shown
    assert "C2 speed     not checked" in shown


def test_the_summary_says_where_the_files_are(report: Report) -> None:
    shown = to_text(text.report_text(report, {"page": "runs/a/report.html"}))
    assert "Page        runs/a/report.html" in shown


def test_an_undecided_summary_names_the_command_that_would_settle_it(report: Report) -> None:
    """Runs of 60 s: 5 of the baseline and 9 of the candidate take 14 min; 6 + 9 candidates go with
    9 of the baseline."""
    open_ = replace(report.verdict, runs=SideRuns(6, 3), price=Price(5, 9))
    minute = tuple(
        replace(run, trace=replace(run.trace, seconds=60.0)) for run in report.confirmation
    )
    given = replace(report, verdict=open_, confirmation=minute)
    shown = to_text(text.report_text(given), width=300)
    assert (
        "Next        5 more runs of the baseline and 9 of the candidate (about 14 min) would "
        "probably settle it: autosuperconv search --dataset cifar10 --model resnet20 --trials 40 "
        "--max-seeds 9"
    ) in shown
    untrained = replace(report, verdict=open_, confirmation=())
    assert "9 of the candidate would probably" in to_text(text.report_text(untrained), width=300)
    assert "Next" not in to_text(text.report_text(report))


def test_a_search_without_any_result_still_has_a_summary() -> None:
    shown = to_text(text.report_text(bare_report()))
    assert shown.startswith("UNDECIDED: no trial completed.")


def test_markup_in_a_name_is_printed_as_it_is(report: Report) -> None:
    verdict = replace(report.verdict, sentence="[red]no[/red] [/]")
    assert "[red]no[/red] [/]" in to_text(text.report_text(replace(report, verdict=verdict)))


def _printed(report: Report, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    Console(file=stream, force_terminal=terminal, width=100).print(text.report_text(report))
    return stream.getvalue()


def test_colour_comes_with_a_terminal_only(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" not in _printed(report, False, monkeypatch)
    assert "\x1b[" in _printed(report, True, monkeypatch)


def test_the_plan_names_time_and_runs_and_lists_its_steps() -> None:
    plan = sample_report(trials=21).plan
    # 14 + 31 + 640 + 980 + 480 + 160 = 2305 s; 3 + 8 + 5 + 21 + 9 + 15 = 61 runs.
    shown = to_text(text.plan_text(plan))
    assert shown.startswith("The search would take about 38 min: 61 runs with 2 workers.")
    assert "range test       8       8    31 s" in shown


def test_the_range_test_says_possible_or_not_for_every_cell(report: Report) -> None:
    shown = to_text(text.range_test_text(report.range_test))
    assert shown.startswith(report.range_test.reason)
    assert shown.count("not possible") == 3
    assert ">= 3" in shown


def test_an_empty_range_test_is_one_sentence() -> None:
    assert to_text(text.range_test_text(bare_report().range_test)) == ("No sweep completed.\n")


def test_the_range_test_shows_momentum_where_cells_differ_in_it_and_what_it_cost(
    report: Report,
) -> None:
    plain = to_text(text.range_test_text(report.range_test))
    assert "momentum" not in plain
    cells = tuple(replace(cell, momentum=0.9) for cell in report.range_test.cells)
    cost = SweepCost(4, 0, 4, 0, 0, 8000, 0, 9000.0, 1e6, 0.1, 0.06)
    shown = to_text(text.range_test_text(replace(report.range_test, cells=cells, cost=cost)))
    assert "momentum" in shown
    assert shown.count("  0.9  ") == 4
    assert "8 sweeps, 8 k samples: 0.9 % of the search's forecast work" in shown
    whole = replace(report, range_test=replace(report.range_test, cost=cost))
    assert "Sweeps" in to_text(text.report_text(whole))


def test_a_target_that_the_winner_misses_is_said_and_one_that_it_reaches_is_not() -> None:
    report = sample_report()
    baseline = replace(report.baseline, target=0.9999)
    missed = to_text(text.report_text(replace(report, baseline=baseline)), width=300)
    assert (
        "Target      Not reached: the cycle's validation accuracy is 92.20 %, and the target is "
        "99.99 %."
    ) in missed
    reached = replace(report.baseline, target=report.winner_validation_accuracy or 0.0)
    assert "Not reached" not in to_text(text.report_text(replace(report, baseline=reached)))


def test_the_summary_has_one_line_of_the_surrogate(report: Report) -> None:
    shown = " ".join(to_text(text.report_text(report), width=1000).split())
    assert report.surrogate is not None
    sentence = report.surrogate.exchange.sentence
    assert f"{sentence} fANOVA: max_lr 70 %, weight decay 30 %. PED-ANOVA: weight decay" in shown


def test_one_run_is_two_lines_the_second_its_cost(report: Report) -> None:
    trace = replace(
        next(run.trace for run in report.confirmation if run.role == "candidate"),
        accuracy=0.9196,
        loss=0.26154,
        evaluated=10_000,
        steps=2109,
        samples=540_000,
        seconds=36.0,
        detail="",
    )
    # 540,000 samples in 36 s: 15,000 a second.
    assert to_text(text.trace_text(trace), width=200).splitlines() == [
        "1cycle, max_lr 1.35, 12 epochs: 91.96 % on 10000 test samples, loss 0.262",
        "2109 steps, 540 k samples, 36.0 s, 15 k samples/s",
    ]
    stopped = replace(trace, accuracy=None, detail="loss 12.1, 5.2 x its start")
    assert "12 epochs: loss 12.1, 5.2 x its start\n" in to_text(text.trace_text(stopped), width=200)


def test_a_verdict_is_its_outcome_its_sentence_and_a_line_for_each_condition(
    report: Report,
) -> None:
    lines = to_text(text.verdict_text(report.verdict), width=200).splitlines()
    assert lines[0] == f"REACHED: {report.verdict.sentence}"
    assert not lines[1].strip()
    assert len(lines) == 2 + len(report.verdict.conditions)
    assert lines[2].split()[:3] == ["C1", "accuracy", "met"]


def unbalanced(report: Report) -> Report:
    skewed = ClassBalance(largest=3, train=0.5, validation=0.5, test=0.48)
    return replace(report, setup=replace(report.setup, balance=skewed, n_test=40))


def test_every_report_says_that_data_are_unbalanced_and_a_split_too_small(report: Report) -> None:
    for said in (
        to_text(text.report_text(unbalanced(report)), width=900),
        render_markdown(unbalanced(report)),
        render_page(unbalanced(report)),
    ):
        assert "50.0 % of the training samples are of class 3" in said
        assert "48.00 % on the test split" in said
        assert "the test split has 40 samples" in said


def test_of_balanced_data_only_the_page_gives_the_number(report: Report) -> None:
    even = ClassBalance(largest=3, train=0.1, validation=0.1, test=0.11)
    report = replace(report, setup=replace(report.setup, balance=even))
    assert "majority" not in to_text(text.report_text(report))
    assert "majority-class accuracy 11.00 % on the test split" in render_page(report)
    read = from_json(Report, to_json(report)).setup
    assert read.balance == even
    assert read.chance == 0.1


def test_a_single_run_shows_the_majority_class_accuracy_where_data_are_unbalanced(
    report: Report,
) -> None:
    trace = replace(report.confirmation[0].trace, majority_accuracy=0.9)
    assert "majority-class accuracy 90.00 %" in to_text(text.trace_text(trace))
