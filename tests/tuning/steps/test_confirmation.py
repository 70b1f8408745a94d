"""The confirmation: what is asked, when the margin is frozen, and what is trained for each look."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Sealed, Trace
from autosuperconv.core.verdict import Criterion, RunCurve
from autosuperconv.core.verdict.margin import TWO_RUNS
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.baseline import MeasuredBaseline
from autosuperconv.tuning.steps.confirmation import confirm
from autosuperconv.tuning.steps.objective import Objective, suggest, tell
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.run_curves import CURVES, FIRST_SEED, fresh_jobs, run_curve
from autosuperconv.tuning.steps.rungs import Confirmation
from autosuperconv.tuning.steps.study import StudySettings
from autosuperconv.tuning.store.session import Session
from tests.surface import make_setup
from tests.tuning.steps import computed

BASELINE = Recipe(max_lr=0.1, epochs=20.0, schedule="step", batch_size=32)
Accuracy = Callable[[Recipe], float]


class Table:
    """Runs whose accuracy is a function of the recipe, with noise; the baseline is at its level
    from 10 epochs on."""

    def __init__(self, accuracy: Accuracy, noise: float = 0.002) -> None:
        self.accuracy, self.noise = accuracy, noise
        self.jobs: list[Job] = []

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        self.jobs.append(job)
        recipe = job.recipe
        rng = np.random.default_rng([recipe.seed, round(1e6 * recipe.max_lr), int(recipe.epochs)])
        expected, (first, second) = self.accuracy(recipe), rng.normal(0, self.noise, 2)
        made = SurfaceTrainer(edge=1e9)(job, on_point)
        level = 10.0 / recipe.epochs if recipe.schedule == "step" else 1.0
        course = tuple(
            None if a is None else expected if p >= level - 1e-9 else expected - 0.1
            for p, a in zip(made.curve.phase, made.curve.accuracy, strict=True)
        )
        sealed = Sealed(expected + second, None, 10_000) if job.sealed else None
        curve = replace(made.curve, accuracy=course)
        return replace(made, accuracy=expected + first, curve=curve, sealed=sealed)


def by_length(table: dict[str, float]) -> Accuracy:
    """Accuracies of the baseline, its compressions, and cycles up to 3 epochs or longer."""

    def accuracy(recipe: Recipe) -> float:
        if recipe.schedule == "step":
            return table["baseline" if recipe.epochs >= 10 else "control"]
        return table["short" if recipe.epochs < 3 else "long"]

    return accuracy


def confirmed(
    trainer: Table, taken: Sequence[Sequence[int]] = (), **options: object
) -> tuple[Confirmation, Session]:
    """A confirmation after a study of twelve trials."""
    setup = replace(make_setup(Path(), **{"epochs": None, "max_seeds": 8, **options}))
    session = computed.session_of(trainer)
    if taken:
        session.store("looks", json.dumps(taken))
    recorded = setup.options.baseline_curves
    runs = () if recorded else tuple(map(trainer, fresh_jobs(BASELINE, 3, CURVES["baseline"])))
    for job, run in zip(fresh_jobs(BASELINE, 3, CURVES["baseline"]), runs, strict=False):
        session.run_store.add(Step.BASELINE, "baseline", job, run)
    curves = recorded or tuple(map(run_curve, runs))
    baseline = MeasuredBaseline(BASELINE, runs, curves, 0.005, 0.945, ())
    settings = searched(session, trainer, baseline.target)
    trainer.jobs.clear()
    return confirm(session, setup, settings, baseline, 40), session


def searched(session: Session, trainer: Table, target: float) -> StudySettings:
    """The settings of a study that has had its trials."""
    objective = Objective("cost", target, 1000, 4.0)
    settings = StudySettings(
        computed.SPACE,
        computed.BASE,
        computed.prior(),
        objective,
        "random",
        make_pruner("none", None, 0.0),
        0,
    )
    for i in range(12):
        session.study.enqueue_trial(
            {
                "epochs": 1.5 + i % 3,
                "max_lr": 0.1 + 0.03 * i,
                "batch_size": 32,
                "weight_decay": 1e-4,
            }
        )
        trial = session.study.ask()
        recipe = suggest(trial, settings.space, settings.base, 0)
        tell(session.study, trial, objective, trainer(Job(recipe)))
    return settings


def roles(session: Session) -> Counter[str]:
    return Counter(role for role, _ in session.run_store.of(Step.CONFIRMATION))


def cycles(jobs: Sequence[Job]) -> set[float]:
    """Lengths of the cycles that were trained on fresh seeds."""
    fresh = [j.recipe for j in jobs if j.recipe.seed >= FIRST_SEED]
    return {round(r.epochs, 2) for r in fresh if r.schedule != "step"}


def test_where_the_shorter_cycle_is_surely_as_accurate_the_longer_one_is_not_asked_for() -> None:
    trainer = Table(by_length({"baseline": 0.95, "short": 0.97, "long": 0.97, "control": 0.90}))
    found, session = confirmed(trainer)
    assert found.verdict.outcome == "reached"
    assert found.chosen.speedup == 5.0
    assert cycles(trainer.jobs) == {1.9}
    assert roles(session) == {"shortlist": 6, "candidate": 6, "control tuning": 3, "control": 6}


def test_where_the_shorter_cycle_falls_short_the_longer_one_decides() -> None:
    trainer = Table(by_length({"baseline": 0.95, "short": 0.85, "long": 0.955, "control": 0.80}))
    found, session = confirmed(trainer)
    assert (found.verdict.outcome, found.chosen.speedup) == ("accelerated", 2.0)
    assert cycles(trainer.jobs) == {4.75}  # a hopeless length costs no run on fresh seeds
    assert "control" not in roles(session)
    assert found.winner.epochs == pytest.approx(4.75)


def test_a_length_that_the_model_is_sure_is_hopeless_is_not_asked_for() -> None:
    def accuracy(recipe: Recipe) -> float:
        if recipe.schedule == "step":
            return 0.95 if recipe.epochs >= 10 else 0.6
        return 0.95 - 0.2 * max(0.0, 4.75 - recipe.epochs)

    found, session = confirmed(Table(accuracy))
    runs = session.run_store.of(Step.CONFIRMATION)
    assert {round(t.recipe.epochs, 2) for role, t in runs if role == "shortlist"} == {4.75}
    assert found.rungs[0].answer.asked == ()
    assert found.chosen.speedup == 2.0


def test_the_margin_is_frozen_by_what_was_run_before_the_first_look() -> None:
    trainer = Table(by_length({"baseline": 0.95, "short": 0.944, "long": 0.95, "control": 0.80}))
    found, session = confirmed(trainer)
    before = [t for role, t in session.run_store.of(Step.CONFIRMATION) if role == "shortlist"]
    groups: dict[Recipe, list[float]] = {}
    for trace in (*before, *found.measured.runs):
        assert trace.sealed is not None
        groups.setdefault(replace(trace.recipe, seed=0), []).append(trace.sealed.accuracy)
    squares = sum(len(g) * np.var(g) for g in groups.values())
    degrees = sum(len(g) - 1 for g in groups.values())
    assert found.margin.size == pytest.approx(max(0.002, TWO_RUNS * np.sqrt(squares / degrees)))
    assert degrees == 2 + 3 + 3
    assert found.margin.spread.degrees == 3 + 3  # the baseline's runs are judged themselves
    assert found.verdict.margin == found.margin.size
    assert found.measured.target == pytest.approx(found.measured.accuracy - found.margin.size)


def test_a_margin_that_was_given_is_the_margin() -> None:
    trainer = Table(by_length({"baseline": 0.95, "short": 0.97, "long": 0.97, "control": 0.90}))
    found, _ = confirmed(trainer, criterion=Criterion(margin=0.01))
    assert (found.margin.size, found.verdict.margin_rule) == (0.01, "as requested")


def test_recorded_curves_are_the_baseline_as_they_are() -> None:
    samples = tuple(1000.0 * i for i in range(1, 21))
    course = (0.85,) * 9 + (0.95,) * 11
    curves = tuple(
        RunCurve(samples, course, e, 0.1, evaluated=10_000) for e in (0.949, 0.950, 0.951)
    )
    trainer = Table(by_length({"baseline": 0.0, "short": 0.85, "long": 0.955, "control": 0.80}))
    found, session = confirmed(trainer, baseline_curves=curves)
    assert found.verdict.outcome == "accelerated"
    assert (found.baseline, found.baseline_curves) == ((), curves)
    assert roles(session)["baseline"] == 0
    assert all(job.recipe.epochs < 10 for job in trainer.jobs)


def test_what_was_confirmed_is_not_trained_again() -> None:
    trainer = Table(by_length({"baseline": 0.95, "short": 0.85, "long": 0.95, "control": 0.80}))
    _, session = confirmed(trainer)
    keys = [job for job in trainer.jobs if session.run_store.find(job) is not None]
    assert len(keys) == len(set(keys)) == len(trainer.jobs)


def test_the_looks_that_were_taken_are_stored_for_a_later_start() -> None:
    trainer = Table(by_length({"baseline": 0.95, "short": 0.85, "long": 0.97, "control": 0.80}))
    _, session = confirmed(trainer, seeds=4)
    assert json.loads(session.stored("looks")) == [[4, 8]]
    _, session = confirmed(trainer, seeds=5, max_seeds=8, taken=[[4, 8]])
    assert roles(session)["candidate"] == 8  # the earlier look comes first, and settles it


def test_a_wider_margin_moves_the_rungs_to_where_the_level_is_then() -> None:
    """The baseline is at its level after 8 epochs, but for a dip of a point before 10."""
    trainer = Table(by_length({"baseline": 0.95, "short": 0.85, "long": 0.95, "control": 0.80}))
    plain = Table.__call__

    def slower(self: Table, job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = plain(self, job, on_point)
        if job.recipe.schedule == "step" and job.recipe.epochs >= 10:
            near = [
                a if a is None or p < 0.4 - 1e-9 else 0.94 if 0.44 < p < 0.49 else 0.95
                for p, a in zip(trace.curve.phase, trace.curve.accuracy, strict=True)
            ]
            return replace(trace, curve=replace(trace.curve, accuracy=tuple(near)))
        return trace

    trainer.__class__ = type("Slower", (Table,), {"__call__": slower})
    found, _ = confirmed(trainer, criterion=Criterion(margin=0.03))
    assert found.winner.epochs == pytest.approx(0.95 * 8 / 2)  # asked at 0.95 * 10 / 2
    assert found.verdict.speedup == pytest.approx(8 / (0.95 * 4), rel=0.02)
