"""The surrogate's view, against surfaces whose exchange rate and importances are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import create_trial

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.surrogate import SurrogateView
from autosuperconv.tuning.report.exchange_rate import exchange_at, importances, make_design
from autosuperconv.tuning.store.observation import Observation

WINNER = Recipe(max_lr=0.3, epochs=5, weight_decay=1e-4)
SPACE: dict[str, BaseDistribution] = {
    "epochs": FloatDistribution(1, 10, log=True),
    "max_lr": FloatDistribution(1e-3, 10, log=True),
    "weight_decay": FloatDistribution(1e-6, 1e-2, log=True),
}
EVALUATED = 10_000
Surface = Callable[[float, float], float]


def trials_of(surface: Surface, n: int = 40, noise: float = 0.02) -> list[Observation]:
    """Trials at random places; their log odds are the surface of the two decades, plus noise."""
    rng = np.random.default_rng(1)
    made = []
    for _ in range(n):
        rate, decay = rng.uniform(-2, 0.5), rng.uniform(-6, -2)
        epochs = float(rng.uniform(1, 10))
        odds = surface(rate, decay) + 0.3 * np.log(epochs) + rng.normal(0, noise)
        made.append(
            create_trial(
                params={"max_lr": 10**rate, "weight_decay": 10**decay, "epochs": epochs},
                distributions=SPACE,
                value=1.0,
                user_attrs={"accuracy": float(1 / (1 + np.exp(-odds)))},
            )
        )
    return [Observation(trial) for trial in made]


def test_a_valley_of_equal_products_trades_twice_the_rate_for_half_the_decay() -> None:
    # accuracy depends on log lr + log wd alone, off its crest at -5: doubling one halves the other
    exchange, surface = exchange_at(
        trials_of(lambda r, d: 3 - 0.3 * (r + d + 5) ** 2), WINNER, EVALUATED
    )
    assert exchange.carried
    assert exchange.factor == pytest.approx(0.5, rel=0.1)
    assert exchange.low is not None
    assert exchange.high is not None
    assert exchange.low < 0.5 < exchange.high
    assert exchange.sentence.startswith("At equal accuracy, doubling max_lr goes with weight")
    assert surface is not None


def test_a_slope_twice_as_steep_along_the_rate_trades_it_for_a_quarter() -> None:
    exchange, _ = exchange_at(trials_of(lambda r, d: 2 + 0.4 * r + 0.2 * d), WINNER, EVALUATED)
    assert exchange.factor == pytest.approx(0.25, rel=0.1)


def test_no_rate_is_claimed_where_weight_decay_does_not_matter() -> None:
    exchange, _ = exchange_at(trials_of(lambda r, d: 2 + 0.5 * r, noise=0.2), WINNER, EVALUATED)
    assert not exchange.carried
    assert exchange.sentence.startswith("The 40 completed trials do not support an exchange rate")


def test_no_surface_is_drawn_from_noise() -> None:
    exchange, surface = exchange_at(trials_of(lambda r, d: 2.0, n=20, noise=3.0), WINNER, EVALUATED)
    assert not exchange.carried
    assert "does not predict left-out trials" in exchange.sentence
    assert surface is None


def test_a_few_trials_carry_no_model() -> None:
    exchange, surface = exchange_at(trials_of(lambda r, d: r, n=5), WINNER, EVALUATED)
    assert exchange.sentence == ("No exchange rate: 5 completed trials, but a model needs 12.")
    assert (exchange.factor, surface) == (None, None)


def test_a_weight_decay_that_was_not_searched_has_no_exchange_rate() -> None:
    trials = trials_of(lambda r, d: r)
    for trial in trials:
        own = trial.trial
        own.distributions = {k: v for k, v in SPACE.items() if k != "weight_decay"}
        own.params = {k: v for k, v in own.params.items() if k != "weight_decay"}
    exchange, _ = exchange_at(trials, WINNER, EVALUATED)
    assert exchange.sentence == "No exchange rate: weight_decay was not searched."


def with_field(
    trials: list[Observation], name: str, values: list[float], searched: BaseDistribution
) -> list[Observation]:
    """The trials with one field more, searched there."""
    for trial, value in zip(trials, values, strict=True):
        own = trial.trial
        own.distributions = {**own.distributions, name: searched}
        own.params = {**own.params, name: value}
    return trials


@pytest.mark.parametrize(
    ("name", "searched", "value", "column"),
    [
        ("label_smoothing", FloatDistribution(0.0, 0.2), 0.1, 0.1),
        ("gamma", FloatDistribution(0.01, 1.0, log=True), 0.1, np.log(0.1)),
        ("cycles", CategoricalDistribution((1, 2, 4)), 4, np.log(4)),
    ],
)
def test_whatever_is_searched_is_in_the_model_on_its_own_scale(
    name: str, searched: BaseDistribution, value: float, column: float
) -> None:
    values = [value, *(1.0 if name == "cycles" else 0.05 for _ in range(39))]
    design, _ = make_design(with_field(trials_of(lambda r, d: r), name, values, searched), 99)
    assert design is not None
    assert design.names == ("max_lr", "weight_decay", "epochs", name)
    assert design.x[0, 3] == pytest.approx(column)


def test_the_model_tells_a_further_fields_effect_from_that_of_weight_decay() -> None:
    trials = trials_of(lambda r, d: 2 + 0.4 * r + 0.2 * d, noise=0.0)
    smoothing = [
        0.02 * (-2 - np.log10(t.params["weight_decay"])) + 0.01 * (i % 3)
        for i, t in enumerate(trials)
    ]
    for trial, value in zip(trials, smoothing, strict=True):
        attrs = trial.trial.user_attrs
        odds = np.log(attrs["accuracy"] / (1 - attrs["accuracy"])) - 20 * value
        attrs["accuracy"] = float(1 / (1 + np.exp(-odds)))
    exchange, _ = exchange_at(
        with_field(trials, "label_smoothing", smoothing, FloatDistribution(0.0, 0.2)),
        WINNER,
        EVALUATED,
    )
    # smoothing falls by 0.02 a decade of weight decay and costs 20 odds each: without it in the
    # model, weight decay would seem to gain 0.2 + 0.4 a decade, a factor of 2^(-0.4 / 0.6) = 0.63
    assert exchange.factor == pytest.approx(0.25, rel=0.15)


def test_a_model_of_more_fields_needs_more_trials() -> None:
    trials = trials_of(lambda r, d: 2 + 0.4 * r + 0.2 * d, n=12)
    for i, name in enumerate(("dropout", "label_smoothing", "pct_start")):
        values = [0.01 * ((i + 3 * j) % 7) for j in range(12)]
        with_field(trials, name, values, FloatDistribution(0.0, 0.5))
    exchange, _ = exchange_at(trials, WINNER, EVALUATED)
    assert exchange.sentence == (
        "No exchange rate: 12 completed trials, and a model of 6 fields needs 13."
    )


def test_equal_accuracies_carry_no_model() -> None:
    exchange, _ = exchange_at(trials_of(lambda r, d: 30.0, noise=0.0), WINNER, EVALUATED)
    assert exchange.sentence.endswith("all completed trials ended at the same accuracy.")


def test_a_perfect_accuracy_counts_as_half_a_sample_short_of_it() -> None:
    trials = trials_of(lambda r, d: 2.0)
    trials[0].trial.user_attrs["accuracy"] = 1.0
    design, _ = make_design(trials, 99)
    assert design is not None
    assert design.y[0] == pytest.approx(np.log(98.5 / 0.5))


def test_the_surface_is_the_models_accuracy_inside_the_hull_only() -> None:
    _, surface = exchange_at(trials_of(lambda r, d: 2 + 0.4 * r + 0.2 * d), WINNER, EVALUATED)
    assert surface is not None
    corner = surface.accuracy[0][0]
    assert corner is None  # no trial has exactly the lowest of both
    i, j = (
        int(np.argmin(np.abs(np.log(ticks) - np.log(value))))
        for ticks, value in ((surface.weight_decay, 1e-4), (surface.max_lr, 0.1))
    )
    # 2 - 0.4 - 0.8 + 0.3 ln 5 = 1.283 in log odds
    rate, decay = np.log10(surface.max_lr[j]), np.log10(surface.weight_decay[i])
    odds = 2 + 0.4 * rate + 0.2 * decay + 0.3 * np.log(5)
    assert surface.accuracy[i][j] == pytest.approx(1 / (1 + np.exp(-odds)), abs=0.01)


def test_both_importances_are_shares_of_the_field_that_matters() -> None:
    found = importances(trials_of(lambda r, d: 2 + 0.8 * r, n=60))
    assert [importance.name for importance in found] == ["fANOVA", "PED-ANOVA"]
    for importance in found:
        assert sum(importance.shares.values()) == pytest.approx(1)
        assert max(importance.shares, key=lambda name: importance.shares[name]) == "max_lr"


def test_a_few_trials_have_no_importances() -> None:
    assert importances(trials_of(lambda r, d: r, n=5)) == ()


def test_the_view_survives_json() -> None:
    trials = trials_of(lambda r, d: 2 + 0.4 * r + 0.2 * d, n=20)
    exchange, surface = exchange_at(trials, WINNER, EVALUATED)
    view = SurrogateView(exchange, importances(trials), surface)
    assert from_json(SurrogateView, to_json(view)) == view


def test_equal_trials_give_the_same_view() -> None:
    trials = trials_of(lambda r, d: 2 + 0.4 * r + 0.2 * d, n=20)
    assert exchange_at(trials, WINNER, EVALUATED) == exchange_at(trials, WINNER, EVALUATED)
    assert importances(trials) == importances(trials)


optuna.logging.set_verbosity(optuna.logging.WARNING)
