"""Proposals of the default sampler: the best place worked out by hand, and whole searches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers import cost_aware
from autosuperconv.tuning.samplers.cost_aware import STARTUP, CostAwareSampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.surrogate import fit_trial_model
from tests.tuning.samplers import made_trials
from tests.tuning.samplers.made_trials import ended, rows, searched

MAX_LR = Range(1e-3, 10.0, log=True)
EPOCHS = Range(1.0, 8.0, log=True)
Chance = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Known:
    """A model whose chances are functions of the only field that is searched."""

    encoding: Encoding
    chance_to_diverge: Chance
    chance_to_reach: Chance

    def diverges(self, x: np.ndarray) -> np.ndarray:
        return self.chance_to_diverge(x[:, 0])

    def reaches_target(self, x: np.ndarray) -> np.ndarray:
        return self.chance_to_reach(x[:, 0])

    def probably_reaches(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(len(x), dtype=bool)

    def error_log_odds(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(len(x)), np.ones(len(x))


def proposal(
    monkeypatch: pytest.MonkeyPatch,
    field: str,
    range_: Range,
    diverges: Chance,
    reaches: Chance,
    diverged: int = 0,
    startup: str = "completed",
) -> float:
    """The value proposed after the start-up trials, and some more that diverged."""
    space = SearchSpace({field: range_})
    encoding = Encoding(space, Recipe(max_lr=1.0, epochs=8.0), LrPrior(None, MAX_LR), 0.9)
    monkeypatch.setattr(
        cost_aware, "fit_trial_model", lambda encoding, trials: Known(encoding, diverges, reaches)
    )
    where = FloatDistribution(range_.low, range_.high, log=range_.log)
    study = optuna.create_study(sampler=CostAwareSampler(encoding, seed=0))
    for stopped in [startup] * STARTUP + ["diverged"] * diverged:
        attrs = {"stopped_because": stopped, "accuracy": 0.5}
        study.add_trial(
            optuna.trial.create_trial(
                value=1.0,
                params={field: range_.low},
                distributions={field: where},
                user_attrs=attrs,
            )
        )
    return study.ask({field: where}).params[field]


def never(values: np.ndarray) -> np.ndarray:
    return np.zeros(len(values))


def test_worth_is_counted_per_sample_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 10 epochs are wanted (1.25 x 8), and the chance to reach grows with the square of the
    length: (10 - L) L^2 / L is highest at L = 5; without the cost it would be at 20 / 3."""
    found = proposal(monkeypatch, "epochs", EPOCHS, never, lambda epochs: (epochs / 8) ** 2)
    assert found == pytest.approx(5.0, abs=0.1)


def test_not_diverging_counts_ten_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """p (1 - p)^10 is highest at p = 1 / 11; with a power of 1 it would be at 1 / 2."""
    found = proposal(monkeypatch, "max_lr", MAX_LR, lambda lr: lr / 10, lambda lr: lr / 10)
    assert found == pytest.approx(10 / 11, rel=0.03)


def test_it_counts_more_once_a_proposal_has_diverged(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of one, where a hundredth is allowed: 10 x (1 + 16 x 0.99) = 168.4, so p = 1 / 169.4."""
    found = proposal(monkeypatch, "max_lr", MAX_LR, lambda lr: lr / 10, lambda lr: lr / 10, 1)
    assert found == pytest.approx(10 / 169.4, rel=0.03)


def test_start_up_trials_that_diverged_make_it_no_more_cautious(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = (lambda lr: lr / 10, lambda lr: lr / 10)
    found = proposal(monkeypatch, "max_lr", MAX_LR, *chance, startup="diverged")
    assert found == pytest.approx(10 / 11, rel=0.03)


def test_it_finds_a_shorter_cycle_than_chance_would_and_keeps_below_the_cliff() -> None:
    trainer = SurfaceTrainer(edge=2.0)
    trials = searched(trainer, made_trials.encoding(edge=1.0), 30)
    late = trials[STARTUP:]
    reached = [t.params["epochs"] for t in late if t.constraints["accuracy"] <= 0]
    # the surface needs max_lr x epochs of about 1.4; a draw that reaches it in under 2 epochs
    # without diverging has a chance of 1 in 30
    assert sorted(reached)[2] < 2.0
    diverged = [t.user_attrs["stopped_because"] == "diverged" for t in late]
    assert np.mean(diverged) < 0.15


def test_a_cliff_that_no_range_test_told_of_is_learned() -> None:
    where = made_trials.encoding()
    trials = searched(SurfaceTrainer(edge=0.5), where, 24)
    # the target is reached nowhere below 3.5 epochs, and there with a max_lr at the very cliff
    assert min(t.params["epochs"] for t in trials if t.constraints["accuracy"] <= 0) < 4.5
    model = fit_trial_model(where, trials)
    assert model is not None
    low, high = model.diverges(rows(where, [ended(0.1, "", 0), ended(1.5, "", 0)]))
    assert low < 0.1
    assert high > 0.6


def test_where_accuracy_is_searched_it_rises() -> None:
    trials = searched(
        SurfaceTrainer(edge=2.0, noise=0.0), made_trials.encoding(1.0, target=None), 25
    )
    found = [t.user_attrs["accuracy"] or 0.0 for t in trials]
    assert max(found[STARTUP:]) > 0.94
    assert np.median(found[STARTUP:]) > np.median(found[:STARTUP])


def test_no_proposal_lies_above_the_cap() -> None:
    where = made_trials.encoding(edge=0.1)
    for trial in searched(SurfaceTrainer(edge=5.0), where, 20):
        cap = where.prior.cap((trial.params["batch_size"], trial.params["weight_decay"], None))
        assert trial.params["max_lr"] <= cap * (1 + 1e-9)
