"""What finished trials say of others, and how the default sampler acts on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range, SearchSpace, share_of, value_at
from autosuperconv.core.trace import Job
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.samplers.cost_aware import (
    CAUTION,
    DEARER,
    SHORTLIST,
    STARTUP,
    CostAwareSampler,
    caution,
    longest_wanted,
)
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.samplers.prior_revision import revised
from autosuperconv.tuning.samplers.surrogate import (
    broken,
    expected,
    imputed,
    known_end,
    learn,
    log_odds,
)
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
        sampler.prior = revised(sampler.prior, study.trials)
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


def test_shares_and_values_are_inverse() -> None:
    shares = np.array([0.1, 0.5, 0.9])
    for dimension in (MAX_LR, Range(0.0, 0.5)):
        assert share_of(dimension, value_at(dimension, shares)) == pytest.approx(shares)
    assert value_at(Choices((16, 32, 64)), shares).tolist() == [16, 32, 64]
    assert share_of(Choices((16, 32, 64)), np.array([16.0, 32, 64])).tolist() == [0, 0.5, 1]


def test_a_trial_ends_where_it_ended_or_was_last_seen() -> None:
    assert known_end(ended(0.1, "completed", 0.8)) == 0.8
    assert known_end(ended(0.1, "pruned", None)) == 0.7
    assert known_end(ended(0.1, "diverged", None)) == 0.0
    assert known_end(ended(0.1, "out-of-memory", None)) is None


def test_a_run_at_chance_below_every_sound_rate_was_slow_and_not_broken() -> None:
    where = encoding()
    trials = [
        ended(rate, because, None)
        for rate, because in ((0.05, "diverged"), (0.1, "completed"), (3.0, "diverged"))
    ]
    diverged = [t.user_attrs["stopped_because"] == "diverged" for t in trials]
    assert broken(where, rows(where, trials), diverged).tolist() == [False, False, True]


def test_too_few_trials_are_no_model() -> None:
    trials = [ended(0.1, "completed", 0.8), ended(0.3, "completed", 0.9)]
    assert learn(encoding(), trials) is None


def test_longer_is_better_and_higher_breaks_before_any_trial_says_so() -> None:
    where = encoding(edge=1.0)
    model = learn(where, [ended(r, "completed", 0.8, e) for r, e in ((0.1, 2), (0.3, 3), (1, 4))])
    assert model is not None
    short, long, high = rows(
        where,
        [ended(0.3, "", 0, 1.0), ended(0.3, "", 0, 8.0), ended(9.0, "", 0, 3.0)],
    )
    at = np.array([short, long, high])
    reaches, breaks = model.reaches(at), model.breaks(at)
    assert reaches[1] > 2 * reaches[0]
    assert breaks[2] > 0.5 > breaks[0]


def test_one_lucky_run_among_unlucky_neighbours_is_not_believed() -> None:
    where = encoding()
    bad = [ended(0.3 * 1.05**i, "completed", 0.84, 2.0) for i in range(-4, 5) if i]
    good = [ended(0.3 * 1.05**i, "completed", 0.93, 6.0) for i in range(-2, 3)]
    lucky = ended(0.3, "completed", 0.91, 2.0)
    model = learn(where, [*bad, lucky, *good])
    assert model is not None
    believed = model.reaches(rows(where, [lucky, good[0]])) >= 0.5
    assert believed.tolist() == [False, True]


def test_a_pruned_run_fell_short_but_is_not_as_bad_as_when_it_was_stopped() -> None:
    where = encoding()
    good = [ended(0.3 * 1.3**i, "completed", 0.92) for i in range(-3, 4)]
    trials = [*good, ended(0.3, "pruned", None, epochs=2.5)]  # last seen at 70 %
    model = learn(where, trials)
    assert model is not None
    mean = model.log_odds(rows(where, trials[-1:]))[0][0]
    assert log_odds(TARGET) - 0.1 < mean < log_odds(0.7) - 0.5


def test_what_is_imputed_is_the_mean_beyond_what_was_asked() -> None:
    where = encoding()
    model = learn(where, [ended(r, "completed", 0.9) for r in (0.2, 0.3, 0.45)])
    assert model is not None
    x = rows(where, [ended(0.3, "", 0.0)])
    mean, sd = expected(where, model.process, x)
    spread = float(np.sqrt(sd[0] ** 2 + model.process.kernel.noise))
    # a normal variable cut at its mean has its mean 0.79788 standard deviations above it
    found = imputed(where, model.process, x, float(mean[0]))
    assert found[0] == pytest.approx(mean[0] + 0.79788 * spread, abs=1e-5)


def test_a_running_trial_leaves_less_to_learn_beside_it() -> None:
    where = encoding()
    done = [ended(r, "completed", 0.8) for r in (0.01, 0.1, 1.0)]
    running = ended(0.3, "", None)
    running.state = TrialState.RUNNING
    at = rows(where, [running])
    alone, beside = learn(where, done), learn(where, [*done, running])
    assert alone is not None
    assert beside is not None
    assert beside.log_odds(at)[1][0] < alone.log_odds(at)[1][0]


def test_accuracies_differ_by_the_odds_of_an_error() -> None:
    # 3 to 99 and 2 to 100; 61 to 41 and 41 to 61
    assert log_odds(0.98) - log_odds(0.99) == pytest.approx(np.log(3 / 99 * 100 / 2))
    assert log_odds(0.4) == pytest.approx(np.log(61 / 41)) == -log_odds(0.6)


def test_cycles_longer_than_the_shortlist_are_not_wanted() -> None:
    where = encoding()
    trials = [ended(0.3, "completed", 0.97, float(e)) for e in (3, 4, 5, 6)]
    model = learn(where, trials)
    assert model is not None
    assert longest_wanted(model, trials) == (3, 4, 5)[SHORTLIST - 1]


def test_it_finds_a_shorter_cycle_than_chance_would_and_keeps_below_the_cliff() -> None:
    trainer = SurfaceTrainer(edge=2.0)
    trials = searched(trainer, encoding(edge=1.0), 30)
    late = trials[STARTUP:]
    reached = [t.params["epochs"] for t in late if t.constraints["accuracy"] <= 0]
    # the surface needs max_lr x epochs of about 1.4; a draw that reaches it in under 2 epochs
    # without breaking has a chance of 1 in 30
    assert sorted(reached)[2] < 2.0
    broke = [t.user_attrs["stopped_because"] == "diverged" for t in late]
    assert np.mean(broke) < 0.15


def test_a_cliff_that_no_range_test_told_of_is_learned() -> None:
    where = encoding()
    trials = searched(SurfaceTrainer(edge=0.5), where, 24)
    # the target is reached nowhere below 3.5 epochs, and there with a rate at the very cliff
    assert min(t.params["epochs"] for t in trials if t.constraints["accuracy"] <= 0) < 4.5
    model = learn(where, trials)
    assert model is not None
    low, high = model.breaks(rows(where, [ended(0.1, "", 0), ended(1.5, "", 0)]))
    assert low < 0.1
    assert high > 0.6


def test_caution_grows_with_proposals_that_broke_and_not_with_start_up_draws() -> None:
    def after(*because: str) -> float:
        trials = [ended(0.3, why, 0.9) for why in because]
        for number, trial in enumerate(trials):
            trial.number = number
        return caution(trials)

    draws = ["diverged"] * STARTUP
    assert after(*draws) == CAUTION
    assert after(*draws, *["completed"] * 10) == CAUTION
    # one of ten, where a tenth of one was allowed
    assert after(*draws, *["completed"] * 9, "diverged") == pytest.approx(
        CAUTION * (1 + DEARER * 0.9)
    )


def test_where_accuracy_is_searched_it_rises() -> None:
    trials = searched(SurfaceTrainer(edge=2.0, noise=0.0), encoding(1.0, target=None), 25)
    found = [t.user_attrs["accuracy"] or 0.0 for t in trials]
    assert max(found[STARTUP:]) > 0.94
    assert np.median(found[STARTUP:]) > np.median(found[:STARTUP])


def test_no_proposal_lies_above_the_cap() -> None:
    where = encoding(edge=0.1)
    for trial in searched(SurfaceTrainer(edge=5.0), where, 20):
        cap = where.prior.cap(trial.params["batch_size"], trial.params["weight_decay"])
        assert trial.params["max_lr"] <= cap * (1 + 1e-9)
