"""`CostAwareSampler`: trains where most training is expected to be saved for the training it takes.

Where cost is minimised, a trial's value is known before it is trained: its length. Unknown is
whether it holds: whether it breaks, and whether its accuracy reaches the target. So a proposal is
worth (what it is shorter than the shortlist's last) x P(does not break) x P(reaches the target),
and it is the worth per sample trained that counts: short cycles are tried first, and teach what
longer ones will do. A run that breaks teaches little, and a recipe that breaks on some seeds cannot
be recommended, so not to break counts several times, and the more the more often a proposal broke.
Where accuracy is maximised, its expected improvement is in the place of the first and third factor.

Expected constrained improvement: Gardner et al. 2014, here with a cost that is known. Improvement
per cost: Snoek et al. 2012. Measured against Optuna's samplers in studies/search_cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import norm, qmc

from autosuperconv.core.space import Choices
from autosuperconv.core.stats.gaussian_process import Floats
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import WIDTH
from autosuperconv.tuning.samplers.surrogate import AccuracyModel, learn
from autosuperconv.tuning.samplers.with_prior import SHORTLIST
from autosuperconv.tuning.store.observation import Observation

STARTUP = 8  # finished trials before the model is asked
SPREAD = 512  # length of the start-up sequence
SHORT = 0.8  # start-up cycles leave the longest fifth (of the logarithm) out
TAILS = 0.03  # of the prior that start-up draws leave out at either end
CANDIDATES = 3000
BEST = 6  # trials in whose neighbourhood candidates are drawn, too
CAUTION = 10.0  # power of the probability not to break: 0.95 counts 0.6, 0.8 counts 0.11
ALLOWED = 0.01  # share of proposals that may break without more caution
DEARER = 16.0  # caution grows by so many times itself for each that breaks beyond it
NEAR = 0.05  # of a field's range: how far neighbours lie
SHORTER = 0.07  # of the range of lengths: how much shorter neighbours are


class CostAwareSampler(BaseSampler):
    """Proposes all parameters of a trial at once.

    Args:
        encoding: its prior is only the first one.
    """

    def __init__(self, encoding: Encoding, seed: int) -> None:
        self._encoding, self.prior = encoding, encoding.prior
        self._rng = np.random.default_rng(seed)
        dimensions = len(encoding.names)
        self._start = qmc.Sobol(dimensions, rng=self._rng).random(SPREAD)
        self._proposed: dict[int, dict[str, float]] = {}
        self._else = RandomSampler(seed=seed)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A part of the trial's proposal, which is made when its first parameter is asked for."""
        if param_name not in self._encoding.names:
            return self._else.sample_independent(study, trial, param_name, param_distribution)
        if trial.number not in self._proposed:
            self._proposed[trial.number] = self._propose(study, trial)
        value = self._proposed[trial.number][param_name]
        chosen = isinstance(self._encoding.space.dimensions[param_name], Choices)
        return int(value) if chosen else value

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self._proposed.pop(trial.number, None)

    def _propose(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, float]:
        if self.prior != self._encoding.prior:
            self._encoding = replace(self._encoding, prior=self.prior)
        encoding = self._encoding
        others = [t for t in study.get_trials(deepcopy=False) if t.number != trial.number]
        finished = sum(t.state in (TrialState.COMPLETE, TrialState.PRUNED) for t in others)
        model = learn(encoding, others) if finished >= STARTUP else None
        if model is None:
            row = self._spread(encoding, trial.number)
        else:
            row = self._most_worth(model, others)
        return self._inside(encoding, row)

    def _spread(self, encoding: Encoding, number: int) -> Floats:
        """A start-up point: evenly over the space, the rate over the prior, cycles rather short."""
        at = self._start[number % SPREAD].copy()
        if "epochs" in encoding.names:
            at[encoding.names.index("epochs")] *= SHORT
        x = encoding.values(at[None])
        if "max_lr" in encoding.names and encoding.prior.range_test is not None:
            rate = encoding.names.index("max_lr")
            away = norm.ppf(TAILS + (1 - 2 * TAILS) * at[rate])
            x[0, rate] = encoding.rates(x)[0][0] * 10 ** (WIDTH * away)
        return np.asarray(x[0])

    def _most_worth(self, model: AccuracyModel, trials: Sequence[FrozenTrial]) -> Floats:
        """The candidate that is worth most for its cost."""
        x = np.vstack([self._anywhere(model.encoding), self._nearby(model, trials)])
        length = model.encoding.column(x, "epochs")
        sound = 1 - model.breaks(x)
        worth = gain(model, trials, x) * sound ** caution(trials) / length
        return np.asarray(x[int(np.argmax(worth))])

    def _anywhere(self, encoding: Encoding) -> Floats:
        """Candidates over the whole space, the rates from the prior."""
        x = encoding.values(self._rng.random((CANDIDATES, len(encoding.names))))
        if "max_lr" in encoding.names:
            centre, cap = encoding.rates(x)
            drawn = encoding.prior.draws(self._rng, centre, cap)
            x[:, encoding.names.index("max_lr")] = drawn
        return x

    def _nearby(self, model: AccuracyModel, trials: Sequence[FrozenTrial]) -> Floats:
        """Candidates about the trials with the highest expected accuracy, rather shorter."""
        encoding = model.encoding
        done = [t for t in trials if Observation(t).completed]
        if not done:
            return np.empty((0, len(encoding.names)))
        rows = np.array([encoding.row(t.params) for t in done])
        best = rows[np.argsort(model.log_odds(rows)[0])[:BEST]]
        about = np.repeat(encoding.shares(best), CANDIDATES // (2 * BEST), axis=0)
        about += NEAR * self._rng.normal(size=about.shape)
        if "epochs" in encoding.names:
            shift = SHORTER * self._rng.normal(1.0, 1.0, len(about))
            about[:, encoding.names.index("epochs")] -= shift
        return encoding.values(np.clip(about, 0, 1))

    def _inside(self, encoding: Encoding, row: Floats) -> dict[str, float]:
        """By name, inside the space and below the cap."""
        if "max_lr" in encoding.names:
            rate = encoding.names.index("max_lr")
            range_ = encoding.prior.range_
            cap = encoding.prior.cap(*encoding.cell(row))
            row[rate] = np.clip(row[rate], range_.low, min(cap, range_.high))
        return dict(zip(encoding.names, (float(v) for v in row), strict=True))


def caution(trials: Sequence[FrozenTrial]) -> float:
    """Power of the probability not to break: `CAUTION` while no more proposals broke than are
    allowed. The start-up draws do not count, they are to find out where runs break."""
    proposed = [t for t in trials if t.number >= STARTUP and t.state.is_finished()]
    broke = sum(Observation(t).diverged for t in proposed)
    return CAUTION * (1 + DEARER * max(0.0, broke - ALLOWED * len(proposed)))


def gain(model: AccuracyModel, trials: Sequence[FrozenTrial], x: Floats) -> Floats:
    """(m,) what sound runs are expected to gain over what there is."""
    encoding = model.encoding
    if encoding.target is None:
        mean, sd = model.log_odds(x)
        done = np.array([encoding.row(t.params) for t in trials if Observation(t).trained])
        better = (float(model.log_odds(done)[0].min()) - mean) / sd
        return np.asarray(sd * (better * norm.cdf(better) + norm.pdf(better)))
    saved = longest_wanted(model, trials) - encoding.column(x, "epochs")
    return np.maximum(saved, 0.0) * model.reaches(x)


def longest_wanted(model: AccuracyModel, trials: Sequence[FrozenTrial]) -> float:
    """Length of the last of the shortlist, as far as there is one: a longer cycle saves nothing."""
    encoding = model.encoding
    top = 1.25 * longest(encoding)
    lengths = sorted(encoding.column(believed(model, trials), "epochs").tolist())
    if len(lengths) >= SHORTLIST:
        return min(float(lengths[SHORTLIST - 1]), top)
    return min(1.5 * float(lengths[-1]), top) if lengths else top


def believed(model: AccuracyModel, trials: Sequence[FrozenTrial]) -> Floats:
    """(n, d): the completed trials that more probably reach the target than not, by what all
    trials say of them: one lucky seed is not enough."""
    encoding = model.encoding
    rows = [encoding.row(t.params) for t in trials if Observation(t).completed]
    x = np.array(rows).reshape(-1, len(encoding.names))
    return x[model.believed(x)] if len(x) else x


def longest(encoding: Encoding) -> float:
    """The longest cycle of the space, in epochs."""
    dimension = encoding.space.dimensions.get("epochs")
    if dimension is None:
        return encoding.base.epochs
    return float(dimension.values[-1] if isinstance(dimension, Choices) else dimension.high)
