"""Samplers by name; each of them uses the range test's prior on max_lr."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from autosuperconv.errors import one_of
from autosuperconv.tuning.samplers.cost_aware import CostAwareSampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.with_prior import WithPrior

STARTUP_TRIALS = 10  # of Optuna's own samplers
StudySampler = CostAwareSampler | WithPrior


def _with_prior(inner: Callable[..., BaseSampler]) -> Callable[[Encoding, int], StudySampler]:
    return lambda encoding, seed: WithPrior(inner(seed=seed), encoding.prior, seed + 1)


SAMPLERS: dict[str, Callable[[Encoding, int], StudySampler]] = {
    "cost-aware": CostAwareSampler,
    "gp": _with_prior(
        partial(GPSampler, n_startup_trials=STARTUP_TRIALS, deterministic_objective=False)
    ),
    "random": _with_prior(RandomSampler),
    "tpe": _with_prior(partial(TPESampler, n_startup_trials=STARTUP_TRIALS)),
}


def make_sampler(name: str, encoding: Encoding, seed: int, trials_so_far: int) -> StudySampler:
    """A sampler by name.

    Args:
        trials_so_far: of an earlier start. Optuna does not store a sampler's random state, so a
            resumed search would repeat its proposals if this number were not part of the seed.

    Raises:
        UnknownName: there is no such sampler.
    """
    name = sampler_name(name)
    (own,) = np.random.SeedSequence([seed, trials_so_far]).generate_state(1)
    return SAMPLERS[name](encoding, int(own))


def sampler_name(name: str) -> str:
    """The name as `SAMPLERS` has it.

    Raises:
        UnknownName: there is no such sampler.
    """
    return one_of("sampler", name, SAMPLERS)
