"""What holds for every sampler of the registry, whatever is searched."""

from __future__ import annotations

from collections.abc import Iterator

import optuna
import pytest
from optuna.trial import FrozenTrial

from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Dimension, Range, SearchSpace
from autosuperconv.core.trace import Job
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers import SAMPLERS, make_sampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior, cell_of
from autosuperconv.tuning.steps.objective import Objective, suggest, tell

MAX_LR = Range(1e-3, 10.0, log=True)
BASE = Recipe(max_lr=0.5, epochs=4.0, batch_size=32)
TARGET = 0.9
EDGE = 0.5
ALL: dict[str, Dimension] = {
    "max_lr": MAX_LR,
    "epochs": Range(1.0, 8.0, log=True),
    "batch_size": Choices((16, 32, 64)),
    "weight_decay": Range(1e-6, 1e-2, log=True),
    "dropout": Range(0.0, 0.5),
}
FIXED: dict[str, Dimension] = {
    "batch_size": Choices((32,)),
    "epochs": Range(2.0, 2.0, log=True),
    "weight_decay": Range(1e-4, 1e-4, log=True),
}
SPACES: dict[str, dict[str, Dimension]] = {
    **{f"{n} searched": dict(list(ALL.items())[:n]) for n in range(1, 6)},
    "no rate": {"epochs": ALL["epochs"]},
    "fixed": {**ALL, **FIXED},
    "fixed rate": {**ALL, "max_lr": Range(0.1, 0.1, log=True)},
}
TRIALS = 11  # one more than any sampler's start-up: its model is asked for the last

every_sampler = pytest.mark.parametrize("name", sorted(SAMPLERS))


def prior(range_: Range) -> LrPrior:
    cells = tuple(
        Cell(b, wd, (), (), 0.01, EDGE, 0.1, False, 0.9, True)
        for b in (16, 64)
        for wd in (1e-5, 1e-3)
    )
    return LrPrior(RangeTest(cells, 1e-3, 10.0, True, "Possible."), range_)


def encoding(dimensions: dict[str, Dimension], objective: str = "cost") -> Encoding:
    rates = dimensions.get("max_lr", MAX_LR)
    assert isinstance(rates, Range)
    target = TARGET if objective == "cost" else None
    return Encoding(SearchSpace(dimensions), BASE, prior(rates), target)


def study_of(objective: str) -> optuna.Study:
    return optuna.create_study(direction="minimize" if objective == "cost" else "maximize")


def search(
    study: optuna.Study, name: str, where: Encoding, trials: int, seed: int = 0
) -> list[FrozenTrial]:
    """Adds trials as a search would, by a sampler that knows how many are there already."""
    objective = Objective("cost" if where.target else "accuracy", TARGET, 1000, 8.0)
    study.sampler = make_sampler(name, where, seed, len(study.trials))
    for _ in range(trials):
        trial = study.ask()
        job = Job(suggest(trial, where.space, BASE, trial.number))
        tell(study, trial, objective, SurfaceTrainer()(job))
    return study.trials


def check_inside(where: Encoding, trials: list[FrozenTrial]) -> None:
    """Every field in its dimension, choices as whole numbers, the rate at most the cap."""
    for trial in trials:
        assert set(trial.params) == set(where.space.dimensions)
        for name, dimension in where.space.dimensions.items():
            value = trial.params[name]
            if isinstance(dimension, Choices):
                assert type(value) is int
                assert value in dimension.values
            else:
                assert dimension.low <= value <= dimension.high
        if "max_lr" in trial.params:
            params = {"batch_size": BASE.batch_size, "weight_decay": BASE.weight_decay}
            cap = where.prior.cap(cell_of(params | trial.params))
            assert trial.params["max_lr"] <= cap * (1 + 1e-9)


@every_sampler
@pytest.mark.parametrize("searched", SPACES)
def test_proposals_lie_inside_the_space_and_below_the_cap(name: str, searched: str) -> None:
    where = encoding(SPACES[searched])
    trials = search(study_of("cost"), name, where, TRIALS)
    assert len(trials) == TRIALS
    check_inside(where, trials)


@every_sampler
def test_where_accuracy_is_searched_they_do_so_too(name: str) -> None:
    dimensions = {field: d for field, d in ALL.items() if field != "epochs"}
    where = encoding(dimensions, "accuracy")
    check_inside(where, search(study_of("accuracy"), name, where, TRIALS))


@every_sampler
def test_the_same_seed_makes_the_same_search_and_another_seed_another(name: str) -> None:
    def params(seed: int) -> Iterator[dict[str, float]]:
        trials = search(study_of("cost"), name, encoding(ALL), TRIALS, seed)
        return (trial.params for trial in trials)

    first = list(params(0))
    assert list(params(0)) == first
    assert all(a != b for a, b in zip(first, params(1), strict=True))


@every_sampler
def test_a_search_that_was_interrupted_goes_on_without_repeating_itself(name: str) -> None:
    where, study = encoding(ALL), study_of("cost")
    search(study, name, where, 6)
    trials = search(study, name, where, TRIALS - 6)
    check_inside(where, trials)
    rates = [trial.params["max_lr"] for trial in trials]
    assert len(set(rates)) == TRIALS


@every_sampler
def test_trials_asked_for_at_once_are_not_alike(name: str) -> None:
    where, study = encoding(ALL), study_of("cost")
    search(study, name, where, TRIALS - 1)
    at_once = [study.ask() for _ in range(2)]
    rates = {suggest(trial, where.space, BASE, 0).max_lr for trial in at_once}
    assert len(rates) == 2
    check_inside(where, study.trials)
