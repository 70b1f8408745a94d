"""What a proposal is worth where the chances are known: the best place is worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.tuning.samplers import cost_aware
from autosuperconv.tuning.samplers.cost_aware import STARTUP, CostAwareSampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior

MAX_LR = Range(1e-3, 10.0, log=True)
EPOCHS = Range(1.0, 8.0, log=True)
Chance = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Known:
    """A model whose chances are functions of the only field that is searched."""

    encoding: Encoding
    chance_to_break: Chance
    chance_to_reach: Chance

    def breaks(self, x: np.ndarray) -> np.ndarray:
        return self.chance_to_break(x[:, 0])

    def reaches(self, x: np.ndarray) -> np.ndarray:
        return self.chance_to_reach(x[:, 0])

    def believed(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(len(x), dtype=bool)

    def log_odds(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(len(x)), np.ones(len(x))


def proposal(
    monkeypatch: pytest.MonkeyPatch,
    field: str,
    range_: Range,
    breaks: Chance,
    reaches: Chance,
    diverged: int = 0,
) -> float:
    """The value proposed after the start-up trials, and some more that diverged."""
    space = SearchSpace({field: range_})
    encoding = Encoding(space, Recipe(max_lr=1.0, epochs=8.0), LrPrior(None, MAX_LR), 0.9)
    monkeypatch.setattr(
        cost_aware, "learn", lambda encoding, trials: Known(encoding, breaks, reaches)
    )
    where = FloatDistribution(range_.low, range_.high, log=range_.log)
    study = optuna.create_study(sampler=CostAwareSampler(encoding, seed=0))
    for stopped in ["completed"] * STARTUP + ["diverged"] * diverged:
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


def test_not_to_break_counts_ten_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """p (1 - p)^10 is highest at p = 1 / 11; with a power of 1 it would be at 1 / 2."""
    found = proposal(monkeypatch, "max_lr", MAX_LR, lambda lr: lr / 10, lambda lr: lr / 10)
    assert found == pytest.approx(10 / 11, rel=0.03)


def test_it_counts_more_once_a_proposal_has_diverged(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of one, where a hundredth is allowed: 10 x (1 + 16 x 0.99) = 168.4, so p = 1 / 169.4."""
    found = proposal(monkeypatch, "max_lr", MAX_LR, lambda lr: lr / 10, lambda lr: lr / 10, 1)
    assert found == pytest.approx(10 / 169.4, rel=0.03)
