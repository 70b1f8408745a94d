"""Finished runs are found again by their job, exactly as they ended."""

from __future__ import annotations

import optuna

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import DEFAULT_SPACE
from autosuperconv.core.trace import Job
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.run_store import RunStore

JOBS = [Job(Recipe(max_lr=0.5, seed=seed)) for seed in range(3)]


def test_the_run_store_gives_back_exactly_what_was_put_in() -> None:
    study = optuna.create_study()
    trace = SurfaceTrainer()(JOBS[0])
    RunStore(study).add("baseline", "tuning", JOBS[0], trace)
    again = RunStore(study)
    assert again.find(JOBS[0]) == trace
    assert again.of("baseline") == [("tuning", trace)]
    assert again.of("study") == []
    assert again.find(JOBS[1]) is None


def test_the_dashboard_shows_every_field_that_is_searched_by_default() -> None:
    study = optuna.create_study()
    RunStore(study).add(Step.BASELINE, "tuning", JOBS[0], SurfaceTrainer()(JOBS[0]))
    recipe = JOBS[0].recipe
    assert study.trials[0].params == {name: getattr(recipe, name) for name in DEFAULT_SPACE}


def test_a_run_without_weight_decay_or_dropout_can_be_stored() -> None:
    study = optuna.create_study()
    job = Job(Recipe(max_lr=0.5, weight_decay=0.0, dropout=0.0))
    RunStore(study).add(Step.BASELINE, "tuning", job, SurfaceTrainer()(job))
    assert study.trials[0].params["weight_decay"] == 0


def test_a_diverged_run_is_kept_with_its_reason() -> None:
    study = optuna.create_study()
    job = Job(Recipe(max_lr=9.0))
    RunStore(study).add("range test", "sweep", job, SurfaceTrainer(edge=1.0)(job))
    found = RunStore(study).find(job)
    assert found is not None
    assert found.diverged
    assert "above 1" in found.detail
    assert study.trials[0].user_attrs["stopped_because"] == "diverged"
