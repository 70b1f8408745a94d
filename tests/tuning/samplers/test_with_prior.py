"""No cycle is trained that is too long to be chosen."""

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.samplers import RandomSampler

from autosuperconv.core.space import Range
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.with_prior import WithPrior, length_limit

EPOCHS = FloatDistribution(1.0, 10.0, log=True)


def study_with(*ended: tuple[float, float], direction: str = "minimize") -> optuna.Study:
    """Of trials of (epochs, shortfall)."""
    prior = LrPrior(None, Range(1e-3, 10.0, log=True))
    sampler = WithPrior(RandomSampler(seed=0), prior, 0)
    study = optuna.create_study(direction=direction, sampler=sampler)
    for epochs, shortfall in ended:
        study.enqueue_trial({"epochs": float(epochs)})
        trial = study.ask({"epochs": EPOCHS})
        trial.set_constraint("accuracy", shortfall)
        study.tell(trial, epochs)
    return study


def test_the_ceiling_is_the_third_shortest_that_reached_the_target() -> None:
    assert length_limit(study_with((8, -0.1), (2, 0.1), (4, 0.0), (6, -0.2), (9, -0.1))) == 8.0


def test_there_is_none_before_three_have_reached_it() -> None:
    assert length_limit(study_with((8, -0.1), (4, -0.1), (2, 0.1))) is None


def test_where_accuracy_is_maximised_there_is_none() -> None:
    assert length_limit(study_with(*[(5, -0.1)] * 3, direction="maximize")) is None


def test_no_longer_cycle_is_proposed_and_the_space_stays() -> None:
    study = study_with((3, -0.1), (4, -0.1), (5, -0.1))
    lengths = [study.ask({"epochs": EPOCHS}).params["epochs"] for _ in range(50)]
    assert max(lengths) <= 5.0
    assert min(lengths) == pytest.approx(1.0, rel=0.3)
