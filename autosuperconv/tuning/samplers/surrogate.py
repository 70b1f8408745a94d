"""What the finished trials say of trials that were not run: will it break, and will it get there?

Two models. A Gaussian process over all searched fields gives the accuracy at the end of sound
runs, as the log odds of an error: errors differ by factors. Runs that broke would tear a hole
into it, so they have a model of their own: logistic regression, in which the rate, in decades from
the range test's likeliest one, has a prior. Cycles of all lengths are in one model, so short
cycles teach what long ones will do, the shift of the best rate with the length included. Of pruned
runs only this is known: they fell short. A running trial is taken to end as the others let
expect, so none beside it is proposed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
FLOOR = 0.01  # added to error and accuracy: the last hundredth is noise
CLIP = 1.4  # odds of an error more than e^1.4 = 4 x the target's are all equally bad
GAIN = 0.5  # expected fall of the log odds with the log of the length
SLOW = -0.7  # decades from the likeliest rate below which a run at chance was slow, not broken
SCALES = {"max_lr": 0.25, "epochs": 1.0}  # of the whole range; other fields:
OTHER_SCALE = 1.5
HEIGHT, NOISE = 0.5, 0.05
BREAKS_AT = (-4.0, 2.5)  # log odds of breaking at the likeliest rate: mean and sd
BREAKS_UNKNOWN = (-4.0, 5.0)  # the same where no rate is known to be likely
BREAKS_A_DECADE = (6.0, 3.0)  # change of the log odds over a decade of rate
BREAKS_OTHER = (0.0, 2.0)  # change over the range of another field


@dataclass(frozen=True)
class AccuracyModel:
    """Both models, fitted to some trials."""

    encoding: Encoding
    process: GaussianProcess
    stability: Stability

    def log_odds(self, x: Floats) -> tuple[Floats, Floats]:
        """(mean, sd) of the log odds of an error at the end, of sound runs; x: (m, d)."""
        return expected(self.encoding, self.process, x)

    def reaches(self, x: Floats) -> Floats:
        """(m,) probability that a sound run's expected accuracy is the target or more."""
        assert self.encoding.target is not None
        mean, sd = self.log_odds(x)
        return np.asarray(norm.cdf((log_odds(self.encoding.target) - mean) / sd))

    def believed(self, x: Floats) -> NDArray[np.bool_]:
        """(m,) whether sound runs more probably reach the target than not."""
        return np.asarray(self.reaches(x) >= 0.5)

    def breaks(self, x: Floats) -> Floats:
        """(m,) probability that a run breaks."""
        return self.stability.breaks(features(self.encoding, x))


def learn(encoding: Encoding, trials: Sequence[FrozenTrial]) -> AccuracyModel | None:
    """The models that the trials carry; None while there are too few."""
    done = [t for t in trials if t.state != TrialState.RUNNING and known_end(t) is not None]
    x = np.array([encoding.row(t.params) for t in done]).reshape(-1, len(encoding.names))
    y = log_odds(np.array([known_end(t) for t in done], dtype=float))
    broke = broken(encoding, x, [Observation(t).diverged for t in done])
    pruned = ~broke & np.array([t.state == TrialState.PRUNED for t in done], dtype=bool)
    whole = ~broke & ~pruned
    if whole.sum() < MIN_RUNS:
        return None
    asked = float(y[whole].min())
    if encoding.target is not None:
        asked = float(log_odds(encoding.target))
    y = np.minimum(y, asked + CLIP)
    running = rows_running(encoding, trials)
    process = process_of(encoding, x[whole], y[whole])
    if pruned.any() or len(running):
        both = np.vstack([x[whole], x[pruned], running])
        fallen_short = imputed(encoding, process, x[pruned], asked)
        believed = expected(encoding, process, running)[0]
        process = process_of(encoding, both, np.concatenate([y[whole], fallen_short, believed]))
    return AccuracyModel(encoding, process, fit_breaks(encoding, x, broke))


def expected(encoding: Encoding, process: GaussianProcess, x: Floats) -> tuple[Floats, Floats]:
    """(mean, sd) of the log odds of an error at (n, d) points."""
    if not len(x):
        return np.empty(0), np.empty(0)
    mean, sd = process.predict(encoding.unit(x))
    return mean - GAIN * encoding.log_length(x), sd


def imputed(encoding: Encoding, process: GaussianProcess, x: Floats, asked: float) -> Floats:
    """(n,) log odds at which pruned runs would probably have ended: all that is known of them is
    that they would have fallen short of what is asked. So it is what the runs that ended let
    expect, as far as it lies above that (Schmee & Hahn 1979; Hutter et al. 2013). The accuracy at
    which they were stopped would be too low a guess by far: it comes from the middle of a cycle.
    """
    mean, sd = expected(encoding, process, x)
    spread = np.sqrt(sd**2 + process.kernel.noise)
    away = (asked - mean) / spread
    above = mean + spread * norm.pdf(away) / np.maximum(norm.sf(away), 1e-9)
    return np.asarray(np.clip(above, asked, asked + CLIP))


def process_of(encoding: Encoding, x: Floats, y: Floats) -> GaussianProcess:
    """The process through log odds, their expected fall with the length taken out."""
    scales = tuple(SCALES.get(name, OTHER_SCALE) for name in encoding.names)
    believed = Kernel(scales, HEIGHT, NOISE)
    return fit_process(encoding.unit(x), y + GAIN * encoding.log_length(x), believed)


def fit_breaks(encoding: Encoding, x: Floats, broke: NDArray[np.bool_]) -> Stability:
    """Where runs break, from all of them."""
    others = len(encoding.names) - ("max_lr" in encoding.names)
    known = encoding.prior.range_test is not None
    priors = [
        BREAKS_AT if known else BREAKS_UNKNOWN,
        BREAKS_A_DECADE,
        *[BREAKS_OTHER] * others,
    ]
    expected, spread = np.array(priors).T
    return fit_stability(features(encoding, x), broke, expected, spread)


def features(encoding: Encoding, x: Floats) -> Floats:
    """(n, 1 + others): decades of rate, and the other fields about the middle of their ranges."""
    others = [i for i, name in enumerate(encoding.names) if name != "max_lr"]
    return np.column_stack([encoding.decades(x), encoding.unit(x)[:, others] - 0.5])


def broken(encoding: Encoding, x: Floats, diverged: Sequence[bool]) -> NDArray[np.bool_]:
    """Which runs broke; one that ends at chance with a low rate was only slow."""
    ended = np.array(diverged, dtype=bool)
    if not len(ended):
        return ended
    decades = encoding.decades(x)
    lowest = decades[~ended].min() if (~ended).any() else -np.inf
    return ended & (decades >= SLOW) & (decades >= lowest)


def known_end(trial: FrozenTrial) -> float | None:
    """Accuracy at the end; of a pruned run the last one seen; 0 after a divergence; None where the
    trial says nothing of accuracy."""
    seen = Observation(trial)
    if seen.diverged:
        return 0.0
    if seen.state == TrialState.PRUNED and seen.last_accuracy is not None:
        return seen.last_accuracy
    known = seen.stopped_because in (StopReason.COMPLETED, StopReason.PRUNED)
    return seen.accuracy if known else None


def rows_running(encoding: Encoding, trials: Sequence[FrozenTrial]) -> Floats:
    """(m, d): the trials under way whose parameters are all set."""
    rows = [
        encoding.row(t.params)
        for t in trials
        if t.state == TrialState.RUNNING and set(encoding.names) <= set(t.params)
    ]
    return np.array(rows).reshape(-1, len(encoding.names))


def log_odds(accuracy: float | Floats) -> Floats:
    """Of an error. On this scale 98 and 99 % are as far apart as 60 and 70 %, and 20 and 28 %:
    noise and effects are of one size on tasks of any difficulty."""
    right = np.asarray(accuracy)
    return np.asarray(np.log((1 + FLOOR - right) / (right + FLOOR)))
