"""The best cycle of one length, and the chance that there is a good one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import optuna
import pytest

from autosuperconv.core.events import Step, silent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.core.trace import Job, OnPoint, StopReason, Trace
from autosuperconv.errors import NothingCompleted
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.steps.ask import (
    Estimate,
    ask_at,
    by_runs,
    candidates_at,
    model_of,
)
from autosuperconv.tuning.steps.objective import Objective, suggest, tell
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.study import StudySettings
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.studies import open_study
from tests.tuning.samplers.made_trials import encoding, ended

MAX_LR = Range(0.01, 10.0, log=True)
BASE = Recipe(max_lr=0.5, epochs=8.0)
SPACE = SearchSpace({"epochs": Range(1.0, 8.0, log=True), "max_lr": MAX_LR})
SETTINGS = StudySettings(
    SPACE,
    BASE,
    LrPrior(None, MAX_LR),
    Objective("cost", 0.9, 1000, 8.0),
    "random",
    make_pruner("none", 0.9, 0.0),
    seed=10,
)
Accuracy = Callable[[Recipe], float | None]


@dataclass(frozen=True)
class Computed:
    """Ends where the function says; None: the run diverges."""

    accuracy: Accuracy
    detail: str = ""

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        end = self.accuracy(job.recipe)
        stopped = StopReason.DIVERGED if end is None else StopReason.COMPLETED
        return replace(
            SurfaceTrainer()(job), accuracy=end, stopped_because=stopped, detail=self.detail
        )


def searched(
    accuracy: Accuracy,
    trials: Sequence[Mapping[str, float]],
    settings: StudySettings = SETTINGS,
    detail: str = "",
) -> Session:
    """A search whose study has had these trials, each with the study's seed."""
    trainer, storage = Computed(accuracy, detail), optuna.storages.InMemoryStorage()
    by_cost = settings.objective.name == "cost"
    direction = "minimize" if by_cost else "maximize"
    study, run_store = open_study(storage, "s", {"data": "computed"}, direction)
    for params in trials:
        study.enqueue_trial(dict(params))
        trial = study.ask()
        recipe = suggest(trial, settings.space, settings.base, settings.seed)
        tell(study, trial, settings.objective, trainer(Job(recipe)))
    return Session(study, run_store, InProcess(trainer), silent, "")


def smooth(recipe: Recipe) -> float:
    """Best at a learning rate of 1; a run twice as long makes 3/4 of the error."""
    away = np.log10(recipe.max_lr)
    return float(1 - (0.1 + 0.2 * away**2) * recipe.epochs ** np.log2(0.75))


def grid() -> list[dict[str, float]]:
    return [{"epochs": e, "max_lr": lr} for lr in (0.1, 0.3, 0.9, 3.0, 9.0) for e in (1.5, 4.0)]


def test_the_best_recipe_of_a_length_that_no_trial_had_is_found_there() -> None:
    answer = ask_at(searched(smooth, grid()), SETTINGS, 2.5, 5.0)
    assert (answer.recipe.max_lr, answer.recipe.epochs, answer.speedup) == (0.9, 2.5, 5.0)
    assert answer.accuracy == pytest.approx(smooth(answer.recipe), abs=0.01)
    assert [t.recipe.seed for t in answer.asked] == [11, 12] * 3
    assert {t.recipe.epochs for t in answer.asked} == {2.5}


def test_three_recipes_are_trained_on_two_seeds_that_the_study_did_not_have() -> None:
    session = searched(smooth, grid())
    ask_at(session, SETTINGS, 2.5, 5.0)
    recipes = [t.recipe for _, t in session.run_store.of(Step.CONFIRMATION)]
    assert sorted({r.max_lr for r in recipes}) == [0.3, 0.9, 3.0]
    assert sorted(r.seed for r in recipes) == [11, 11, 11, 12, 12, 12]


def test_asked_again_it_trains_nothing_and_answers_the_same() -> None:
    session = searched(smooth, grid())
    first = ask_at(session, SETTINGS, 2.5, 5.0)
    assert ask_at(session, SETTINGS, 2.5, 5.0) == first
    assert len(session.run_store.of(Step.CONFIRMATION)) == 6


def test_few_trials_are_ranked_by_their_own_runs() -> None:
    ends = {0.1: (0.93, 0.80), 1.0: (0.92, 0.91)}  # in the study, and again
    session = searched(
        lambda r: ends[r.max_lr][r.seed != 10], [{"epochs": 2.0, "max_lr": lr} for lr in ends]
    )
    answer = ask_at(session, SETTINGS, 4.0, 2.0, seeds=1)
    assert (answer.recipe.max_lr, answer.recipe.epochs) == (1.0, 4.0)
    assert [t.accuracy for t in answer.asked] == [0.80, 0.91]


def test_a_lucky_trial_does_not_win() -> None:
    def accuracy(recipe: Recipe) -> float:
        lucky = recipe.max_lr == 9.0 and recipe.seed == 10
        return 0.99 if lucky else smooth(recipe)

    session = searched(accuracy, grid())
    assert ask_at(session, SETTINGS, 4.0, 2.0).recipe.max_lr == 0.9


def test_a_recipe_that_diverges_once_comes_after_those_that_do_not() -> None:
    def accuracy(recipe: Recipe) -> float | None:
        diverges = recipe.max_lr == 0.9 and recipe.seed == 12
        return None if diverges else smooth(recipe)

    assert ask_at(searched(accuracy, grid()), SETTINGS, 2.5, 5.0).recipe.max_lr in (0.3, 3.0)


def test_where_every_run_diverges_the_answer_is_at_nothing() -> None:
    def accuracy(recipe: Recipe) -> float | None:
        return smooth(recipe) if recipe.seed == 10 else None

    answer = ask_at(searched(accuracy, grid()[:2]), SETTINGS, 2.5, 5.0)
    assert answer.accuracy == 0.0
    assert not any(t.completed for t in answer.asked)


def test_trials_that_differ_in_length_alone_are_one_candidate() -> None:
    session = searched(smooth, [{"epochs": e, "max_lr": 0.3} for e in (1.0, 2.0, 4.0, 8.0)])
    ask_at(session, SETTINGS, 2.5, 5.0)
    assert len(session.run_store.of(Step.CONFIRMATION)) == 2


def test_no_completed_trial_is_no_answer_and_says_what_to_do() -> None:
    session = searched(lambda recipe: None, grid()[:2])
    with pytest.raises(NothingCompleted) as error:
        ask_at(session, SETTINGS, 2.5, 5.0)
    assert str(error.value) == (
        "No trial of study 's' completed: all 2 were pruned or diverged. Search more trials "
        "(--trials 4), longer cycles (--epochs), or lower learning rates, such as --max-lr "
        "0.001:1."
    )


@pytest.mark.parametrize(
    ("detail", "remedy"),
    [
        ("the accuracy at the end, 90.0 %, is no better than giving every sample", "longer cycles"),
        ("the accuracy at the end, 10.0 %, is no better than chance", "longer cycles"),
        ("41.0 % at phase 0.50 cannot reach the target", "longer cycles"),
        ("the loss is not finite at step 7 of 30", "lower learning rates"),
    ],
)
def test_lower_learning_rates_are_advised_only_where_one_was_too_high(
    detail: str, remedy: str
) -> None:
    session = searched(lambda recipe: None, grid()[:2], detail=detail)
    with pytest.raises(NothingCompleted, match=remedy) as error:
        ask_at(session, SETTINGS, 2.5, 5.0)
    assert ("lower learning rates" in str(error.value)) is (remedy == "lower learning rates")


@pytest.mark.parametrize("asked", [2.0, 8.0])
def test_where_no_length_is_searched_the_answer_has_the_length_that_was_asked(asked: float) -> None:
    settings = replace(
        SETTINGS,
        space=SPACE.without("epochs"),
        objective=Objective("accuracy", 0.9, 1000, 8.0),
    )
    trials = [{"max_lr": lr} for lr in (0.03, 0.1, 0.3, 0.9, 3.0)]
    answer = ask_at(searched(smooth, trials, settings), settings, asked, 2.0)
    assert (answer.recipe.max_lr, answer.recipe.epochs) == (0.9, asked)
    assert answer.accuracy == pytest.approx(smooth(answer.recipe), abs=0.02)


def test_a_field_with_a_single_value_keeps_it() -> None:
    space = SearchSpace({**SPACE.dimensions, "dropout": Range(0.2, 0.2)})
    settings = replace(SETTINGS, space=space)
    assert ask_at(searched(smooth, grid(), settings), settings, 2.5, 5.0).recipe.dropout == 0.2


def test_the_model_of_a_search_has_the_runs_that_were_asked_for_too() -> None:
    session = searched(smooth, grid())
    before = model_of(session, SETTINGS, [])
    after = model_of(session, SETTINGS, ask_at(session, SETTINGS, 2.5, 5.0).asked)
    assert before is not None
    assert after is not None
    assert (len(before.completed), len(after.completed)) == (10, 16)
    assert model_of(searched(smooth, grid()[:2]), SETTINGS, []) is None


def test_more_accurate_recipes_come_first_but_unstable_ones_last() -> None:
    found = Estimate(np.array([0.9, 0.95, 0.97]), np.zeros(3), np.array([0.0, 0.0, 0.5]))
    assert found.order == [1, 0, 2]


def test_runs_alone_give_a_mean_and_its_standard_error() -> None:
    found = by_runs(np.array([[0.90, 0.92], [0.80, 0.84]]))
    assert found.accuracy.tolist() == pytest.approx([0.91, 0.82])
    # squares: 2 x 0.01^2 + 2 x 0.02^2 = 1e-3, by two degrees; its root over the root of two
    assert found.sd.tolist() == pytest.approx([0.0005**0.5 / 2**0.5] * 2)


def test_candidates_are_the_completed_trials_alone() -> None:
    where = encoding()
    trials = [
        ended(0.1, "completed", 0.8),
        ended(0.2, "pruned", None),
        ended(5.0, "diverged", None),
    ]
    x = candidates_at(where, trials, 3.0).x
    assert where.column(x, "max_lr").tolist() == [0.1]
    assert where.column(x, "epochs").tolist() == [3.0]


def test_before_a_length_is_asked_the_model_says_what_to_expect_there() -> None:
    session = searched(smooth, grid())
    trials, where = session.study.trials, SETTINGS.encoding
    for epochs in (1.0, 8.0):
        expected = candidates_at(where, trials, epochs).expected
        assert expected is not None
        truth = smooth(Recipe(max_lr=0.9, epochs=epochs))
        assert expected.accuracy[0] == pytest.approx(truth, abs=2 * expected.sd[0] + 0.005)
    assert candidates_at(where, trials[:2], 1.0).expected is None
