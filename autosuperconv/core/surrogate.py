"""What a model fitted to the study's trials says: a view, not a measurement.

Every number here is a property of a model of the trials, each of which has one seed. The trade-off
that was measured by retraining is in `core.tradeoff`.
"""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core import format as fmt

WIDEST = 10.0  # an interval of the exchange rate that spans more than this factor says nothing


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """At equal accuracy near the winner, doubling max_lr goes with weight decay times `factor`.

    Args:
        factor: the exchange rate; None where there is no model.
        low: lower end of its 95 % interval (bootstrap over trials).
        high: upper end.
        carried: whether the trials support it.
        trials: completed ones that the model was fitted to.
        predicted: cross-validated share of the variance that the model explains (R squared of
            the log odds of accuracy, leaving one trial out); None where there is no model.
        sentence: the exchange rate with its interval, or why there is none.
    """

    factor: float | None
    low: float | None
    high: float | None
    carried: bool
    trials: int
    predicted: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Importance:
    """What one importance evaluator says; each answers a question of its own.

    Args:
        name: "fANOVA" or "PED-ANOVA".
        question: what the shares are shares of.
        shares: recipe field -> share; they add up to 1, the largest first.
    """

    name: str
    question: str
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class Surface:
    """Modelled validation accuracy over max_lr and weight decay, with the winner's other values.

    Args:
        max_lr: of each column.
        weight_decay: of each row.
        accuracy: one row per weight decay, one value per max_lr; fraction of 1; None outside the
            hull of the trials, where a model would extrapolate.
    """

    max_lr: tuple[float, ...]
    weight_decay: tuple[float, ...]
    accuracy: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class SurrogateView:
    """All that was fitted; `surface` is None where the model fails to predict left-out trials."""

    exchange: ExchangeRate
    importances: tuple[Importance, ...]
    surface: Surface | None


def read_exchange(
    factor: float, low: float, high: float, separable: bool, trials: int, predicted: float
) -> ExchangeRate:
    """The exchange rate, claimed only where the trials support it.

    Args:
        separable: whether the slope of accuracy along weight decay can be told from zero: the
            exchange rate divides by it.
    """
    if predicted <= 0:
        why = f"their model does not predict left-out trials (R2 {predicted:.2f})"
    elif not separable:
        why = "near the winner, the slope of accuracy along weight decay cannot be told from zero"
    elif high > WIDEST * low:
        why = (
            f"its interval, {fmt.number(low)} to {fmt.number(high)}, spans more than a factor of 10"
        )
    else:
        why = ""
    sentence = (
        f"The {trials} completed trials do not support an exchange rate: {why}."
        if why
        else f"At equal accuracy, doubling max_lr goes with weight decay x {fmt.number(factor)} "
        f"(95 %: {fmt.number(low)} to {fmt.number(high)}), according to a model of {trials} trials "
        f"(R2 {predicted:.2f} on left-out ones)."
    )
    return ExchangeRate(factor, low, high, not why, trials, predicted, sentence)


def no_exchange(trials: int, why: str) -> ExchangeRate:
    """No model was fitted, and why."""
    sentence = f"No exchange rate: {why}."
    return ExchangeRate(None, None, None, False, trials, None, sentence)
