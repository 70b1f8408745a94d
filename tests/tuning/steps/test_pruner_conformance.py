"""What holds for every pruner of the registry."""

from __future__ import annotations

import pickle

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.pruners import BasePruner

from autosuperconv.tuning.steps.pruner import MIN_TRIALS, PRUNERS, RUNGS, make_pruner
from tests.tuning.steps.test_pruner import BAR, finished, stops

every_pruner = pytest.mark.parametrize("name", sorted(PRUNERS))
accuracies = st.floats(0.05, 0.99)
ends = st.lists(st.tuples(accuracies, accuracies), min_size=MIN_TRIALS, max_size=MIN_TRIALS + 4)


def study_of(runs: list[tuple[float, float]], direction: str = "minimize") -> optuna.Study:
    """Finished runs by their accuracy at every rung before the end, and at the end."""
    study = optuna.create_study(direction=direction)
    for then, end in runs:
        finished(study, dict.fromkeys(RUNGS, then) | {1.0: end})
    return study


def stopped_at(pruner: BasePruner, runs: list[tuple[float, float]], now: float) -> bool:
    return stops(study_of(runs), pruner, 0.5, now)


@every_pruner
@settings(max_examples=25, deadline=None)
@given(runs=ends, now=st.tuples(accuracies, accuracies))
def test_of_two_runs_it_never_stops_the_better_one_alone(
    name: str, runs: list[tuple[float, float]], now: tuple[float, float]
) -> None:
    worse, better = sorted(now)
    pruner = make_pruner(name, BAR, 0.002)
    assert stopped_at(pruner, runs, worse) or not stopped_at(pruner, runs, better)


@every_pruner
@settings(max_examples=25, deadline=None)
@given(runs=ends)
def test_it_never_stops_a_run_that_leads_the_others_and_has_the_target(
    name: str, runs: list[tuple[float, float]]
) -> None:
    gaining = [(min(then, end), max(then, end)) for then, end in runs]
    assert not stopped_at(make_pruner(name, BAR, 0.0), gaining, 0.995)


@every_pruner
def test_it_stops_nothing_before_the_rate_descends_nor_at_the_end(name: str) -> None:
    pruner = make_pruner(name, BAR, 0.0)
    for phase in (0.1, 0.25, 1.0):
        assert not stops(study_of([(0.8, 0.9)] * MIN_TRIALS), pruner, phase, 0.1)


@every_pruner
def test_it_stops_nothing_before_there_is_enough_to_compare_with(name: str) -> None:
    pruner = make_pruner(name, BAR, 0.0)
    assert not stopped_at(pruner, [(0.8, 0.9)] * (MIN_TRIALS - 1), 0.1)


@every_pruner
def test_it_decides_alike_whether_cost_or_accuracy_is_searched(name: str) -> None:
    runs = [(0.8, 0.9)] * MIN_TRIALS
    pruner = make_pruner(name, BAR, 0.0)
    by_cost, by_accuracy = study_of(runs, "minimize"), study_of(runs, "maximize")
    assert stops(by_cost, pruner, 0.5, 0.1) == stops(by_accuracy, pruner, 0.5, 0.1)


@every_pruner
def test_it_travels_to_a_worker_process_and_decides_as_before(name: str) -> None:
    pruner = make_pruner(name, BAR, 0.002)
    copy = pickle.loads(pickle.dumps(pruner))
    for now in (0.1, 0.799, 0.801, 0.95):
        runs = [(0.8, 0.9)] * MIN_TRIALS
        assert stopped_at(copy, runs, now) == stopped_at(pruner, runs, now)
