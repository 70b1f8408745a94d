"""Samplers by name. Whatever its kind, a sampler has the range test's prior on max_lr."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from autosuperconv.errors import UnknownName
from autosuperconv.tuning.samplers.cost_aware import CostAwareSampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.with_prior import WithPrior

STARTUP_TRIALS = 10
StudySampler = WithPrior | CostAwareSampler


def _gp(encoding: Encoding, seed: int) -> StudySampler:
    inner = GPSampler(seed=seed, n_startup_trials=STARTUP_TRIALS, deterministic_objective=False)
    return _within(inner, encoding, seed)


def _random(encoding: Encoding, seed: int) -> StudySampler:
    return _within(RandomSampler(seed=seed), encoding, seed)


def _tpe(encoding: Encoding, seed: int) -> StudySampler:
    return _within(TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS), encoding, seed)


def _within(inner: BaseSampler, encoding: Encoding, seed: int) -> StudySampler:
    return WithPrior(inner, encoding.prior, seed + 1)


SAMPLERS: dict[str, Callable[[Encoding, int], StudySampler]] = {
    "gp": _gp,
    "random": _random,
    "cost-aware": CostAwareSampler,
    "tpe": _tpe,
}


def make_sampler(name: str, encoding: Encoding, seed: int, trials_so_far: int) -> StudySampler:
    """A sampler by name.

    Optuna does not store a sampler's random state: seeding with the number of trials that are
    there already keeps a resumed search from repeating itself.

    Raises:
        UnknownName: no such sampler.
    """
    check_sampler(name)
    (own,) = np.random.SeedSequence([seed, trials_so_far]).generate_state(1)
    return SAMPLERS[name](encoding, int(own))


def check_sampler(name: str) -> None:
    """Refuse a name that is not in `SAMPLERS`.

    Raises:
        UnknownName: no such sampler.
    """
    if name not in SAMPLERS:
        raise UnknownName("sampler", name, SAMPLERS)
