"""How cheaply an accuracy is reached: the question for a target, on computed runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json, to_dict, to_json
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.pipeline.rebuild import rebuild
from autosuperconv.pipeline.steps import run_steps
from autosuperconv.pipeline.timing import Start
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.run_curves import FIRST_SEED
from tests.pipeline.test_timeout import BEST_DECAY, limited
from tests.surface import PretendedClock, Taking, make_setup, surface_work

SURFACE = SurfaceTrainer(noise=0.002)
ASKED: dict[str, object] = {"epochs": None, "baseline_epochs": 20.0, "max_seeds": 8}


def answered(
    folder: Path, target: float, trainer: Callable[..., Trace] = SURFACE, **changed: object
) -> Report:
    """A search for a target without a limit, on a clock of a second an epoch."""
    clock = PretendedClock()
    setup = make_setup(folder, BEST_DECAY, target=target, **{**ASKED, **changed})
    taking = Taking(clock, trainer)
    with surface_work(folder, setup, taking, start=Start(0.0, clock)) as work:
        return run_steps(work)


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("target")
    return answered(folder, 0.85), folder


def test_the_first_line_says_at_which_cost_it_is_reached(reached: tuple[Report, Path]) -> None:
    report, _ = reached
    answer, verdict = report.answer, report.verdict
    assert answer is not None
    assert answer.reached
    assert verdict.outcome == "target-reached"
    assert verdict.sentence.startswith("Yes: 85 % is reached in ")
    assert " x sooner than with the standard schedule of 20 epochs." in verdict.answer
    assert report.winner is not None
    assert report.winner.epochs == answer.epochs


def test_the_recipe_is_cheap_and_truly_reaches_it(reached: tuple[Report, Path]) -> None:
    report, _ = reached
    assert report.winner is not None
    ends = [SurfaceTrainer(noise=0.0)(Job(report.winner)).accuracy for _ in range(1)]
    assert ends[0] is not None
    assert ends[0] >= 0.85
    assert report.winner.epochs < 10


def test_it_stops_when_answered(reached: tuple[Report, Path]) -> None:
    report, _ = reached
    assert {run.role for run in report.confirmation} == {"candidate", "baseline"}
    assert not report.tradeoff.measured
    assert report.verdict.conditions == ()
    assert "--explain always" in report.tradeoff.sentence


def test_the_report_of_a_target_is_kept_and_made_again(reached: tuple[Report, Path]) -> None:
    report, folder = reached
    assert to_dict(from_json(Report, to_json(report))) == to_dict(report)
    again, _ = rebuild(str(folder / "study.journal"), None, folder / "again")
    assert to_dict(again) == to_dict(report)


def test_page_and_markdown_begin_with_the_answer(reached: tuple[Report, Path]) -> None:
    report, _ = reached
    for text in (render_page(report), render_markdown(report)):
        assert "Yes: 85 % is reached in" in text
    assert "Accuracy, target 85 %" in render_page(report)


def test_without_a_baseline_none_is_trained(tmp_path: Path) -> None:
    jobs: list[Job] = []

    def noted(job: Job, on_point: OnPoint | None = None) -> Trace:
        jobs.append(job)
        return SURFACE(job, on_point)

    changed = {"no_baseline": True, "baseline_epochs": None, "epochs": (1.0, 20.0)}
    report = answered(tmp_path, 0.85, noted, **changed)
    assert report.verdict.outcome == "target-reached"
    assert report.baseline is None
    assert not [job for job in jobs if job.recipe.schedule == "step"]
    assert "than" not in report.verdict.answer
    assert report.cost.baselines is None
    assert "No baseline was trained." in render_page(report)


def test_a_target_out_of_reach_ends_with_the_best_so_far(tmp_path: Path) -> None:
    report = answered(tmp_path, 0.96)
    assert report.verdict.outcome == "target-not-shown"
    assert report.verdict.answer.startswith("Not shown: the best so far is 9")
    assert report.verdict.answer.endswith("which falls short of 96 %.")
    assert report.winner is not None


def test_a_single_trial_that_misses_the_target_is_no_error(tmp_path: Path) -> None:
    report = answered(tmp_path, 0.96, trials=1)
    assert report.verdict.outcome == "target-not-shown"
    assert report.winner is not None


def test_test_data_are_read_of_one_recipe_alone(tmp_path: Path) -> None:
    jobs: list[Job] = []

    def noted(job: Job, on_point: OnPoint | None = None) -> Trace:
        jobs.append(job)
        return SURFACE(job, on_point)

    answered(tmp_path, 0.85, noted)
    fresh = {job.recipe.epochs for job in jobs if job.recipe.seed >= FIRST_SEED}
    assert len(fresh) == 2  # the candidate's length and the baseline's
    assert all(job.measured_on == "validation" for job in jobs)


def test_the_trade_off_is_measured_where_it_is_always_wanted(tmp_path: Path) -> None:
    report = answered(tmp_path, 0.85, explain="always")
    assert report.tradeoff.measured


@pytest.mark.slow
@pytest.mark.parametrize("timeout", [15.0, 40.0, 80.0, 160.0, 400.0])
def test_a_limit_is_kept_and_the_answer_does_not_wait_for_the_baseline(
    timeout: float, tmp_path: Path
) -> None:
    report, took = limited(tmp_path, timeout, SURFACE, target=0.85)
    assert took <= timeout
    assert report.winner is not None
    again, _ = rebuild(str(tmp_path / "study.journal"), None, tmp_path / "again")
    assert again.verdict.sentence == report.verdict.sentence


@pytest.mark.slow
def test_where_there_is_time_the_study_goes_on_until_the_target_is_in_sight(
    tmp_path: Path,
) -> None:
    report, _ = limited(tmp_path, 2000.0, SURFACE, target=0.935, no_baseline=True)
    assert report.answer is not None
    assert report.answer.reached or len(report.trials) > 40 or (report.answer.chance or 0) < 0.1
