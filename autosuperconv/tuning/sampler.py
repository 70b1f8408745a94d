"""Samplers: Optuna's, with the range test's prior on max_lr in front.

`EdgeSampler` wraps any sampler through Optuna's public interface alone: start-up draws of max_lr
come from the prior, and a later proposal above the cap is drawn again, so no trial is ever
proposed that the range test has already seen to break.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.errors import UnknownName
from autosuperconv.tuning.prior import LrPrior

STARTUP_TRIALS = 10


def _gp(seed: int) -> BaseSampler:
    return GPSampler(seed=seed, n_startup_trials=STARTUP_TRIALS, deterministic_objective=False)


def _random(seed: int) -> BaseSampler:
    return RandomSampler(seed=seed)


def _tpe(seed: int) -> BaseSampler:
    return TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {"gp": _gp, "random": _random, "tpe": _tpe}


def make_sampler(name: str, prior: LrPrior, seed: int, trials_so_far: int) -> BaseSampler:
    """A sampler by name, under the prior.

    Optuna does not store a sampler's random state: seeding with the number of trials that are
    there already keeps a resumed search from repeating itself.

    Raises:
        UnknownName: no such sampler.
    """
    check_sampler(name)
    inner, own = np.random.SeedSequence([seed, trials_so_far]).generate_state(2)
    return EdgeSampler(SAMPLERS[name](int(inner)), prior, int(own))


def check_sampler(name: str) -> None:
    """Refuse a name that is not in `SAMPLERS`.

    Raises:
        UnknownName: no such sampler.
    """
    if name not in SAMPLERS:
        raise UnknownName("sampler", name, SAMPLERS)


class EdgeSampler(BaseSampler):
    """Any sampler, with max_lr from the prior at first and below the cap always.

    Relies on batch_size and weight_decay being suggested before max_lr.
    """

    def __init__(self, inner: BaseSampler, prior: LrPrior, seed: int) -> None:
        self._inner, self._prior = inner, prior
        self._rng = np.random.default_rng(seed)
        self._proposed: dict[int, float] = {}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """The inner sampler's joint proposal. Its max_lr waits until batch size and weight decay
        are known: a dimension of one value is in no joint proposal."""
        params = self._inner.sample_relative(study, trial, search_space)
        if "max_lr" in params:
            self._proposed[trial.number] = float(params.pop("max_lr"))
        return params

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        if param_name != "max_lr":
            return self._inner.sample_independent(study, trial, param_name, param_distribution)
        cell = (int(trial.params["batch_size"]), float(trial.params["weight_decay"]))
        proposed = self._proposed.pop(trial.number, None)
        if proposed is not None and proposed <= self._prior.cap(*cell):
            return proposed
        return self._prior.draw(self._rng, *cell)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self._inner.before_trial(study, trial)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self._inner.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self._inner.reseed_rng()
