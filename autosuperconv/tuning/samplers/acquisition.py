"""What a candidate is worth: the training that it is expected to save, per sample that it takes.

Where cost is minimized, a trial's value is known before it is trained: its length. Two things are
unknown: whether the run diverges, and whether its accuracy reaches the target. A candidate is worth

    (length of the shortlist's last - its length) x P(does not diverge)^caution x P(reaches target)

per sample trained. So short cycles are tried first, and they teach what longer ones will do. A run
that diverges teaches little, and a recipe that diverges on some seeds cannot be recommended, so
stability counts several times: more often, the more proposals have diverged. Where accuracy is
maximized, its expected improvement takes the place of the first and the third factor.

Expected constrained improvement: Gardner et al. 2014, "Bayesian Optimization with Inequality
Constraints", section 3; here the cost is known. Improvement per cost: Snoek et al. 2012, "Practical
Bayesian Optimization of Machine Learning Algorithms", section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from optuna.trial import FrozenTrial
from scipy.stats import norm

from autosuperconv.core.space import ends
from autosuperconv.core.stats.gaussian_process import Floats
from autosuperconv.tuning.samplers.surrogate import TrialModel
from autosuperconv.tuning.samplers.with_prior import SHORTLIST
from autosuperconv.tuning.store.observation import Observation

CAUTION = 10.0  # power of the probability not to diverge: 0.95 counts 0.6, 0.8 counts 0.11
TOLERATED = 0.01  # share of proposals that may diverge without more caution
CAUTION_GROWTH = 16.0  # each proposal that diverges beyond that share adds 16 times the caution


def gain_per_epoch(
    model: TrialModel, trials: Sequence[FrozenTrial], x: Floats, caution_power: float
) -> Floats:
    """(m,) expected gain of (m, d) candidates per epoch trained."""
    stable = 1 - model.diverges(x)
    length = model.encoding.column(x, "epochs")
    return np.asarray(expected_gain(model, trials, x) * stable**caution_power / length)


def caution(proposals: Sequence[FrozenTrial]) -> float:
    """Power of the probability not to diverge: `CAUTION` while no more proposals diverged than are
    tolerated.

    Args:
        proposals: finished trials that the model proposed. Start-up trials are not among them: they
            are there to find out where runs diverge.
    """
    diverged = sum(Observation(t).diverged for t in proposals)
    excess = max(0.0, diverged - TOLERATED * len(proposals))
    return CAUTION * (1 + CAUTION_GROWTH * excess)


def expected_gain(model: TrialModel, trials: Sequence[FrozenTrial], x: Floats) -> Floats:
    """(m,) what runs that do not diverge are expected to gain over the trials so far."""
    encoding = model.encoding
    if encoding.target is None:
        mean, sd = model.error_log_odds(x)
        trained = encoding.rows(t for t in trials if Observation(t).trained)
        better = (float(model.error_log_odds(trained)[0].min()) - mean) / sd
        return np.asarray(sd * (better * norm.cdf(better) + norm.pdf(better)))
    saved = longest_useful(model, trials) - encoding.column(x, "epochs")
    return np.maximum(saved, 0.0) * model.reaches_target(x)


def longest_useful(model: TrialModel, trials: Sequence[FrozenTrial]) -> float:
    """Length of the shortlist's last trial, in epochs: a longer cycle saves nothing. While the
    shortlist is not full, half as much again as its longest, or more than the whole space."""
    encoding = model.encoding
    epochs = encoding.space.dimensions.get("epochs")
    top = 1.25 * (encoding.base.epochs if epochs is None else ends(epochs)[-1])
    lengths = sorted(encoding.column(probable_successes(model, trials), "epochs").tolist())
    if len(lengths) >= SHORTLIST:
        return min(float(lengths[SHORTLIST - 1]), top)
    return min(1.5 * float(lengths[-1]), top) if lengths else top


def probable_successes(model: TrialModel, trials: Sequence[FrozenTrial]) -> Floats:
    """(n, d): the completed trials that reach the target with a probability of 1/2 or more, by the
    evidence of all trials: one lucky seed is not enough."""
    x = model.encoding.rows(t for t in trials if Observation(t).completed)
    return x[model.probably_reaches(x)] if len(x) else x
