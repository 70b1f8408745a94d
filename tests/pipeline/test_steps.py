"""The whole search on computed runs: each outcome is reached, and kept as it was said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from autosuperconv.core.events import Event, RunFinished, StepFinished, StepStarted
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json, to_dict, to_json
from autosuperconv.core.space import Range
from autosuperconv.core.trace import Job, OnPoint, Sealed, Trace
from autosuperconv.errors import NothingCompleted
from autosuperconv.pipeline.rebuild import rebuild
from autosuperconv.pipeline.steps import run_steps
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.run_curves import FIRST_SEED
from autosuperconv.tuning.store.executor import InProcess
from tests.surface import SPACE, make_setup, surface_work

Found = tuple[Path, Report, list[Job], list[Event]]
BEST_DECAY = {**SPACE, "weight_decay": Range(1e-4, 1e-4, log=True)}
STEPS = ["plan", "range test", "baseline", "study", "confirmation", "ablation"]


@dataclass(frozen=True)
class Counting:
    """Counts the runs that are really made."""

    trainer: Callable[[Job, OnPoint | None], Trace]
    jobs: list[Job]

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        self.jobs.append(job)
        return self.trainer(job, on_point)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("search")
    counting = Counting(SurfaceTrainer(noise=0.0005), [])
    events: list[Event] = []
    setup = make_setup(folder, dimensions=BEST_DECAY)
    with surface_work(folder, setup, counting, listener=events.append) as work:
        report = run_steps(work)
    return folder, report, counting.jobs, events


@pytest.fixture(scope="module")
def rebuilt(found: Found) -> tuple[Report, Path]:
    return rebuild(str(found[0] / "study.journal"), None, found[0] / "again")


def noisy(job: Job, on_point: OnPoint | None = None) -> Trace:
    """Noise that is not the same for winner and baseline, as the trainer's own is."""
    trace = SurfaceTrainer(best=0.8)(job, on_point)
    if trace.accuracy is None:
        return trace
    rng = np.random.default_rng([job.recipe.seed, len(job.recipe.schedule)])
    return replace(trace, accuracy=trace.accuracy + rng.normal(0, 0.03))


def outcome(folder: Path, trainer: Callable[..., Trace], **changed: object) -> str:
    setup = make_setup(folder, **{"dimensions": BEST_DECAY, **changed})  # type: ignore[arg-type]
    with surface_work(folder, setup, trainer) as work:
        return run_steps(work).verdict.outcome


def test_a_surface_that_rewards_a_large_rate_is_reached(found: Found) -> None:
    verdict = found[1].verdict
    assert verdict.outcome == "reached"
    assert verdict.speedup is not None
    assert verdict.speedup >= 5
    assert all(condition.met for condition in verdict.conditions)


def test_after_a_gain_the_best_measured_of_the_cheap_recipes_is_recommended(found: Found) -> None:
    report = found[1]
    assert report.recommendation is not None
    best, others = report.recommendation.best, report.recommendation.others
    roles = {one.role for one in (best, *others)}
    assert {"candidate", "baseline", "control"} <= roles
    limit = next(one for one in (best, *others) if one.role == "candidate").samples
    cheap = [one.accuracy or 0.0 for one in (best, *others) if one.samples <= 1.05 * limit]
    assert best.accuracy == max(cheap)
    for one in (best, *others):
        runs = [run.trace for run in report.confirmation if run.role == one.role]
        assert one.runs == len(runs) > 0
        assert one.accuracy == pytest.approx(fmean(t.accuracy for t in runs if t.accuracy))
        assert replace(runs[0].recipe, seed=one.recipe.seed) == one.recipe


def test_the_lengths_that_were_asked_about_are_in_the_report(found: Found) -> None:
    report = found[1]
    asked = [one.speedup for one in report.asked]
    assert asked == sorted(asked, reverse=True)
    assert {rung.speedup for rung in report.verdict.rungs} <= {*asked}
    assert report.winner is not None
    assert report.winner.epochs in [one.epochs for one in report.asked]


def test_a_cycle_of_a_third_of_the_baseline_is_accelerated(tmp_path: Path) -> None:
    trainer = SurfaceTrainer(noise=0.0005)
    assert outcome(tmp_path, trainer, epochs=(4.0, 5.0), baseline_epochs=20.0) == "accelerated"


def test_a_cycle_that_loses_accuracy_is_stable_but_short(tmp_path: Path) -> None:
    trainer = SurfaceTrainer(weight_decay=1e-8)
    assert outcome(tmp_path, trainer, dimensions=SPACE, epochs=(0.2, 0.5)) == "stable-but-short"


def test_much_noise_leaves_the_verdict_undecided(tmp_path: Path) -> None:
    assert outcome(tmp_path, noisy) == "undecided"


def test_a_winner_that_fails_on_fresh_seeds_has_diverged(tmp_path: Path) -> None:
    sound, brittle = SurfaceTrainer(noise=0.0005), SurfaceTrainer(edge=1e-4)

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        fresh = job.recipe.seed >= FIRST_SEED and job.recipe.schedule == "1cycle"
        return (brittle if fresh else sound)(job, on_point)

    assert outcome(tmp_path, trainer) == "diverged"


def test_a_baseline_that_collapses_at_its_end_is_invalid(tmp_path: Path) -> None:
    sound = SurfaceTrainer(noise=0.0005)

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = sound(job, on_point)
        if not job.sealed or job.recipe.schedule != "step" or job.recipe.epochs < 10:
            return trace
        pairs = zip(trace.curve.phase, trace.curve.accuracy, strict=True)
        fallen = tuple(0.5 if phase > 0.9 and a is not None else a for phase, a in pairs)
        sealed = Sealed(0.5, None, 1000)
        curve = replace(trace.curve, accuracy=fallen)
        return replace(trace, accuracy=0.5, curve=curve, sealed=sealed)

    assert outcome(tmp_path, trainer) == "baseline-invalid"


def test_where_every_control_diverges_it_is_said_to_be_missing(tmp_path: Path) -> None:
    sound, broken = SurfaceTrainer(noise=0.0005), SurfaceTrainer(edge=1e-9)

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        control = job.recipe.schedule == "step" and job.recipe.epochs < 10
        return (broken if control else sound)(job, on_point)

    setup = make_setup(tmp_path, dimensions=BEST_DECAY)
    with surface_work(tmp_path, setup, trainer) as work:
        report = run_steps(work)
    assert report.verdict.outcome == "reached-control-missing"
    assert any("(the control): every learning rate" in text for text in report.not_measured)


def test_where_every_run_diverges_the_search_says_that_nothing_completed(tmp_path: Path) -> None:
    with (
        surface_work(tmp_path, trainer=SurfaceTrainer(edge=1e-9)) as work,
        pytest.raises(NothingCompleted, match=r"No baseline run completed.*check the scale"),
    ):
        run_steps(work)


def test_an_undecided_verdict_is_confirmed_on_more_seeds(tmp_path: Path) -> None:
    setup = make_setup(tmp_path, dimensions=BEST_DECAY, max_seeds=5)
    with surface_work(tmp_path, setup, noisy) as work:
        report = run_steps(work)
    assert Counter(run.role for run in report.confirmation)["candidate"] > 3


def test_a_search_for_accuracy_trains_cycles_of_one_length(tmp_path: Path) -> None:
    setup = make_setup(tmp_path, dimensions=BEST_DECAY, objective="accuracy")
    with surface_work(tmp_path, setup, SurfaceTrainer(noise=0.0005)) as work:
        report = run_steps(work)
    assert {trial.recipe.epochs for trial in report.trials} == {4.0}


def test_the_test_set_is_read_only_by_confirmation_and_ablation(found: Found) -> None:
    jobs, ablated = found[2], FIRST_SEED + 10_000
    assert all(job.measured_on == "validation" or job.recipe.seed >= ablated for job in jobs)
    sealed = {run.recipe.seed for run in jobs if run.sealed}
    asked = {seed for seed in sealed if seed < FIRST_SEED}  # only their spread over seeds is read
    assert asked == {1, 2}
    assert {j.recipe.seed for j in jobs if j.recipe.seed >= FIRST_SEED and not j.sealed} <= set(
        range(ablated, ablated + 10_000)
    )


def test_no_run_is_made_twice(found: Found) -> None:
    assert len(found[2]) == len(set(found[2]))


def test_every_step_is_begun_and_finished_in_order(found: Found) -> None:
    started = [e.step for e in found[3] if isinstance(e, StepStarted)]
    assert list(dict.fromkeys(started)) == STEPS
    assert [e.step for e in found[3] if isinstance(e, StepFinished)] == STEPS


def test_the_time_left_is_known_after_the_plan_and_falls_to_nothing(found: Found) -> None:
    runs = [e for e in found[3] if isinstance(e, RunFinished) and e.step != "plan"]
    left = [e.seconds_left for e in runs]
    assert all(seconds is not None and seconds >= 0 for seconds in left)
    assert left[-1] == pytest.approx(0.0, abs=1e-9)


def test_the_report_has_the_keys_that_were_promised(
    found: Found, rebuilt: tuple[Report, Path]
) -> None:
    data = json.loads((rebuilt[1] / "report.json").read_text())
    assert {"verdict", "winner", "range_test", "baseline", "tradeoff", "trials"} <= set(data)
    assert {"outcome", "speedup", "conditions"} <= set(data["verdict"])
    for condition in data["verdict"]["conditions"]:
        assert {"name", "value", "bound", "met"} <= set(condition)
    assert len(data["range_test"]["cells"]) == 2  # two batch sizes, the weight decay is fixed
    assert data["winner"]["max_lr"] == found[1].winner.max_lr  # type: ignore[union-attr]
    assert len(data["trials"]) == 12


def test_a_report_survives_its_json_form_exactly(found: Found) -> None:
    assert from_json(Report, to_json(found[1])) == found[1]


def test_the_report_is_made_again_from_the_study_alone(
    found: Found, rebuilt: tuple[Report, Path]
) -> None:
    again, out = rebuilt
    assert to_dict(again) == to_dict(found[1])
    assert out == found[0] / "again"
    assert from_json(Report, (out / "report.json").read_text()) == found[1]


def test_the_same_search_again_trains_nothing(tmp_path: Path) -> None:
    first = Counting(SurfaceTrainer(noise=0.0005), [])
    second = Counting(SurfaceTrainer(noise=0.0005), [])
    reports = []
    for trainer in (first, second):
        with surface_work(tmp_path, make_setup(tmp_path), trainer) as work:
            reports.append(run_steps(work))
    assert first.jobs
    assert second.jobs == []
    assert reports[0].verdict == reports[1].verdict
    assert reports[0].trials == reports[1].trials
    assert reports[0].started == reports[1].started


@pytest.mark.parametrize("after", [3, 30, 48])
def test_a_search_that_was_interrupted_goes_on_and_keeps_what_was_done(
    after: int, tmp_path: Path
) -> None:
    jobs: list[Job] = []

    def interrupted(job: Job, on_point: OnPoint | None = None) -> Trace:
        if len(jobs) == after:
            raise KeyboardInterrupt
        jobs.append(job)
        return SurfaceTrainer()(job, on_point)

    with (
        pytest.raises(KeyboardInterrupt),
        surface_work(tmp_path, make_setup(tmp_path), interrupted) as work,
    ):
        run_steps(work)
    second = Counting(SurfaceTrainer(), [])
    with surface_work(tmp_path, make_setup(tmp_path), second) as work:
        report = run_steps(work)
    assert len(report.trials) == 12
    assert not set(jobs) & set(second.jobs)


def test_an_unfinished_search_has_no_report_yet(tmp_path: Path) -> None:
    with surface_work(tmp_path) as work:
        executor = work.session.executor
    assert isinstance(executor, InProcess)
    with pytest.raises(NothingCompleted, match=r"not finished.*same search command"):
        rebuild(str(tmp_path / "study.journal"), None, None)


def test_more_trials_may_be_asked_for_later(tmp_path: Path) -> None:
    for trials in (8, 11):
        with surface_work(tmp_path, make_setup(tmp_path, trials=trials)) as work:
            run_or_stop(work, stop_before_confirm=trials == 8)
    with surface_work(tmp_path, make_setup(tmp_path, trials=11)) as work:
        assert len(run_steps(work).trials) == 11


def run_or_stop(work: object, stop_before_confirm: bool) -> None:
    """A search that is left after its study, or run to its end."""
    from autosuperconv.pipeline.setup import Work
    from autosuperconv.pipeline.steps import goal_of, plan_search, run_study, sweep_range
    from autosuperconv.tuning.steps.baseline import measure_baseline

    assert isinstance(work, Work)
    if not stop_before_confirm:
        run_steps(work)
        return
    plan = plan_search(work)
    found = sweep_range(work, plan)
    baseline = measure_baseline(work.session, work.setup, plan.budget.baseline_epochs, found)
    run_study(work, plan, found, goal_of(work.setup, baseline))


@pytest.mark.slow
def test_a_trade_off_that_was_left_out_is_measured_when_the_search_is_resumed(
    tmp_path: Path,
) -> None:
    jobs: list[Job] = []
    counting = Counting(SurfaceTrainer(noise=0.0005), jobs)
    reports, made = [], []
    for explain in ("never", "always"):
        setup = make_setup(tmp_path, dimensions=BEST_DECAY, explain=explain)
        with surface_work(tmp_path, setup, counting) as work:
            reports.append(run_steps(work))
        made.append(len(jobs))
    never, always = (report.tradeoff for report in reports)
    assert (never.measured, never.effects, never.runs) == (False, (), 0)
    assert never.sentence in reports[0].not_measured
    assert (always.measured, always.runs) == (True, made[1] - made[0])
    assert always.runs > 0
    assert always.sentence not in reports[1].not_measured
