"""The study: what trials are told, what a resumed study does, and what no sampler proposes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import UnknownName
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers import SAMPLERS, make_sampler
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.with_prior import WithPrior
from autosuperconv.tuning.steps.objective import suggest
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.study import (
    StudySettings,
    count_finished,
    optimise,
    requeue_stale,
    trial_text,
)
from tests.tuning.steps.computed import BASE, MAX_LR, OBJECTIVE, SPACE, encoding, prior, session_of


def study_settings(**changed: object) -> StudySettings:
    given = StudySettings(
        SPACE, BASE, prior(), OBJECTIVE, "tpe", make_pruner("none", 0.9, 0.0), seed=0
    )
    return replace(given, **changed)  # type: ignore[arg-type]


@pytest.fixture
def storage_path(tmp_path: Path) -> str:
    return str(tmp_path / "study.journal")


def test_a_trial_above_the_edge_costs_nothing_and_is_infeasible(storage_path: str) -> None:
    ran: list[float] = []

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        ran.append(job.recipe.max_lr)
        return SurfaceTrainer()(job, on_point)

    session = session_of(trainer, path=storage_path)
    queued = {"batch_size": 16, "epochs": 2.0, "weight_decay": 1e-4, "max_lr": 9.0}
    session.study.enqueue_trial(queued)
    optimise(session, study_settings(), 3)
    above = session.study.trials[0]
    assert above.state == TrialState.COMPLETE
    assert above.user_attrs["stopped_because"] == "above-edge"
    assert above.constraints["accuracy"] > 0
    assert above.value is not None
    assert math.isfinite(above.value)
    assert len(ran) == 3
    assert max(ran) < 9.0


def test_a_trials_curve_may_cost_a_tenth_of_its_training(storage_path: str) -> None:
    asked: list[Job] = []

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        asked.append(job)
        return SurfaceTrainer()(job, on_point)

    optimise(session_of(trainer, path=storage_path), study_settings(), 3)
    assert asked
    assert {job.curve_share for job in asked} == {0.1}


def test_a_study_of_failures_has_no_failed_trial(storage_path: str) -> None:
    session = session_of(SurfaceTrainer(edge=0.05), path=storage_path)
    optimise(session, study_settings(), 15)
    states = {trial.state for trial in session.study.trials}
    assert states == {TrialState.COMPLETE}
    assert all(math.isfinite(trial.value or 0.0) for trial in session.study.trials)
    assert all("accuracy" in trial.constraints for trial in session.study.trials)


class Stubborn(BaseSampler):
    """Proposes the highest rate there is."""

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        return {"max_lr": FloatDistribution(MAX_LR.low, MAX_LR.high, log=True)}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: object
    ) -> dict[str, float]:
        return {"max_lr": MAX_LR.high}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: object
    ) -> object:
        if isinstance(param_distribution, CategoricalDistribution):
            return param_distribution.choices[0]
        assert isinstance(param_distribution, FloatDistribution)
        return param_distribution.low


def test_a_joint_proposal_above_the_cap_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        SAMPLERS, "stubborn", lambda where, seed: WithPrior(Stubborn(), where.prior, seed)
    )
    study = optuna.create_study(sampler=make_sampler("stubborn", encoding(prior()), 0, 0))
    rates = [suggest(study.ask(), SPACE, BASE, 0).max_lr for _ in range(100)]
    assert max(rates) <= prior().cap((16, 1e-6, None))
    assert len(set(rates)) == 100


def test_a_joint_proposal_below_the_cap_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        SAMPLERS, "stubborn", lambda where, seed: WithPrior(Stubborn(), where.prior, seed)
    )
    study = optuna.create_study(
        sampler=make_sampler("stubborn", encoding(LrPrior(None, MAX_LR)), 0, 0)
    )
    assert suggest(study.ask(), SPACE, BASE, 0).max_lr == MAX_LR.high


def test_an_unknown_sampler_names_a_near_one() -> None:
    with pytest.raises(UnknownName, match=r"Unknown sampler 'tpee'. Did you mean 'tpe'"):
        make_sampler("tpee", encoding(prior()), 0, 0)


def test_trials_that_an_earlier_start_left_running_are_taken_up_again(storage_path: str) -> None:
    session = session_of(SurfaceTrainer(), path=storage_path)
    session.study.sampler = make_sampler("tpe", encoding(prior()), 0, 0)
    lost = suggest(session.study.ask(), SPACE, BASE, 0)
    optimise(session, study_settings(), 4)
    states = [trial.state for trial in session.study.trials]
    assert states == [TrialState.FAIL, *[TrialState.COMPLETE] * 4]
    again = session.study.trials[1]
    assert again.params["max_lr"] == lost.max_lr
    assert again.user_attrs["retry_of"] == 0
    assert TrialState.RUNNING not in states


def test_a_trial_killed_before_its_first_parameter_is_no_hindrance(storage_path: str) -> None:
    session = session_of(SurfaceTrainer(), path=storage_path)
    session.study.ask()
    requeue_stale(session.study)
    optimise(session, study_settings(), 3)
    assert count_finished(session.study) == 3


def test_a_study_goes_on_where_it_was_interrupted(storage_path: str) -> None:
    runs: list[Job] = []

    def interrupted(job: Job, on_point: OnPoint | None = None) -> Trace:
        if len(runs) == 5:
            raise KeyboardInterrupt
        runs.append(job)
        return SurfaceTrainer()(job, on_point)

    with pytest.raises(KeyboardInterrupt):
        optimise(session_of(interrupted, path=storage_path), study_settings(), 9)
    session = session_of(SurfaceTrainer(), path=storage_path)
    kept = [t.params for t in session.study.trials if t.state == TrialState.COMPLETE]
    optimise(session, study_settings(), 9)
    finished = [t.params for t in session.study.trials if t.state == TrialState.COMPLETE]
    assert len(kept) == 5
    assert finished[:5] == kept
    assert count_finished(session.study) == 9


def test_a_closed_study_is_left_alone_until_more_trials_are_asked_for(storage_path: str) -> None:
    session = session_of(SurfaceTrainer(), path=storage_path)
    for trials, expected in ((4, 4), (4, 4), (6, 6)):
        optimise(session, study_settings(), trials)
        assert count_finished(session.study) == expected


def test_no_trial_begins_once_the_time_for_the_confirmation_is_reached(storage_path: str) -> None:
    session = session_of(SurfaceTrainer(), path=storage_path)
    session = replace(session, deadline=0.0)
    notes: list[object] = []
    session.listener = notes.append
    optimise(session, study_settings(reserve=10.0), 5)
    assert count_finished(session.study) == 0
    assert "Time is nearly up" in str(notes[0])


def test_rates_are_spread_over_the_whole_range_below_the_cap() -> None:
    study = optuna.create_study(sampler=make_sampler("random", encoding(prior()), 0, 0))
    logs = np.log10([suggest(study.ask(), SPACE, BASE, 0).max_lr for _ in range(300)])
    assert logs.min() < -2
    assert logs.max() > -0.5


def test_a_trial_is_told_by_the_fields_that_were_searched() -> None:
    space = SearchSpace({"max_lr": Range(0.1, 1.0, log=True), "pct_start": Range(0.2, 0.5)})
    recipe = Recipe(max_lr=0.25, pct_start=0.3, epochs=2.0)
    trace = replace(SurfaceTrainer(noise=0.0)(Job(recipe)), accuracy=0.875)
    assert trial_text(trace, space) == "max_lr 0.25, pct start 0.3: 87.50 % after 2 epochs"
