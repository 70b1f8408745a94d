"""What a trial's attributes say, for every state that a trial can be in."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, StopReason
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store import observation
from autosuperconv.tuning.store.observation import Observation, attributes_of

RECIPE = Recipe(max_lr=1.0, epochs=2.0)
SPACE = {"epochs": optuna.distributions.FloatDistribution(1.0, 8.0)}
TRACE = SurfaceTrainer()(Job(RECIPE))


def trained(**attributes: object) -> FrozenTrial:
    return create_trial(value=1.0, user_attrs={**attributes_of(TRACE), **attributes})


def test_a_trained_trial_says_what_its_trace_says() -> None:
    seen = Observation(trained())
    assert seen.stopped_because is StopReason.COMPLETED
    assert seen.completed
    assert not seen.diverged
    assert seen.accuracy == TRACE.accuracy
    assert (seen.samples, seen.epochs) == (2000, 2.0)
    assert seen.trace == TRACE
    assert seen.recipe(Recipe(max_lr=9.0)) == RECIPE


def test_a_trial_that_was_never_trained_has_the_recipe_that_it_proposed() -> None:
    above = {"stopped_because": "above-edge", "stopped_detail": "max_lr 9 is too high", "edge": 2}
    seen = Observation(
        create_trial(value=1.0, params={"epochs": 4.0}, distributions=SPACE, user_attrs=above)
    )
    assert seen.stopped_because is StopReason.ABOVE_EDGE
    assert not seen.trained
    assert seen.trace is None
    assert (seen.samples, seen.seconds, seen.edge) == (0, None, 2.0)
    assert seen.detail == "max_lr 9 is too high"
    assert seen.recipe(RECIPE) == replace(RECIPE, epochs=4.0)


def test_a_trial_without_attributes_is_neither_completed_nor_diverged() -> None:
    seen = Observation(create_trial(state=TrialState.RUNNING))
    assert seen.stopped_because is None
    assert not seen.completed
    assert not seen.diverged
    assert (seen.accuracy, seen.last_accuracy, seen.would_prune_at) == (None, None, None)


def test_the_last_reported_accuracy_is_that_of_the_highest_step() -> None:
    pruned = create_trial(state=TrialState.PRUNED, intermediate_values={750: 0.6, 500: 0.7})
    assert Observation(pruned).last_accuracy == 0.6


def test_a_trial_that_was_kept_running_says_since_when() -> None:
    assert Observation(trained(would_prune_at=0.625)).would_prune_at == 0.625


def test_a_stored_trace_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    real = observation.from_json
    monkeypatch.setattr(
        observation, "from_json", lambda cls, text: (parsed.append(text), real(cls, text))[1]
    )
    trial = trained(trace=attributes_of(replace(TRACE, detail="its own text"))["trace"])
    assert Observation(trial).trace is Observation(trial).trace
    assert len(parsed) == 1
