"""One lucky run does not win: the shortlist, its runs on other seeds, and the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import optuna
import pytest

from autosuperconv.core.events import Event, RunFinished, Step, StepStarted
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.core.trace import Job, OnPoint, StopReason, Trace
from autosuperconv.errors import NothingCompleted
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.steps import selection
from autosuperconv.tuning.steps.objective import Objective, suggest, tell
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.selection import (
    Winner,
    believed_to_reach,
    choose_winner,
    first_to_reach,
    pick,
    shortlists,
)
from autosuperconv.tuning.steps.study import StudySettings
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.studies import open_study

COST = Objective("cost", 0.9, 1000, 4.0)
MAX_LR = Range(1e-3, 10.0, log=True)
SPACE = SearchSpace({"epochs": Range(1.0, 8.0, log=True)})
BASE = Recipe(max_lr=0.5, epochs=8.0)
SETTINGS = StudySettings(
    SPACE, BASE, LrPrior(None, MAX_LR), COST, "random", make_pruner("none", 0.9, 0.0), seed=10
)


def trace(accuracy: float, epochs: float, max_lr: float = 0.5) -> Trace:
    made = SurfaceTrainer()(Job(Recipe(max_lr=max_lr, epochs=epochs)))
    return replace(made, accuracy=accuracy)


def test_the_shortlist_takes_the_cheapest_that_reach_the_target() -> None:
    traces = [trace(0.95, 4), trace(0.91, 2), trace(0.89, 1), trace(0.92, 3), trace(0.5, 1)]
    assert [t.recipe.epochs for t in shortlists(traces, COST)[0]] == [2, 3, 4]


def test_the_shortlist_is_filled_up_with_the_most_accurate() -> None:
    traces = [trace(0.95, 4), trace(0.6, 1), trace(0.89, 2), trace(0.5, 1)]
    assert [t.accuracy for t in shortlists(traces, COST)[0]] == [0.95, 0.89, 0.6]


@pytest.mark.parametrize(
    ("reached_from", "epochs", "trained"),
    [(2, 2, [1, 2, 3]), (5, 5, [1, 2, 3, 4, 5, 6]), (8, 7, [1, 2, 3, 4, 5, 6, 7])],
)
def test_while_none_of_a_shortlist_reaches_the_target_the_next_is_trained(
    reached_from: int, epochs: float, trained: list[float]
) -> None:
    """Seven cycles reached 90 % once, one did not; on other seeds only the longer ones hold."""
    traces = [trace(0.91, n) for n in range(7, 0, -1)] + [trace(0.89, 8)]
    seen: list[float] = []

    def score(few: Sequence[Trace]) -> list[Winner]:
        seen.extend(t.recipe.epochs for t in few)
        return [
            winner(0.9 if e >= reached_from else 0.8 + e / 100, e)
            for e in (t.recipe.epochs for t in few)
        ]

    assert first_to_reach(shortlists(traces, COST), COST, score).recipe.epochs == epochs
    assert seen == trained


def test_what_is_not_believed_to_reach_the_target_is_on_the_first_shortlist_alone() -> None:
    traces = [trace(0.8 + n / 100, n) for n in range(1, 8)]
    assert [[t.recipe.epochs for t in few] for few in shortlists(traces, COST)] == [[7, 6, 5]]


def test_a_trial_without_an_accuracy_comes_last() -> None:
    unknown = replace(trace(0.5, 1), accuracy=None)
    traces = [unknown, trace(0.95, 4), trace(0.89, 2)]
    assert [t.accuracy for t in shortlists(traces, COST)[0]] == [0.95, 0.89, None]


def test_a_trial_right_at_the_target_reaches_it() -> None:
    traces = [trace(0.95, 4), trace(0.9, 1)]
    assert [t.recipe.epochs for t in shortlists(traces, COST)[0]] == [1, 4]
    assert pick([winner(0.95, 4), winner(0.9, 1)], COST).recipe.epochs == 1


def test_where_no_list_reaches_the_target_the_most_accurate_of_all_is_chosen() -> None:
    lists = [[trace(0.91, 1)], [trace(0.91, 2)]]

    def score(few: Sequence[Trace]) -> list[Winner]:
        return [winner(0.89 - t.recipe.epochs / 100, t.recipe.epochs) for t in few]

    assert first_to_reach(lists, COST, score).recipe.epochs == 1


def test_for_accuracy_cost_does_not_count() -> None:
    objective = Objective("accuracy", 0.9, 1000, 4.0)
    traces = [trace(0.91, 1), trace(0.95, 4)]
    assert [t.accuracy for t in shortlists(traces, objective)[0]] == [0.95, 0.91]


def winner(accuracy: float, epochs: float) -> Winner:
    return Winner(Recipe(max_lr=0.5, epochs=epochs), accuracy)


@pytest.mark.parametrize(
    ("scored", "epochs"),
    [
        ([winner(0.91, 2), winner(0.95, 4), winner(0.89, 1)], 2),
        ([winner(0.88, 2), winner(0.89, 4), winner(0.7, 1)], 4),
    ],
)
def test_the_winner_is_the_cheapest_that_reaches_the_target_or_the_most_accurate(
    scored: list[Winner], epochs: float
) -> None:
    assert pick(scored, COST).recipe.epochs == epochs


@dataclass(frozen=True)
class Table:
    """Final accuracy by length, then by seed; None: that run diverges."""

    accuracy: Mapping[float, Mapping[int, float | None]]

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        end = self.accuracy[job.recipe.epochs][job.recipe.seed]
        stopped = StopReason.DIVERGED if end is None else StopReason.COMPLETED
        return replace(SurfaceTrainer()(job), accuracy=end, stopped_because=stopped)


def searched(
    accuracy: Mapping[float, Mapping[int, float | None]], settings: StudySettings = SETTINGS
) -> tuple[Session, list[Event]]:
    """A search whose study has had one trial of each length, with seed 0."""
    trainer, events = Table(accuracy), list[Event]()
    storage = optuna.storages.InMemoryStorage()
    study, run_store = open_study(storage, "s", {"data": "table"}, "minimize")
    for epochs in accuracy:
        study.enqueue_trial({"epochs": epochs})
        trial = study.ask()
        tell(study, trial, settings.objective, trainer(Job(suggest(trial, SPACE, BASE, 0))))
    return Session(study, run_store, InProcess(trainer), events.append, ""), events


def test_a_trial_that_reached_the_target_by_luck_does_not_win() -> None:
    session, _ = searched({2.0: {0: 0.91, 11: 0.85, 12: 0.85}, 3.0: {0: 0.91, 11: 0.92, 12: 0.93}})
    chosen = choose_winner(session, SETTINGS, runs=4)
    assert (chosen.recipe.epochs, chosen.recipe.seed) == (3.0, 0)
    assert chosen.accuracy == pytest.approx((0.91 + 0.92 + 0.93) / 3)


def test_each_of_the_shortlist_is_trained_on_two_seeds_that_the_study_did_not_have() -> None:
    session, events = searched({2.0: {0: 0.91, 11: 0.91, 12: 0.91}})
    choose_winner(session, SETTINGS, runs=9)
    assert [
        (role, trace.recipe.seed) for role, trace in session.run_store.of(Step.CONFIRMATION)
    ] == [
        ("shortlist", 11),
        ("shortlist", 12),
    ]
    started, first, _ = events
    assert isinstance(started, StepStarted)
    assert (started.step, started.runs) == (Step.CONFIRMATION, 9)
    assert isinstance(first, RunFinished)
    assert first.label == "shortlist, max_lr 0.5, 2 epochs, seed 11"


def test_a_run_that_diverges_on_another_seed_counts_as_nothing() -> None:
    session, _ = searched({2.0: {0: 0.99, 11: 0.99, 12: None}, 3.0: {0: 0.91, 11: 0.91, 12: 0.91}})
    assert choose_winner(session, SETTINGS, runs=4).recipe.epochs == 3.0


def test_trials_that_all_diverged_leave_no_winner_and_say_what_to_do() -> None:
    session, _ = searched({2.0: {0: None}, 3.0: {0: None}})
    space = replace(SPACE, dimensions={**SPACE.dimensions, "max_lr": replace(MAX_LR, low=0.01)})
    with pytest.raises(NothingCompleted) as error:
        choose_winner(session, replace(SETTINGS, space=space), runs=4)
    assert str(error.value) == (
        "No trial of study 's' completed: all 2 were pruned or diverged. Search more trials "
        "(--trials 4), longer cycles (--epochs), or lower learning rates, such as --max-lr "
        "0.001:1."
    )


def test_where_max_lr_is_fixed_a_range_below_it_is_the_advice() -> None:
    session, _ = searched({2.0: {0: None}})
    fixed = replace(SPACE, dimensions={**SPACE.dimensions, "max_lr": Range(3.0, 3.0)})
    with pytest.raises(NothingCompleted, match=r"fixed at 3: .* such as --max-lr 0\.03:3, or"):
        choose_winner(session, replace(SETTINGS, space=fixed), runs=4)


class FromThree:
    """A model by which cycles of three epochs or more reach the target."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding

    def probably_reaches(self, x: np.ndarray) -> np.ndarray:
        return self.encoding.column(x, "epochs") >= 3.0


LENGTHS: Mapping[float, Mapping[int, float | None]] = {
    2.0: {0: 0.95},
    3.0: {0: 0.85},
    4.0: {0: None},
    5.0: {0: 0.92},
}


def test_all_trials_together_say_which_completed_ones_are_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selection, "fit_trial_model", lambda where, trials: FromThree(where))
    believed = believed_to_reach(searched(LENGTHS)[0], SETTINGS)
    assert believed is not None
    assert {recipe.epochs for recipe in believed} == {3.0, 5.0}


def test_the_shortlist_is_of_the_trials_that_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their own runs the three cheapest reach the target, by the model the longest does."""
    monkeypatch.setattr(selection, "fit_trial_model", lambda where, trials: FromThree(where))
    again = {11: 0.91, 12: 0.91}
    table = {n: {0: 0.91, **again} for n in (1.0, 1.5, 2.0)} | {3.0: {0: 0.85, **again}}
    session, _ = searched(table)
    choose_winner(session, SETTINGS, runs=6)
    trained = [trace.recipe.epochs for _, trace in session.run_store.of(Step.CONFIRMATION)]
    assert trained[:2] == [3.0, 3.0]


def test_with_too_few_trials_or_without_a_target_nothing_is_believed_or_not() -> None:
    assert believed_to_reach(searched({2.0: {0: 0.95}})[0], SETTINGS) is None
    by_accuracy = replace(SETTINGS, objective=replace(COST, name="accuracy"))
    assert believed_to_reach(searched(LENGTHS, by_accuracy)[0], by_accuracy) is None


def test_a_believed_trial_is_on_the_shortlist_though_its_own_run_fell_short() -> None:
    traces = [trace(0.95, 2), trace(0.85, 3), trace(0.92, 5)]
    (few,) = shortlists(traces, COST, {traces[1].recipe})
    assert [t.recipe.epochs for t in few] == [3, 2, 5]
