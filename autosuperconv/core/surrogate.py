"""What a model fitted to the study's trials says: a view, not a measurement.

Every number here is a property of a surrogate of the trials, each with one seed. The trade-off
that was measured by retraining is `core.tradeoff`.
"""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core import format as fmt

WIDEST = 10.0  # an interval of the exchange rate that spans more than this factor says nothing


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Along equal accuracy at the winner, doubling max_lr goes with weight decay times `factor`.

    Args:
        factor, low, high: the rate and its 95 % interval (bootstrap over trials); None where
            there is no model.
        carried: whether the trials carry it.
        trials: completed ones that the model was fitted to.
        predicted: cross-validated share of the variance that the model explains (R squared of
            the log odds of accuracy, leaving one trial out); None where there is no model.
        sentence: the rate with its interval, or why there is none.
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
    """One evaluator's answer to its own question.

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
    """Modelled validation accuracy over max_lr and weight decay, all else as the winner has it.

    Args:
        accuracy: one row a weight decay, one value a max_lr; fraction of 1; None outside of the
            hull of the trials, where a model would only guess.
    """

    max_lr: tuple[float, ...]
    weight_decay: tuple[float, ...]
    accuracy: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class SurrogateView:
    """All that was fitted; `surface` is None where the model predicts no left-out trial."""

    exchange: ExchangeRate
    importances: tuple[Importance, ...]
    surface: Surface | None


def read_exchange(
    factor: float, low: float, high: float, separable: bool, trials: int, predicted: float
) -> ExchangeRate:
    """The exchange rate, claimed only where the trials carry it.

    Args:
        separable: whether the accuracy's slope along weight decay is told from zero: the rate
            divides by it.
    """
    if predicted <= 0:
        why = f"their model predicts no left-out trial (R2 {predicted:.2f})"
    elif not separable:
        why = "accuracy's slope along weight decay cannot be told from zero at the winner"
    elif high > WIDEST * low:
        why = f"its interval, {_times(low)} to {_times(high)}, spans more than a factor of 10"
    else:
        why = ""
    sentence = (
        f"The {trials} completed trials do not carry an exchange rate: {why}."
        if why
        else f"Along equal accuracy, doubling max_lr goes with weight decay x {_times(factor)} "
        f"(95 %: {_times(low)} to {_times(high)}), by a model of {trials} trials "
        f"(R2 {predicted:.2f} on left-out ones)."
    )
    return ExchangeRate(factor, low, high, not why, trials, predicted, sentence)


def no_exchange(trials: int, why: str) -> ExchangeRate:
    """No model was fitted, and why."""
    sentence = f"No exchange rate: {why}."
    return ExchangeRate(None, None, None, False, trials, None, sentence)


def _times(value: float) -> str:
    return fmt.number(value)
