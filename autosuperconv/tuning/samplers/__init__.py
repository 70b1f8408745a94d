"""Samplers by name. Whatever its kind, a sampler has the range test's prior on max_lr."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from autosuperconv.errors import UnknownName
from autosuperconv.tuning.samplers.cost_aware import SavingSampler
from autosuperconv.tuning.samplers.encoding import Landscape
from autosuperconv.tuning.samplers.with_prior import EdgeSampler

STARTUP_TRIALS = 10
PriorSampler = EdgeSampler | SavingSampler


def _gp(landscape: Landscape, seed: int) -> PriorSampler:
    inner = GPSampler(seed=seed, n_startup_trials=STARTUP_TRIALS, deterministic_objective=False)
    return _within(inner, landscape, seed)


def _random(landscape: Landscape, seed: int) -> PriorSampler:
    return _within(RandomSampler(seed=seed), landscape, seed)


def _tpe(landscape: Landscape, seed: int) -> PriorSampler:
    return _within(TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS), landscape, seed)


def _within(inner: BaseSampler, landscape: Landscape, seed: int) -> PriorSampler:
    return EdgeSampler(inner, landscape.prior, seed + 1)


SAMPLERS: dict[str, Callable[[Landscape, int], PriorSampler]] = {
    "gp": _gp,
    "random": _random,
    "saving": SavingSampler,
    "tpe": _tpe,
}


def make_sampler(name: str, landscape: Landscape, seed: int, trials_so_far: int) -> PriorSampler:
    """A sampler by name.

    Optuna does not store a sampler's random state: seeding with the number of trials that are
    there already keeps a resumed search from repeating itself.

    Raises:
        UnknownName: no such sampler.
    """
    check_sampler(name)
    (own,) = np.random.SeedSequence([seed, trials_so_far]).generate_state(1)
    return SAMPLERS[name](landscape, int(own))


def check_sampler(name: str) -> None:
    """Refuse a name that is not in `SAMPLERS`.

    Raises:
        UnknownName: no such sampler.
    """
    if name not in SAMPLERS:
        raise UnknownName("sampler", name, SAMPLERS)
