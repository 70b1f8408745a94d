"""What finished trials say about others."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.trial import TrialState

from autosuperconv.tuning.samplers.surrogate import (
    MoreRuns,
    accuracy_at,
    final_accuracy,
    fit_trial_model,
    impute_pruned,
    log_odds_of_error,
    predict_log_odds,
    really_diverged,
)
from tests.tuning.samplers.made_trials import TARGET, encoding, ended, rows


def test_a_trial_ends_where_it_ended_or_was_last_seen() -> None:
    assert final_accuracy(ended(0.1, "completed", 0.8)) == 0.8
    assert final_accuracy(ended(0.1, "pruned", None)) == 0.7
    assert final_accuracy(ended(0.1, "diverged", None)) == 0.0
    assert final_accuracy(ended(0.1, "out-of-memory", None)) is None


def test_a_run_at_chance_below_every_completed_one_was_slow_and_did_not_diverge() -> None:
    where = encoding()
    trials = [
        ended(rate, because, None)
        for rate, because in ((0.05, "diverged"), (0.1, "completed"), (3.0, "diverged"))
    ]
    diverged = [t.user_attrs["stopped_because"] == "diverged" for t in trials]
    assert really_diverged(where, rows(where, trials), diverged).tolist() == [False, False, True]


def test_too_few_trials_are_no_model() -> None:
    trials = [ended(0.1, "completed", 0.8), ended(0.3, "completed", 0.9)]
    assert fit_trial_model(encoding(), trials) is None


def test_longer_is_better_and_higher_diverges_before_any_trial_says_so() -> None:
    where = encoding(edge=1.0)
    model = fit_trial_model(
        where, [ended(r, "completed", 0.8, e) for r, e in ((0.1, 2), (0.3, 3), (1, 4))]
    )
    assert model is not None
    short, long, high = rows(
        where,
        [ended(0.3, "", 0, 1.0), ended(0.3, "", 0, 8.0), ended(9.0, "", 0, 3.0)],
    )
    at = np.array([short, long, high])
    reaches, diverges = model.reaches_target(at), model.diverges(at)
    assert reaches[1] > 2 * reaches[0]
    assert diverges[2] > 0.5 > diverges[0]


def test_one_lucky_run_among_unlucky_neighbours_is_not_believed() -> None:
    where = encoding()
    bad = [ended(0.3 * 1.05**i, "completed", 0.84, 2.0) for i in range(-4, 5) if i]
    good = [ended(0.3 * 1.05**i, "completed", 0.93, 6.0) for i in range(-2, 3)]
    lucky = ended(0.3, "completed", 0.91, 2.0)
    model = fit_trial_model(where, [*bad, lucky, *good])
    assert model is not None
    believed = model.reaches_target(rows(where, [lucky, good[0]])) >= 0.5
    assert believed.tolist() == [False, True]


def test_a_pruned_run_fell_short_but_is_not_as_bad_as_when_it_was_stopped() -> None:
    where = encoding()
    good = [ended(0.3 * 1.3**i, "completed", 0.92) for i in range(-3, 4)]
    trials = [*good, ended(0.3, "pruned", None, epochs=2.5)]  # last seen at 70 %
    model = fit_trial_model(where, trials)
    assert model is not None
    mean = model.error_log_odds(rows(where, trials[-1:]))[0][0]
    assert log_odds_of_error(TARGET) - 0.1 < mean < log_odds_of_error(0.7) - 0.5


def test_what_is_imputed_is_the_mean_beyond_what_was_asked() -> None:
    where = encoding()
    model = fit_trial_model(where, [ended(r, "completed", 0.9) for r in (0.2, 0.3, 0.45)])
    assert model is not None
    x = rows(where, [ended(0.3, "", 0.0)])
    mean, sd = predict_log_odds(where, model.process, x)
    spread = float(np.sqrt(sd[0] ** 2 + model.process.kernel.noise))
    # a normal variable cut at its mean has its mean 0.79788 standard deviations above it
    found, variance = impute_pruned(where, model.process, x, float(mean[0]))
    assert found[0] == pytest.approx(mean[0] + 0.79788 * spread, abs=1e-5)
    # and 1 - 0.79788^2 = 0.36338 of its variance
    assert variance[0] == pytest.approx(0.36338 * spread**2, rel=1e-4)


def test_what_pruned_runs_would_have_reached_stays_in_doubt() -> None:
    """Five runs beside one another tell most about their recipe; five that were pruned, less."""
    where = encoding()
    far = [ended(0.01 * 1.3**i, "completed", 0.85) for i in range(4)]
    near = [0.5 * 1.02**i for i in range(5)]
    at = rows(where, [ended(0.5, "", 0.0)])
    sds = {}
    for because in ("completed", "pruned"):
        model = fit_trial_model(where, [*far, *[ended(lr, because, 0.88) for lr in near]])
        assert model is not None
        sds[because] = model.error_log_odds(at)[1][0]
    assert sds["pruned"] > 1.2 * sds["completed"]


def test_a_running_trial_leaves_less_to_learn_beside_it() -> None:
    where = encoding()
    done = [ended(r, "completed", 0.8) for r in (0.01, 0.1, 1.0)]
    running = ended(0.3, "", None)
    running.state = TrialState.RUNNING
    at = rows(where, [running])
    alone, beside = fit_trial_model(where, done), fit_trial_model(where, [*done, running])
    assert alone is not None
    assert beside is not None
    assert beside.error_log_odds(at)[1][0] < alone.error_log_odds(at)[1][0]


def test_accuracies_differ_by_the_odds_of_an_error() -> None:
    # 3 to 99 and 2 to 100; 61 to 41 and 41 to 61
    assert log_odds_of_error(0.98) - log_odds_of_error(0.99) == pytest.approx(
        np.log(3 / 99 * 100 / 2)
    )
    assert log_odds_of_error(0.4) == pytest.approx(np.log(61 / 41)) == -log_odds_of_error(0.6)


def test_accuracy_is_the_inverse_of_the_log_odds_of_an_error() -> None:
    accuracies = np.array([0.0, 0.1, 0.5, 0.99, 1.0])
    assert accuracy_at(log_odds_of_error(accuracies)) == pytest.approx(accuracies)


def test_more_runs_change_what_is_expected_of_their_recipe_and_of_its_neighbours() -> None:
    where = encoding()
    trials = [ended(0.1 * 1.3**i, "completed", 0.9) for i in range(8)]
    x = rows(where, [trials[4], trials[5]])
    more = MoreRuns(np.repeat(x[:1], 4, axis=0), np.full(4, 4.0), np.array([0.8, 0.81, 0.79, 0.8]))
    before, after = fit_trial_model(where, trials), fit_trial_model(where, trials, more)
    assert before is not None
    assert after is not None
    assert (after.error_log_odds(x)[0] > before.error_log_odds(x)[0] + 0.05).all()


def test_more_runs_that_diverge_make_their_recipe_less_stable() -> None:
    where = encoding(edge=1.0)
    trials = [ended(0.1 * 1.3**i, "completed", 0.9) for i in range(8)]
    x = rows(where, trials[-1:])
    more = MoreRuns(np.repeat(x, 2, axis=0), np.full(2, 4.0), np.array([np.nan, np.nan]))
    before, after = fit_trial_model(where, trials), fit_trial_model(where, trials, more)
    assert before is not None
    assert after is not None
    assert after.diverges(x)[0] > 2 * before.diverges(x)[0]


def test_the_joint_prediction_agrees_with_that_of_each_point() -> None:
    where = encoding()
    model = fit_trial_model(where, [ended(0.1 * 1.3**i, "completed", 0.9) for i in range(8)])
    assert model is not None
    x = rows(where, [ended(0.2, "", 0, 2.0), ended(0.25, "", 0, 2.0), ended(8.0, "", 0, 8.0)])
    (mean, sd), (joint, covariance) = model.error_log_odds(x), model.joint_log_odds(x)
    assert joint == pytest.approx(mean)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(sd, rel=1e-4)
    assert covariance[0, 1] > 0.8 * sd[0] * sd[1] > covariance[0, 2]
