"""`TrialModel`: what the finished trials say about a run that has not been trained.

Two models are fitted. A Gaussian process over all searched fields predicts the accuracy at the end
of runs that do not diverge, as the log odds of an error, because errors differ by factors. Diverged
runs would tear a hole into it, so logistic regression predicts divergence, with a prior on the
effect of max_lr, in decades from the range test's most likely value.

Cycles of all lengths are in one model. So short cycles teach what long ones will do, including how
the best learning rate shifts with the length. All that is known of a pruned run is that it would
have fallen short. A running trial counts as if it had ended as predicted, so that trials running
side by side differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm

from autosuperconv.core.stats.gaussian_process import Floats, GaussianProcess, Kernel, fit_process
from autosuperconv.core.stats.stability import Stability, fit_stability
from autosuperconv.core.trace import StopReason
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.store.observation import Observation

MIN_RUNS = 3
FLOOR = 0.01  # added to error and accuracy: differences below a hundredth are noise
CLIP = 1.4  # odds of an error above e^1.4 = 4 times the target's are all equally bad
FALL = 0.5  # expected fall of the log odds with the logarithm of the length
SLOW = -0.7  # decades from the likeliest max_lr below which a run at chance was only slow
SCALES = {"max_lr": 0.25, "epochs": 1.0}  # expected length scales, as shares of the range
OTHER_SCALE = 1.5  # of all other fields
HEIGHT, NOISE = 0.5, 0.05  # expected variances of the function and of one observation
DIVERGES_AT_CENTRE = (-4.0, 2.5)  # log odds of divergence at the likeliest max_lr: mean and sd
DIVERGES_UNKNOWN = (-4.0, 5.0)  # the same without a range test
DIVERGES_PER_DECADE = (6.0, 3.0)  # change of the log odds over a decade of max_lr
DIVERGES_PER_RANGE = (0.0, 2.0)  # change over the range of any other field


@dataclass(frozen=True, slots=True)
class MoreRuns:
    """Runs that are no trials.

    Args:
        x: (n, d) rows.
        epochs: (n,) their lengths, which no row holds where length is not searched.
        accuracy: (n,) at their ends, fraction of 1; NaN after a divergence.
    """

    x: Floats
    epochs: Floats
    accuracy: Floats


@dataclass(frozen=True, slots=True)
class TrialModel:
    """Both models, fitted to some trials.

    Args:
        encoding: turns trials into rows.
        process: of the log odds of an error, less their expected fall with the length.
        stability: of the probability of divergence.
        completed: (n, d) the runs that completed.
    """

    encoding: Encoding
    process: GaussianProcess
    stability: Stability
    completed: Floats

    def at_length(self, epochs: float) -> TrialModel:
        """The same for rows that are runs of this length, also where no length is searched."""
        return replace(self, encoding=self.encoding.at_length(epochs))

    def error_log_odds(self, x: Floats) -> tuple[Floats, Floats]:
        """(mean, sd), each (m,), of the log odds of an error at the end of runs that do not
        diverge; x: (m, d)."""
        return predict_log_odds(self.encoding, self.process, x)

    def joint_log_odds(self, x: Floats) -> tuple[Floats, Floats]:
        """(mean, covariance), (m,) and (m, m), of the same."""
        mean, covariance = self.process.joint(self.encoding.scaled(x))
        return mean - FALL * self.encoding.log_length(x), covariance

    def reaches_target(self, x: Floats) -> Floats:
        """(m,) probability that the expected accuracy of a run is the target or more, provided that
        it does not diverge."""
        assert self.encoding.target is not None
        mean, sd = self.error_log_odds(x)
        return np.asarray(norm.cdf((log_odds_of_error(self.encoding.target) - mean) / sd))

    def probably_reaches(self, x: Floats) -> NDArray[np.bool_]:
        """(m,) whether that probability is 1/2 or more."""
        return np.asarray(self.reaches_target(x) >= 0.5)

    def diverges(self, x: Floats) -> Floats:
        """(m,) probability that a run diverges."""
        return self.stability.diverges(divergence_features(self.encoding, x))

    def draw_divergence(self, x: Floats, rng: np.random.Generator, draws: int) -> Floats:
        """(draws, m) draws of that probability, each of one function of the fields."""
        return self.stability.draw(divergence_features(self.encoding, x), rng, draws)


def fit_trial_model(
    encoding: Encoding, trials: Sequence[FrozenTrial], more: MoreRuns | None = None
) -> TrialModel | None:
    """The model of these trials and of more runs; None while there are too few."""
    ended = [t for t in trials if t.state != TrialState.RUNNING and final_accuracy(t) is not None]
    x = encoding.rows(ended)
    y = log_odds_of_error(np.array([final_accuracy(t) for t in ended], dtype=float))
    seen_to_diverge = [Observation(t).diverged for t in ended]
    is_pruned = [t.state == TrialState.PRUNED for t in ended]
    if more is not None:
        x, y = np.vstack([x, more.x]), np.append(y, comparable_log_odds(encoding, more))
        seen_to_diverge += np.isnan(more.accuracy).tolist()
        is_pruned += [False] * len(more.x)
    diverged = really_diverged(encoding, x, seen_to_diverge)
    pruned = ~diverged & np.array(is_pruned, dtype=bool)
    whole = ~diverged & ~pruned
    if whole.sum() < MIN_RUNS:
        return None
    required = float(y[whole].min())
    if encoding.target is not None:
        required = float(log_odds_of_error(encoding.target))
    y = np.minimum(y, required + CLIP)
    running = running_rows(encoding, trials)
    process = fit_accuracy(encoding, x[whole], y[whole])
    if pruned.any() or len(running):
        both = np.vstack([x[whole], x[pruned], running])
        imputed, variance = impute_pruned(encoding, process, x[pruned], required)
        predicted = predict_log_odds(encoding, process, running)[0]
        values = np.concatenate([y[whole], imputed, predicted])
        doubt = np.concatenate([np.zeros(whole.sum()), variance, np.zeros(len(running))])
        process = fit_accuracy(encoding, both, values, doubt)
    return TrialModel(encoding, process, fit_divergence(encoding, x, diverged), x[whole])


def comparable_log_odds(encoding: Encoding, more: MoreRuns) -> Floats:
    """(n,) log odds of an error of more runs, as if their length were that of the rows."""
    correct = np.nan_to_num(more.accuracy)
    longer = np.log(more.epochs) - encoding.log_length(more.x)
    return np.asarray(log_odds_of_error(correct) + FALL * longer)


def predict_log_odds(
    encoding: Encoding, process: GaussianProcess, x: Floats
) -> tuple[Floats, Floats]:
    """(mean, sd), each (n,), of the log odds of an error at (n, d) points."""
    if not len(x):
        return np.empty(0), np.empty(0)
    mean, sd = process.predict(encoding.scaled(x))
    return mean - FALL * encoding.log_length(x), sd


def impute_pruned(
    encoding: Encoding, process: GaussianProcess, x: Floats, required: float
) -> tuple[Floats, Floats]:
    """(mean, variance), each (n,), of the log odds of an error at which pruned runs would probably
    have ended.

    All that is known of them is that they would have fallen short of what is required. So these are
    the moments of the prediction beyond that value, as for censored data (Schmee & Hahn 1979, "A
    simple method for regression analysis with censored data"; Hutter, Hoos & Leyton-Brown 2013,
    "Bayesian optimization with censored response data"). The accuracy at which they were stopped
    would be far too low: it comes from the middle of a cycle. Without the variance, a study that
    pruned most of its trials would be sure that nothing reaches its target.
    """
    mean, sd = predict_log_odds(encoding, process, x)
    spread = np.sqrt(sd**2 + process.kernel.noise)
    distance = (required - mean) / spread
    hazard = norm.pdf(distance) / np.maximum(norm.sf(distance), 1e-9)
    beyond = np.clip(mean + spread * hazard, required, required + CLIP)
    shrunk = np.clip(1 + distance * hazard - hazard**2, 0.0, 1.0)
    return np.asarray(beyond), np.asarray(spread**2 * shrunk)


def fit_accuracy(
    encoding: Encoding, x: Floats, y: Floats, doubt: Floats | float = 0.0
) -> GaussianProcess:
    """The process through (n,) log odds, less their expected fall with the length."""
    scales = tuple(SCALES.get(name, OTHER_SCALE) for name in encoding.names)
    expected = Kernel(scales, HEIGHT, NOISE)
    return fit_process(encoding.scaled(x), y + FALL * encoding.log_length(x), expected, doubt)


def fit_divergence(encoding: Encoding, x: Floats, diverged: NDArray[np.bool_]) -> Stability:
    """Where runs diverge, from all of them."""
    others = len(encoding.names) - ("max_lr" in encoding.names)
    has_range_test = encoding.prior.range_test is not None
    priors = [
        DIVERGES_AT_CENTRE if has_range_test else DIVERGES_UNKNOWN,
        DIVERGES_PER_DECADE,
        *[DIVERGES_PER_RANGE] * others,
    ]
    mean, sd = np.array(priors).T
    return fit_stability(divergence_features(encoding, x), diverged, mean, sd)


def divergence_features(encoding: Encoding, x: Floats) -> Floats:
    """(n, 1 + others): decades of max_lr, and the other fields around the middle of their range."""
    others = [i for i, name in enumerate(encoding.names) if name != "max_lr"]
    return np.column_stack([encoding.lr_decades(x), encoding.scaled(x)[:, others] - 0.5])


def really_diverged(encoding: Encoding, x: Floats, diverged: Sequence[bool]) -> NDArray[np.bool_]:
    """(n,) which of the runs recorded as diverged did diverge: one that ends at chance with a
    learning rate below all others was only slow."""
    recorded = np.array(diverged, dtype=bool)
    if not len(recorded):
        return recorded
    decades = encoding.lr_decades(x)
    lowest = decades[~recorded].min() if (~recorded).any() else -np.inf
    return recorded & (decades >= SLOW) & (decades >= lowest)


def final_accuracy(trial: FrozenTrial) -> float | None:
    """Accuracy at the end of a run, fraction of 1; of a pruned run the last one measured; 0 after a
    divergence; None if the trial says nothing about accuracy."""
    seen = Observation(trial)
    if seen.diverged:
        return 0.0
    if seen.state == TrialState.PRUNED and seen.last_accuracy is not None:
        return seen.last_accuracy
    known = seen.stopped_because in (StopReason.COMPLETED, StopReason.PRUNED)
    return seen.accuracy if known else None


def running_rows(encoding: Encoding, trials: Sequence[FrozenTrial]) -> Floats:
    """(m, d): the running trials that have all their parameters."""
    running = (t for t in trials if t.state == TrialState.RUNNING)
    return encoding.rows(t for t in running if set(encoding.names) <= set(t.params))


def log_odds_of_error(accuracy: float | Floats) -> Floats:
    """On this scale 98 and 99 % are as far apart as 60 and 70 %, or 20 and 28 %: noise and effects
    have one size on tasks of any difficulty."""
    correct = np.asarray(accuracy)
    return np.asarray(np.log((1 + FLOOR - correct) / (correct + FLOOR)))


def accuracy_at(log_odds: Floats) -> Floats:
    """The inverse of `log_odds_of_error`."""
    odds = np.exp(log_odds)
    return np.asarray((1 + FLOOR - FLOOR * odds) / (1 + odds))
