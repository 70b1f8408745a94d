"""Trials and searches to test samplers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.core.trace import Job
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers.cost_aware import CostAwareSampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.prior_revision import revised_prior
from autosuperconv.tuning.steps.objective import Objective, suggest, tell

MAX_LR = Range(1e-3, 10.0, log=True)
SPACE = SearchSpace(
    {
        "batch_size": Choices((16, 32, 64)),
        "epochs": Range(1.0, 8.0, log=True),
        "max_lr": MAX_LR,
        "weight_decay": Range(1e-6, 1e-2, log=True),
    }
)
BASE = Recipe(max_lr=1.0, epochs=8.0, batch_size=32)
TARGET = 0.9


def encoding(edge: float | None = None, target: float | None = TARGET) -> Encoding:
    cells = tuple(
        Cell(b, wd, (), (), 0.01, edge, 0.1, False, 0.9, True)
        for b in (16, 64)
        for wd in (1e-5, 1e-3)
    )
    test = RangeTest(cells, 1e-3, 10.0, True, "Possible.") if edge is not None else None
    return Encoding(SPACE, BASE, LrPrior(test, MAX_LR), target)


def searched(
    trainer: SurfaceTrainer, where: Encoding, trials: int, seed: int = 0
) -> list[FrozenTrial]:
    """A whole study by the sampler, with the tool's own objective."""
    by_cost = where.target is not None
    objective = Objective("cost" if by_cost else "accuracy", TARGET, 1000, 8.0)
    space = SPACE if by_cost else SPACE.without("epochs")
    sampler = CostAwareSampler(replace(where, space=space), seed)
    study = optuna.create_study(direction="minimize" if by_cost else "maximize", sampler=sampler)
    for _ in range(trials):
        sampler.prior = revised_prior(sampler.prior, study.trials)
        trial = study.ask()
        tell(study, trial, objective, trainer(Job(suggest(trial, space, BASE, trial.number))))
    return study.trials


def ended(
    max_lr: float, because: str, accuracy: float | None, epochs: float = 4.0, **params: float
) -> FrozenTrial:
    """A finished trial with these parameters."""
    state = TrialState.PRUNED if because == "pruned" else TrialState.COMPLETE
    values = {"batch_size": 32, "weight_decay": 1e-4, "epochs": epochs, "max_lr": max_lr, **params}
    return optuna.trial.create_trial(
        state=state,
        value=None if because == "pruned" else 1.0,
        params=values,
        distributions={
            "batch_size": optuna.distributions.CategoricalDistribution((16, 32, 64)),
            "weight_decay": optuna.distributions.FloatDistribution(1e-6, 1e-2, log=True),
            "epochs": optuna.distributions.FloatDistribution(1.0, 8.0, log=True),
            "max_lr": optuna.distributions.FloatDistribution(1e-3, 10.0, log=True),
        },
        intermediate_values={250: 0.3, 500: 0.7} if because == "pruned" else {},
        user_attrs={"stopped_because": because, "accuracy": accuracy},
    )


def rows(where: Encoding, trials: Sequence[FrozenTrial]) -> np.ndarray:
    return np.array([where.row(t.params) for t in trials])
