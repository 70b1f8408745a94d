"""What a trial's end is worth, and how a run reports its course and is ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.core.curve import Point
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, PruneTraining, Trace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers import make_sampler
from autosuperconv.tuning.steps.objective import Objective, Reporter, suggest, tell, tell_above_edge
from autosuperconv.tuning.steps.pruner import (
    MIN_TRIALS,
    RUNGS,
    PhasePruner,
    kept_running,
)
from autosuperconv.tuning.store.run_store import step_of
from autosuperconv.tuning.store.storage import open_storage
from tests.tuning.steps.computed import BASE, OBJECTIVE, SPACE, encoding, prior


def told(trace: Trace) -> FrozenTrial:
    study = optuna.create_study()
    trial = study.ask()
    tell(study, trial, OBJECTIVE, trace)
    return study.trials[0]


def ended(because: str, accuracy: float | None = None, recipe: Recipe = BASE) -> Trace:
    trace = SurfaceTrainer(noise=0.0)(Job(recipe))
    return replace(trace, stopped_because=because, accuracy=accuracy, detail="why")  # type: ignore[arg-type]


@pytest.mark.parametrize("because", ["diverged", "out-of-memory"])
def test_a_failure_is_told_complete_finite_and_violating(because: str) -> None:
    trial = told(ended(because))
    assert trial.state == TrialState.COMPLETE
    assert trial.value == 2 * 4.0 * 1000
    assert trial.constraints["accuracy"] == pytest.approx(0.9)
    assert trial.user_attrs["stopped_because"] == because
    assert trial.user_attrs["stopped_detail"] == "why"


def test_a_diverged_run_that_measured_an_accuracy_is_no_better_for_it() -> None:
    trial = told(ended("diverged", accuracy=0.95))
    assert trial.constraints["accuracy"] > 0


def test_a_run_that_reaches_the_target_costs_its_samples() -> None:
    trial = told(ended("completed", accuracy=0.93))
    assert trial.value == 4000
    assert trial.constraints["accuracy"] == pytest.approx(-0.03)


def test_a_run_that_falls_short_violates_by_what_it_lacks() -> None:
    trial = told(ended("completed", accuracy=0.8))
    assert trial.constraints["accuracy"] == pytest.approx(0.1)


def test_a_pruned_run_is_never_feasible_though_it_had_the_target_for_a_moment() -> None:
    trial = told(ended("pruned"))
    assert trial.state == TrialState.PRUNED
    assert trial.constraints["accuracy"] > 0


def test_the_accuracy_objective_counts_a_failure_as_nothing() -> None:
    objective = Objective("accuracy", 0.9, 1000, 4.0)
    assert objective.value(ended("diverged")) == 0.0
    assert objective.value(ended("completed", accuracy=0.93)) == 0.93


def test_the_last_suggestion_is_the_rate() -> None:
    study = optuna.create_study(sampler=make_sampler("random", encoding(prior()), 0, 0))
    suggest(study.ask(), SPACE, BASE, 0)
    assert list(study.trials[0].params)[-1] == "max_lr"


def test_above_the_edge_the_cap_is_named() -> None:
    study = optuna.create_study()
    trial = study.ask({"max_lr": FloatDistribution(9.0, 9.0)})
    tell_above_edge(study, trial, OBJECTIVE, cap=2.0)
    assert study.trials[0].user_attrs["stopped_detail"] == "max_lr 9 lies above the edge, 2"


BAR = 0.90


def finished(study: optuna.Study, curve: Mapping[float, float]) -> None:
    """A completed trial with an accuracy at each phase; the last is its end."""
    study.add_trial(
        optuna.create_trial(
            value=1000.0,
            intermediate_values={step_of(phase): accuracy for phase, accuracy in curve.items()},
            user_attrs={"accuracy": curve[1.0], "stopped_because": "completed"},
        )
    )


@pytest.fixture
def reporter(tmp_path: Path) -> Reporter:
    """Of a trial in a study where every run had 0.9 all along."""
    storage = str(tmp_path / "study.journal")
    study = optuna.create_study(storage=open_storage(storage), study_name="s")
    for _ in range(MIN_TRIALS):
        finished(study, dict.fromkeys(RUNGS, 0.9))
    trial = study.ask({"max_lr": FloatDistribution(0.1, 1.0)})
    while kept_running(trial.number):
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        trial = study.ask()
    return Reporter(storage, "s", trial._trial_id, PhasePruner(BAR))


def point(phase: float, accuracy: float | None) -> Point:
    return Point(1, phase, 1.0, 100, 0.1, 0.9, 1.0, accuracy=accuracy)


def test_the_reporter_ends_a_hopeless_run_and_says_why(reporter: Reporter) -> None:
    reporter(point(0.5, 0.91))
    with pytest.raises(PruneTraining, match=r"40.00 % at phase 0.62 cannot reach the target"):
        reporter(point(0.6233, 0.4))


def test_the_reporter_lets_a_point_without_accuracy_pass(reporter: Reporter) -> None:
    reporter(point(0.5, None))


def test_the_reporter_keeps_one_trial_in_ten_running_and_remembers(reporter: Reporter) -> None:
    study = optuna.load_study(study_name="s", storage=open_storage(reporter.storage_url))
    trial = study.ask()
    while not kept_running(trial.number):
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        trial = study.ask()
    kept = Reporter(reporter.storage_url, "s", trial._trial_id, reporter.pruner)
    kept(point(0.5, 0.4))
    kept(point(0.625, 0.4))
    assert study.trials[trial.number].user_attrs["would_prune_at"] == 0.5


def test_a_run_taken_up_again_reports_the_same_points_in_silence(reporter: Reporter) -> None:
    for _ in range(2):
        reporter(point(0.5, 0.91))


def test_a_pruned_run_ends_there_and_costs_what_it_took(reporter: Reporter) -> None:
    hopeless = SurfaceTrainer(best=0.3, n_train=1000)
    trace = hopeless(Job(Recipe(max_lr=1.0, epochs=2.0), phases=RUNGS), reporter)
    assert trace.stopped_because == "pruned"
    assert trace.phase == 0.5
    assert trace.samples == 1000
    assert trace.accuracy is None


def learning(phase: float, train_accuracy: float) -> Point:
    samples = round(1e6 * phase)  # so many that there is no noise in it
    return Point(1, phase, 1.0, samples, 0.1, 0.9, 1.0, train_accuracy=train_accuracy)


def test_a_run_that_loses_its_training_accuracy_is_ended_between_two_evaluations(
    reporter: Reporter,
) -> None:
    watching = replace(reporter, chance=0.1)
    for i in range(10):
        watching(learning(0.02 * (i + 1), 0.8))
    watching(learning(0.22, 0.5))  # mean of the last five 0.74: 91 % of 0.7 above chance
    with pytest.raises(PruneTraining, match=r"training accuracy collapsed at phase 0\.24"):
        watching(learning(0.24, 0.5))  # 0.68: 83 %


def test_without_a_chance_level_the_training_accuracy_is_not_watched(reporter: Reporter) -> None:
    for i in range(40):
        reporter(learning(0.02 * (i + 1), 0.8 if i < 20 else 0.1))
