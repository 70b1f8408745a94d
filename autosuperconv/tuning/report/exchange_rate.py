"""The surrogate's view of the study: exchange rate, iso-accuracy and importances.

Model: ridge regression of the log odds of accuracy on a quadratic of log10 max_lr and
log10 weight_decay, with log epochs (and its square) and every other searched field beside them, on
the scale that it is searched on; choices by their logarithm.
Log odds, because accuracy is squeezed under 1 and a few poor trials would otherwise rule the fit;
lines of equal accuracy, and with them the exchange rate, are the same for any such transform.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.trial import TrialState, create_trial
from scipy.spatial import Delaunay, QhullError
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.surrogate import (
    ExchangeRate,
    Importance,
    Surface,
    SurrogateView,
    no_exchange,
    read_exchange,
)
from autosuperconv.tuning.store.observation import Observation
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.studies import create_study

Floats = NDArray[np.float64]

MIN_TRIALS = 12
SPARE_TRIALS = 7  # beyond one a field: a constant, up to four products, and two to spare
MIN_DECADES = 0.3  # of max_lr and of weight decay among the trials
RESAMPLES = 400
GRID = 33
ALPHAS = np.logspace(-3, 2, 11)
LOWEST_DECAY = 1e-8
Scale = Callable[[float], float]
EXCHANGED: dict[str, Scale] = {
    "max_lr": math.log10,
    "weight_decay": lambda value: math.log10(max(value, LOWEST_DECAY)),
}
QUADRATIC = (("max_lr", "max_lr"), ("weight_decay", "weight_decay"), ("max_lr", "weight_decay"))
MEANINGS = {
    "fANOVA": "share of the variance of accuracy over the whole space, by a random forest",
    "PED-ANOVA": "share in what sets the better tenth of the trials apart from the others",
}


def surrogate_view(session: Session, winner: Recipe, evaluated: int) -> SurrogateView:
    """Fit everything to the study's completed trials, measured on so many samples each."""
    done = session.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    observed = [Observation(trial) for trial in done]
    trials = [t for t in observed if t.completed and t.accuracy is not None]
    exchange, surface = exchange_at(trials, winner, evaluated)
    return SurrogateView(exchange, importances(trials), surface)


@dataclass(frozen=True)
class Design:
    """The completed trials as numbers, and the columns that the model has of them.

    Args:
        names: recipe fields that vary, max_lr and weight decay first.
        scales: of each of them.
        x: (trials, names), on these scales.
        y: (trials,), log odds of accuracy.
    """

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    x: Floats
    y: Floats

    def place_of(self, recipe: Recipe) -> Floats:
        """(names,): a recipe as a point of the model."""
        fields = zip(self.names, self.scales, strict=True)
        return np.array([scale(getattr(recipe, name)) for name, scale in fields])

    def columns(self, x: Floats) -> Floats:
        """(points, coefficients): the fields, their quadratic terms, centred on the trials."""
        z = (x - self.x.mean(axis=0)) / self.x.std(axis=0)
        pairs = [*QUADRATIC, *([("epochs", "epochs")] if "epochs" in self.names else [])]
        places = [(self.names.index(a), self.names.index(b)) for a, b in pairs]
        return np.column_stack([z, *(z[:, a] * z[:, b] for a, b in places)])

    def slopes(self, weights: Floats, at: Floats) -> tuple[float, float]:
        """Slope of the log odds a decade of max_lr and of weight decay, at one point (names,)."""
        step = 1e-4
        ends = np.array(
            [at + sign * step * unit for unit in np.eye(len(at))[:2] for sign in (1, -1)]
        )
        values = self.columns(ends) @ weights
        return float(values[0] - values[1]) / (2 * step), float(values[2] - values[3]) / (2 * step)


def exchange_at(
    trials: Sequence[Observation], winner: Recipe, evaluated: int
) -> tuple[ExchangeRate, Surface | None]:
    """The exchange rate at the winner, and the surface around it where the model predicts.

    Args:
        trials: completed ones.
        winner: where to take the exchange rate.
        evaluated: samples that each accuracy was measured on.
    """
    design, why = make_design(trials, evaluated)
    if design is None:
        return no_exchange(len(trials), why), None
    at = design.place_of(winner)
    columns = design.columns(design.x)
    alpha, predicted = choose_alpha(columns, design.y)
    drawn = bootstrap(design, columns, alpha, at)
    own = design.slopes(fit(columns, design.y, alpha), at)
    exchange = rate_of(own, drawn, len(trials), predicted)
    return exchange, surface_of(design, columns, alpha, at) if predicted > 0 else None


def rate_of(own: tuple[float, float], drawn: Floats, trials: int, predicted: float) -> ExchangeRate:
    """The exchange rate from the slopes along max_lr and weight decay.

    Args:
        own: slopes of the model of all trials.
        drawn: (resamples, 2), slopes of the bootstrap.
        trials: number of completed trials.
        predicted: R squared on left-out trials.
    """
    ends = np.quantile(drawn[:, 1], [0.025, 0.975])
    separable = bool(ends[0] > 0 or ends[1] < 0)
    low, high = np.quantile(_doubling(drawn[:, 0], drawn[:, 1]), [0.025, 0.975])
    exponent = _doubling(np.array(own[0]), np.array(own[1]))
    factor, low, high = (float(2.0**e) for e in (exponent, low, high))
    return read_exchange(factor, low, high, separable, trials, predicted)


def make_design(trials: Sequence[Observation], evaluated: int) -> tuple[Design | None, str]:
    """The trials as numbers, or None and why they do not support a model."""
    if len(trials) < MIN_TRIALS:
        return None, f"{len(trials)} completed trials, but a model needs {MIN_TRIALS}"
    scales = common_scales(trials)
    missing = EXCHANGED.keys() - scales.keys()
    if missing:
        return None, f"{' and '.join(sorted(missing))} was not searched"
    if len(trials) < len(scales) + SPARE_TRIALS:
        needed = f"a model of {len(scales)} fields needs {len(scales) + SPARE_TRIALS}"
        return None, f"{len(trials)} completed trials, and {needed}"
    x = np.array([[scale(t.params[name]) for name, scale in scales.items()] for t in trials])
    varies = np.ptp(x, axis=0) > 0
    if np.any(np.ptp(x[:, :2], axis=0) < MIN_DECADES):
        return None, "the completed trials lie too close together in max_lr or weight decay"
    half = 0.5 / evaluated  # an accuracy of 100 % would have infinite odds
    accuracy = np.clip([t.accuracy or 0.0 for t in trials], half, 1 - half)
    if np.ptp(accuracy) == 0:
        return None, "all completed trials ended at the same accuracy"
    kept = tuple(name for name, keep in zip(scales, varies, strict=True) if keep)
    own = tuple(scales[name] for name in kept)
    return Design(kept, own, x[:, varies], np.log(accuracy / (1 - accuracy))), ""


def common_scales(trials: Sequence[Observation]) -> dict[str, Scale]:
    """The fields that every trial has, with their scales: max_lr and weight decay first, then the
    others in the recipe's order."""
    searched = trials[0].trial.distributions
    fields = (*EXCHANGED, *(name for name in RECIPE_FIELDS if name not in EXCHANGED))
    common = (name for name in fields if all(name in t.params for t in trials))
    return {name: EXCHANGED.get(name) or scale_of(searched[name]) for name in common}


def scale_of(searched: BaseDistribution) -> Scale:
    """The scale that a field is searched on; that of choices is the logarithm unless one is 0."""
    if isinstance(searched, CategoricalDistribution):
        return float if 0 in searched.choices else math.log
    return math.log if isinstance(searched, FloatDistribution) and searched.log else float


def choose_alpha(columns: Floats, y: Floats) -> tuple[float, float]:
    """The ridge penalty that predicts left-out trials best, and its R squared on them."""
    model = RidgeCV(ALPHAS, store_cv_results=True).fit(StandardScaler().fit_transform(columns), y)
    errors = model.cv_results_.sum(axis=0)
    return float(model.alpha_), float(1 - errors.min() / np.square(y - y.mean()).sum())


def fit(columns: Floats, y: Floats, alpha: float) -> Floats:
    """Ridge coefficients on the columns' own scale, without the constant; in closed form, which
    takes a tenth of scikit-learn's time in the bootstrap."""
    spread = columns.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    z = (columns - columns.mean(axis=0)) / scale
    weights: Floats = np.linalg.solve(z.T @ z + alpha * np.eye(z.shape[1]), z.T @ (y - y.mean()))
    return weights / scale


def bootstrap(design: Design, columns: Floats, alpha: float, at: Floats) -> Floats:
    """(resamples, 2): slopes along max_lr and weight decay, the trials drawn with replacement."""
    rng, n = np.random.default_rng(0), len(design.y)
    draws = (rng.integers(0, n, n) for _ in range(RESAMPLES))
    return np.array([design.slopes(fit(columns[own], design.y[own], alpha), at) for own in draws])


def _doubling(rate_slope: Floats, decay_slope: Floats) -> Floats:
    """log2 of the factor of weight decay that goes with twice the learning rate, within +-20."""
    steady = np.where(np.abs(decay_slope) < 1e-12, 1e-12, decay_slope)
    return np.clip(-rate_slope / steady, -20, 20)


def surface_of(design: Design, columns: Floats, alpha: float, at: Floats) -> Surface:
    """Modelled accuracy on a grid inside the hull of the trials, all else as in `at`."""
    low, high = design.x.min(axis=0), design.x.max(axis=0)
    rates, decays = (np.linspace(low[i], high[i], GRID) for i in (0, 1))
    plane = np.array([(rate, decay) for decay in decays for rate in rates])
    points = np.tile(at, (len(plane), 1))
    points[:, :2] = plane
    model = make_pipeline(StandardScaler(), Ridge(alpha=alpha)).fit(columns, design.y)
    accuracy = 1 / (1 + np.exp(-model.predict(design.columns(points))))
    try:
        inside = Delaunay(design.x[:, :2]).find_simplex(plane) >= 0
    except QhullError:  # all on one line
        inside = np.zeros(len(plane), dtype=bool)
    cells = [round(float(a), 5) if ok else None for a, ok in zip(accuracy, inside, strict=True)]
    rows = tuple(tuple(cells[i : i + GRID]) for i in range(0, len(cells), GRID))
    ticks = [tuple(float(f"{10**v:.5g}") for v in values) for values in (rates, decays)]
    return Surface(ticks[0], ticks[1], rows)


def importances(trials: Sequence[Observation]) -> tuple[Importance, ...]:
    """fANOVA and PED-ANOVA of the completed trials' accuracy; none where there are too few."""
    if len(trials) < MIN_TRIALS or len({t.accuracy or 0.0 for t in trials}) < 2:
        return ()
    study = _by_accuracy(trials)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        evaluators = {
            "fANOVA": FanovaImportanceEvaluator(seed=0),
            "PED-ANOVA": PedAnovaImportanceEvaluator(),
        }
        return tuple(
            Importance(name, MEANINGS[name], get_param_importances(study, evaluator=evaluator))
            for name, evaluator in evaluators.items()
        )


def _by_accuracy(trials: Sequence[Observation]) -> optuna.Study:
    """A study of the same trials whose value is the accuracy, to be maximised: PED-ANOVA takes
    the study's direction, and would take the least of a `target` for the best."""
    study = create_study(optuna.storages.InMemoryStorage(), "by accuracy", "maximize")
    study.add_trials(
        create_trial(params=t.params, distributions=t.trial.distributions, value=t.accuracy)
        for t in trials
    )
    return study
