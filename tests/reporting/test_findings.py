"""What is said of a verdict beside its conditions: lengths, probability, margin, divergence, the
recipe to use and the next step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.report import AskedLength, Report
from autosuperconv.core.trace import StopReason
from autosuperconv.core.verdict import Outcome, Price, RunCurve, RungState, SideRuns
from autosuperconv.core.verdict.measured import Divergence
from autosuperconv.core.verdict.outcome import RungFinding
from autosuperconv.reporting import findings
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page
from autosuperconv.reporting.terminal import report_text
from tests.reporting.terminal import to_text


def with_other_length(report: Report) -> Report:
    """The cycle of 12 epochs passed at 2 x; that of 5 epochs is open at 5 x."""
    own = [run for run in report.confirmation if run.role == "candidate"]
    short = [
        replace(
            run,
            role="candidate:5",
            trace=replace(run.trace, recipe=replace(run.trace.recipe, epochs=5.0), samples=225_000),
        )
        for run in own
    ]
    rungs = (RungFinding(5.0, RungState.OPEN, 0.34), RungFinding(2.0, RungState.PASSED, 0.999))
    verdict = replace(report.verdict, outcome=Outcome.ACCELERATED, rungs=rungs, speedup=2.1)
    confirmation = (*report.confirmation, *short)
    return replace(report, verdict=verdict, confirmation=confirmation)


def test_each_length_says_what_it_has_shown(report: Report) -> None:
    assert findings.lengths_in_words(with_other_length(report)) == (
        "At least 5 x faster (5 epochs): perhaps as accurate as the baseline (34 % likely). "
        "At least 2 x faster (12 epochs): as accurate as the baseline."
    )


def test_a_length_that_was_asked_about_and_given_up_says_why(report: Report) -> None:
    asked = (AskedLength(5.0, 5.0, 0.897, 0.002), AskedLength(2.0, 12.0, 0.92, 0.001))
    given = with_other_length(report)
    verdict = replace(given.verdict, rungs=given.verdict.rungs[1:])
    text = findings.lengths_in_words(replace(given, verdict=verdict, asked=asked))
    assert text == (
        "At least 5 x faster (5 epochs): not confirmed, because 89.70 % is the best to be expected "
        "on validation data, where the target is 91.48 %. "
        "At least 2 x faster (12 epochs): as accurate as the baseline."
    )


def test_a_length_at_which_training_fails_too_often_is_not_called_inaccurate(
    report: Report,
) -> None:
    given = with_other_length(report)
    failed = tuple(
        replace(run, trace=replace(run.trace, stopped_because=StopReason.DIVERGED))
        if run.role == "candidate:5"
        else run
        for run in given.confirmation
    )
    rungs = (RungFinding(5.0, RungState.FAILED, None),)
    verdict = replace(given.verdict, rungs=rungs)
    text = findings.lengths_in_words(replace(given, confirmation=failed, verdict=verdict))
    assert text == "At least 5 x faster (5 epochs): training failed in 3 of 3 runs."
    sound = replace(given, verdict=verdict)
    assert findings.lengths_in_words(sound).endswith(": not as accurate as the baseline.")


def test_probability_and_ruled_out_loss_are_said_where_there_is_a_spread(report: Report) -> None:
    def said(loss: float | None, probability: float | None = 0.86) -> str:
        verdict = replace(report.verdict, probability=probability, vouched_loss=loss)
        return findings.certainty(replace(report, verdict=verdict))

    likely = "The cycle is 86 % likely to be as accurate, within 0.20 percentage points."
    assert said(0.0031) == f"{likely} A loss of more than 0.31 points is ruled out."
    assert said(0.0) == f"{likely} Any loss is ruled out."
    assert said(None) == likely
    assert said(None, None) == ""


def test_margin_and_divergence_are_said_where_they_are_recorded(report: Report) -> None:
    rate = Divergence(1, 6, 0.004, 0.64)
    verdict = replace(report.verdict, margin_rule="as requested", divergence=rate)
    names = dict(findings.verdict_lines(replace(report, verdict=verdict)))
    assert names["Margin"].endswith(
        "lose up to 0.20 percentage points and still count as accurate: as requested."
    )
    assert names["Stability"] == "The cycle diverged in 1 of 6 runs (95 %: 0 % to 64 %)."
    assert findings.verdict_lines(report) == []  # a report of an earlier version


def test_a_recorded_baseline_is_said_with_its_runs(report: Report) -> None:
    curves = tuple(RunCurve((1000.0,), (), end, 0.1) for end in (0.90, 0.92, 0.94))
    options = replace(report.setup.options, baseline_curves=curves)
    given = replace(report, setup=replace(report.setup, options=options))
    said = "3 recorded runs: 92.00 \u00b1 2.00 % at the end, on test data."
    assert findings.reader_lines(given)[0] == ("Baseline", said)
    assert "Baseline" not in dict(findings.reader_lines(report))


def test_a_missed_target_is_said_once(report: Report) -> None:
    assert report.recommendation is not None
    given = replace(report, baseline=replace(report.baseline, target=0.9999))
    assert "Target" in dict(findings.reader_lines(given))
    label = "The cycle. It does not reach the target: 92.2 %."
    best = replace(report.recommendation.best, label=label)
    found = replace(report.recommendation, best=best)
    assert "Target" not in dict(findings.reader_lines(replace(given, recommendation=found)))


def test_the_next_step_is_a_command_that_replaces_what_it_changes(report: Report) -> None:
    command = "autosuperconv search --max-seeds 8 --dataset digits --trials=14"
    options = replace(report.setup.options, command=command, trials=14)
    given = replace(report, setup=replace(report.setup, options=options))
    open_ = replace(report.verdict, runs=SideRuns(6, 3), price=Price(5, 9))
    step = findings.next_step(replace(given, verdict=open_))
    assert step.endswith(": autosuperconv search --dataset digits --trials=14 --max-seeds 9")
    for outcome in (Outcome.NOT_FOUND, Outcome.UNDECIDED):
        verdict = replace(report.verdict, outcome=outcome)
        assert findings.next_step(replace(given, verdict=verdict)) == (
            "More trials may find a better cycle: "
            "autosuperconv search --max-seeds 8 --dataset digits --trials 80 "
            f"--study-name {report.setup.study_name}-more"
        )  # the confirmed study takes no more trials: its test data were read
    assert findings.with_option("", "max_seeds", 9) == "the same search with max_seeds=9"
    assert findings.next_step(given) == ""


def test_the_data_warning_speaks_of_the_verdicts_margin(report: Report) -> None:
    """0.2 points of 359 samples are less than one sample; 2.14 points are 7.7."""
    setup = replace(report.setup, n_validation=359, n_test=359)
    (before,) = setup.warnings
    assert "0.20 percentage points (the smallest; if runs of one recipe differ more" in before
    wide = replace(report, setup=setup, verdict=replace(report.verdict, margin=0.0214))
    assert findings.data_warnings(wide) == ()
    narrow = replace(wide, verdict=replace(report.verdict, margin=0.003))
    (after,) = findings.data_warnings(narrow)
    assert after.startswith("Too few samples to judge a margin of 0.30 percentage points: the test")


def test_terminal_markdown_and_page_show_both_lengths_and_the_recipe_to_use(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autosuperconv.reporting.page.picture_svg", lambda *_, **__: None)
    given = with_other_length(report)
    assert given.recommendation is not None
    shown = (to_text(report_text(given), width=400), render_page(given), render_markdown(given))
    for text in shown:
        assert "candidate at 5 x" in text
        assert "(34 % likely)" in text
        assert "The cycle that was found: 92.04" in text
