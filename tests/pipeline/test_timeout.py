"""A time limit bounds everything, and every search ends with the best recipe so far."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autosuperconv.core.recipe_file import read_recipe
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json, to_dict
from autosuperconv.core.space import Range
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import NothingCompleted, TimeUp
from autosuperconv.pipeline.rebuild import rebuild
from autosuperconv.pipeline.report import write_report
from autosuperconv.pipeline.steps import run_steps
from autosuperconv.pipeline.timing import Start
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.ablation import GAINS
from tests.surface import SPACE, PretendedClock, Taking, make_setup, surface_work

BEST_DECAY = {**SPACE, "weight_decay": Range(1e-4, 1e-4, log=True)}
FREE: dict[str, object] = {"trials": None, "epochs": None, "baseline_epochs": None}


def limited(
    folder: Path,
    timeout: float | None,
    trainer: Callable[..., Trace] = SurfaceTrainer(noise=0.0005),
    **changed: object,
) -> tuple[Report, float]:
    """The report, and what the search took on a clock that only training moves: a second an
    epoch."""
    clock = PretendedClock()
    setup = make_setup(folder, **{"dimensions": BEST_DECAY, "timeout": timeout, **FREE, **changed})  # type: ignore[arg-type]
    start = Start(clock(), clock)
    with surface_work(folder, setup, Taking(clock, trainer), start=start) as work:
        report = run_steps(work)
        write_report(work, report)
    return report, clock.now


@pytest.mark.parametrize("timeout", [3.0, 10.0, 60.0, 240.0, 900.0])
def test_whatever_the_limit_it_is_kept_and_ends_with_a_recipe(
    timeout: float, tmp_path: Path
) -> None:
    report, took = limited(tmp_path, timeout)
    assert took <= timeout
    assert report.winner is not None
    written = (tmp_path / "out" / "recipe.json").read_text()
    assert read_recipe(written).max_lr > 0
    assert from_json(Report, (tmp_path / "out" / "report.json").read_text()).winner is not None


def test_little_time_gives_the_best_so_far_and_says_what_it_rests_on(tmp_path: Path) -> None:
    report, _ = limited(tmp_path, 60.0)
    verdict = report.verdict
    assert verdict.outcome == "undecided"
    assert verdict.answer.startswith("No answer yet: the time was up during the ")
    assert "the best recipe so far is " in verdict.sentence
    assert "on validation data in " in verdict.sentence
    assert "More time (--timeout) goes on from here." in verdict.sentence
    assert any("There is probably no time for a verdict" in c for c in report.plan.choices)
    assert "Anything on test data: there was no confirmation." in report.not_measured


@pytest.mark.slow
def test_much_time_gives_a_verdict_within_it(tmp_path: Path) -> None:
    report, took = limited(tmp_path, 1800.0)
    assert report.verdict.outcome in GAINS
    assert took <= 1800.0
    assert len(report.trials) == 40  # what is left is spent on trials


def test_trials_that_were_given_are_not_exceeded(tmp_path: Path) -> None:
    report, _ = limited(tmp_path, 1800.0, trials=8)
    assert len(report.trials) == 8


def test_what_a_limit_leaves_out_is_in_the_plan(tmp_path: Path) -> None:
    report, _ = limited(tmp_path, 400.0)
    left_out = [c for c in report.plan.choices if c.startswith("Left out to keep the time limit:")]
    assert len(left_out) == 1
    assert "the trade-off" in left_out[0]
    assert report.tradeoff.sentence.startswith("The trade-off was not measured, to keep the time ")


def test_with_more_time_the_same_search_goes_on(tmp_path: Path) -> None:
    short, _ = limited(tmp_path, 30.0)
    longer, _ = limited(tmp_path, None, trials=12)
    assert short.verdict.outcome == "undecided"
    assert longer.verdict.outcome != "undecided"
    assert longer.plan.budget.baseline_epochs == short.plan.budget.baseline_epochs


@pytest.mark.slow
@pytest.mark.parametrize("timeout", [30.0, 100.0, 200.0])
def test_a_report_of_what_there_was_is_made_again_from_the_study(
    timeout: float, tmp_path: Path
) -> None:
    report, _ = limited(tmp_path, timeout)
    again, _ = rebuild(str(tmp_path / "study.journal"), None, tmp_path / "again")
    assert to_dict(again.verdict) == to_dict(report.verdict)
    assert again.winner == report.winner
    assert again.trials == report.trials


def test_a_run_that_was_cut_is_not_kept(tmp_path: Path) -> None:
    limited(tmp_path, 30.0)
    jobs: list[Job] = []

    def noted(job: Job, on_point: OnPoint | None = None) -> Trace:
        jobs.append(job)
        return SurfaceTrainer(noise=0.0005)(job, on_point)

    report, _ = limited(tmp_path, None, noted, trials=12)
    assert jobs
    states = {run.trace.stopped_because for run in report.confirmation}
    assert states == {"completed"}


def test_nothing_at_all_is_an_error_that_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TimeUp, match=r"--timeout is too short.*Give more time"):
        limited(tmp_path, 0.01)
    assert not (tmp_path / "out").exists()
    report, _ = limited(tmp_path, 100.0)
    assert report.winner is not None


def test_where_every_trial_diverges_a_limited_search_has_the_baseline(tmp_path: Path) -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        cycle = job.recipe.schedule == "1cycle"
        return SurfaceTrainer(edge=1e-9 if cycle else 3.0)(job, on_point)

    report, _ = limited(tmp_path, 600.0, trainer, trials=4)
    assert report.verdict.outcome == "undecided"
    assert report.winner is not None
    assert report.winner.schedule == "step"
    with pytest.raises(NothingCompleted):
        limited(tmp_path, None, trainer, trials=4)
