"""NePS's PriorBand as a contender: Hyperband over complete cycles of growing length.

The fidelity is the length of the cycle: an evaluation is a whole 1cycle of that many epochs, and a
promoted configuration is trained again from its start, so that each is charged in full. The prior
is the range test's likeliest max_lr; what is minimised is the error, since NePS knows no target.
"""

from __future__ import annotations

import logging
import statistics
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import neps
import numpy as np
import torch
from contenders import TRIALS, Contender, Tried
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, create_trial
from world import MAX_LR, World, coordinates

from autosuperconv.tuning.samplers.prior import LrPrior

CONFIDENCE: Literal["low", "medium", "high"] = "medium"
"""To NePS a deviation of half the range: two decades of max_lr."""
WEIGHT_DECAY = 1e-4  # where the prior is read
logging.getLogger("neps").setLevel(logging.ERROR)


class Space(neps.PipelineSpace):
    """The space that all contenders search; epochs are the fidelity."""

    def __init__(self, world: World) -> None:
        task = world.design.task
        self.batch_size: neps.Categorical[int] = neps.Categorical(task.batch_sizes)
        self.dropout = neps.Float(0.0, 0.5)
        self.epochs = neps.FloatFidelity(*task.epochs)
        self.weight_decay = neps.Float(1e-6, 1e-2, log=True)
        self.max_lr = _max_lr(likeliest(world))


def likeliest(world: World) -> float | None:
    """The range test's max_lr for the middle batch size, within the range."""
    batch = int(statistics.median(world.design.task.batch_sizes))
    centre = LrPrior(world.range_test, MAX_LR).centre((batch, WEIGHT_DECAY, None))
    return None if centre is None else min(max(centre, MAX_LR.low), MAX_LR.high)


def _max_lr(prior: float | None) -> neps.Float:
    if prior is None:
        return neps.Float(MAX_LR.low, MAX_LR.high, log=True)
    return neps.Float(MAX_LR.low, MAX_LR.high, log=True, prior=prior, prior_confidence=CONFIDENCE)


def search(world: World, seed: int, full_runs: float, eta: int) -> list[Tried]:
    """As `contenders.search`; a promoted configuration is not counted as another trial.

    Args:
        eta: how many times longer the cycles of each rung are than those of the one below.
    """
    np.random.seed(seed)  # NePS draws from the global generators
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 99])
    method: Any = neps.algorithms.priorband(Space(world), eta=eta)
    optimizer: Any = neps.AskAndTell(method)
    paid, sampled = 0.0, 0
    tried: list[Tried] = []
    while paid < full_runs * world.longest_samples and sampled < TRIALS:
        asked = optimizer.ask()
        one = evaluated(world, asked.config, len(tried), paid, rng)
        optimizer.tell(asked, 1.0 if one.broken else 1.0 - one.trial.user_attrs["accuracy"])
        tried.append(one)
        paid, sampled = one.paid, sampled + (asked.metadata.previous_trial_id is None)
    return tried


def evaluated(
    world: World, config: Mapping[str, Any], number: int, paid: float, rng: np.random.Generator
) -> Tried:
    """One whole cycle. For the objective "accuracy", those below the longest only cost."""
    params = {name: config[name] for name in distributions(world)}
    x = coordinates(**params)
    rungs, end = world.run(x, rng)
    accuracy, broken = float(rungs[-1]), end < 1 or bool(rungs[-1] < 0.15)
    trial = frozen(world, params, number, accuracy, broken)
    short = world.objective == "accuracy" and params["epochs"] < world.design.task.epochs[1]
    paid += end * trial.user_attrs["samples"]
    return Tried(trial, paid, x, None if short else accuracy, broken)


def frozen(
    world: World, params: dict[str, Any], number: int, accuracy: float, broken: bool
) -> FrozenTrial:
    """The evaluation as Optuna would have recorded it."""
    trial = create_trial(
        value=accuracy,
        params=params,
        distributions=distributions(world),
        user_attrs={
            "accuracy": accuracy,
            "samples": params["epochs"] * world.design.n_train,
            "stopped_because": "diverged" if broken else "completed",
        },
    )
    trial.number = number
    return trial


def distributions(world: World) -> dict[str, BaseDistribution]:
    """The space, as Optuna has it."""
    task = world.design.task
    return {
        "batch_size": CategoricalDistribution(task.batch_sizes),
        "dropout": FloatDistribution(0.0, 0.5),
        "epochs": FloatDistribution(*task.epochs, log=True),
        "max_lr": FloatDistribution(MAX_LR.low, MAX_LR.high, log=True),
        "weight_decay": FloatDistribution(1e-6, 1e-2, log=True),
    }


PRIORBAND = [
    Contender("NePS PriorBand", sweeps=True, search=partial(search, eta=3)),
    Contender("NePS PriorBand, eta 2", sweeps=True, search=partial(search, eta=2)),
]
"""With NePS's own eta and with a smaller one: by cost, the rungs are all the lengths there are, and
with 3 none is within twice the cheapest on MNIST's tasks."""
