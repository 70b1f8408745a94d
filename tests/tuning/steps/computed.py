"""What the tests of the steps share: a small space, its prior, and a session that computes."""

from __future__ import annotations

from collections.abc import Callable

import optuna

from autosuperconv.core.events import Event, silent
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.core.trace import Trainer
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import open_study

MAX_LR = Range(1e-3, 10.0, log=True)
SPACE = SearchSpace(
    {
        "batch_size": Choices((16, 32)),
        "epochs": Range(1.0, 4.0, log=True),
        "max_lr": MAX_LR,
        "weight_decay": Range(1e-6, 1e-2, log=True),
    }
)
OBJECTIVE = Objective("cost", target=0.9, n_train=1000, worst_epochs=4.0)
BASE = Recipe(max_lr=1.0, epochs=4.0, batch_size=32)


def prior(edge: float = 0.5) -> LrPrior:
    cells = tuple(
        Cell(b, wd, (), (), 0.01, edge, 0.1, False, 0.9, True)
        for b in (16, 32)
        for wd in (1e-5, 1e-3)
    )
    return LrPrior(RangeTest(cells, 1e-3, 10.0, True, "Possible."), MAX_LR)


def encoding(prior: LrPrior) -> Encoding:
    return Encoding(SPACE, BASE, prior, OBJECTIVE.target)


def session_of(
    trainer: Trainer,
    workers: int = 1,
    listener: Callable[[Event], object] = silent,
    path: str = "",
) -> Session:
    """A session whose study is in the journal at the path, or in memory.

    Args:
        workers: that the executor says it has.
    """
    storage = open_storage(path) if path else optuna.storages.InMemoryStorage()
    study, run_store = open_study(storage, "s", {"data": "surface"}, "minimize")
    executor = InProcess(trainer)
    executor.size = workers
    return Session(study, run_store, executor, listener, path)
