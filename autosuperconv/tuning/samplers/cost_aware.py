"""`CostAwareSampler`: proposes the trial that saves most training for the training it takes.

It begins with trials spread over the space. Then, for each proposal, it fits a model to all trials
(`surrogate`) and takes the best of many random candidates by what they are worth (`acquisition`).
studies/search_cost measures it against Optuna's samplers.
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
from autosuperconv.tuning.samplers.acquisition import caution, gain_per_epoch
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import WIDTH
from autosuperconv.tuning.samplers.surrogate import TrialModel, fit_trial_model
from autosuperconv.tuning.store.observation import Observation

STARTUP = 8  # finished trials before the model is used
SEQUENCE = 512  # length of the start-up sequence
SHORT = 0.8  # start-up cycles leave out the longest fifth of the range, on its log scale
TAILS = 0.03  # of the prior, left out by start-up draws at either end
CANDIDATES = 3000
BEST = 6  # trials around which candidates are drawn as well
NEAR = 0.05  # spread of those candidates, as a share of each field's range
SHORTER = 0.07  # how much shorter they are on average, as a share of the range of lengths


class CostAwareSampler(BaseSampler):
    """Proposes all parameters of a trial at once.

    Args:
        encoding: of the search space; its prior is replaced by the attribute `prior` whenever that
            is set during the study.
        seed: of the random candidates and the start-up sequence.
    """

    def __init__(self, encoding: Encoding, seed: int) -> None:
        self._encoding, self.prior = encoding, encoding.prior
        self._rng = np.random.default_rng(seed)
        dimensions = len(encoding.names)
        self._startup = qmc.Sobol(dimensions, rng=self._rng).random(SEQUENCE)
        self._proposed: dict[int, dict[str, float]] = {}
        self._for_other_fields = RandomSampler(seed=seed)

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
        """One parameter of the trial's proposal, which is made when the first one is requested."""
        if param_name not in self._encoding.names:
            return self._for_other_fields.sample_independent(
                study, trial, param_name, param_distribution
            )
        if trial.number not in self._proposed:
            self._proposed[trial.number] = self._propose(study, trial)
        value = self._proposed[trial.number][param_name]
        is_choice = isinstance(self._encoding.space.dimensions[param_name], Choices)
        return int(value) if is_choice else value

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
        model = fit_trial_model(encoding, others) if finished >= STARTUP else None
        if model is None:
            row = self._startup_point(encoding, trial.number)
        else:
            row = self._best_candidate(model, others)
        return self._within_limits(encoding, row)

    def _startup_point(self, encoding: Encoding, number: int) -> Floats:
        """(d,): evenly over the space, max_lr over its prior, cycles rather short."""
        at = self._startup[number % SEQUENCE].copy()
        if "epochs" in encoding.names:
            at[encoding.names.index("epochs")] *= SHORT
        x = encoding.values(at[None])
        if "max_lr" in encoding.names and encoding.prior.range_test is not None:
            lr = encoding.names.index("max_lr")
            deviations = norm.ppf(TAILS + (1 - 2 * TAILS) * at[lr])
            x[0, lr] = encoding.lr_centres_and_caps(x)[0][0] * 10 ** (WIDTH * deviations)
        return np.asarray(x[0])

    def _best_candidate(self, model: TrialModel, trials: Sequence[FrozenTrial]) -> Floats:
        """(d,): the candidate that is worth most."""
        x = np.vstack(
            [anywhere(model.encoding, self._rng, CANDIDATES), self._nearby(model, trials)]
        )
        proposals = [t for t in trials if t.number >= STARTUP and t.state.is_finished()]
        gains = gain_per_epoch(model, trials, x, caution(proposals))
        return np.asarray(x[int(np.argmax(gains))])

    def _nearby(self, model: TrialModel, trials: Sequence[FrozenTrial]) -> Floats:
        """(m, d): candidates around the trials of the highest expected accuracy, mostly shorter."""
        encoding = model.encoding
        rows = encoding.rows(t for t in trials if Observation(t).completed)
        if not len(rows):
            return rows
        best = rows[np.argsort(model.error_log_odds(rows)[0])[:BEST]]
        around = np.repeat(encoding.shares(best), CANDIDATES // (2 * BEST), axis=0)
        around += NEAR * self._rng.normal(size=around.shape)
        if "epochs" in encoding.names:
            shift = SHORTER * self._rng.normal(1.0, 1.0, len(around))
            around[:, encoding.names.index("epochs")] -= shift
        return encoding.values(np.clip(around, 0, 1))

    def _within_limits(self, encoding: Encoding, row: Floats) -> dict[str, float]:
        """The values by name, max_lr inside its range and not above the cap."""
        if "max_lr" in encoding.names:
            lr = encoding.names.index("max_lr")
            range_ = encoding.prior.range_
            cap = encoding.prior.cap(encoding.cell(row))
            row[lr] = np.clip(row[lr], range_.low, min(cap, range_.high))
        return dict(zip(encoding.names, (float(v) for v in row), strict=True))


def anywhere(encoding: Encoding, rng: np.random.Generator, count: int) -> Floats:
    """(count, d): candidates over the whole space, max_lr from its prior."""
    x = encoding.values(rng.random((count, len(encoding.names))))
    if "max_lr" in encoding.names:
        drawn = encoding.prior.draws(rng, *encoding.lr_centres_and_caps(x))
        x[:, encoding.names.index("max_lr")] = drawn
    return x
