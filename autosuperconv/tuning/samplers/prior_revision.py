"""How finished trials change the prior on max_lr.

Good trials outside the bell refute it: it is dropped for good, and the sampler continues with the
trials alone. Runs that diverge lower the cap, because the edge that the sweeps found can be too
high as well as too low: a LeNet on MNIST diverged in 95 % of the runs at 0.56 to 1 times the edge
(studies/search_cost).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from optuna.trial import FrozenTrial

from autosuperconv.core.format import times
from autosuperconv.core.trace import StopReason
from autosuperconv.tuning.samplers.prior import WIDTH, LrPrior, cell_of
from autosuperconv.tuning.store.observation import Observation

MIN_COMPLETED = 8
OUTSIDE = 1.5  # distance from the centre that refutes the prior, in widths of the bell
ACCIDENTS = 1  # diverged runs that do not count: one may have another cause


def refutation(prior: LrPrior, trials: Sequence[FrozenTrial]) -> str:
    """Why the finished trials refute the prior, in one sentence; "" if they do not."""
    if prior.range_test is None:
        return ""
    completed = [t for t in trials if Observation(t).completed]
    if len(completed) < MIN_COMPLETED or prior.centre(cell_of(completed[0].params)) is None:
        return ""
    best = sorted(completed, key=lambda t: -(Observation(t).accuracy or 0.0))
    best = best[: len(completed) // 3]
    decades = median(math.log10(_ratio(t, prior.centre(cell_of(t.params)))) for t in best)
    if abs(decades) < OUTSIDE * WIDTH:
        return ""
    factor = times(10**decades)
    return (
        f"The best {len(best)} of {len(completed)} trials have {factor} the max_lr that the range "
        "test makes most likely (median): the prior on max_lr is dropped."
    )


def revised_prior(prior: LrPrior, trials: Sequence[FrozenTrial]) -> LrPrior:
    """The prior after these trials."""
    kept = replace(prior, range_test=None) if refutation(prior, trials) else prior
    return replace(kept, divergence_limit=divergence_limit(kept, trials))


def divergence_limit(prior: LrPrior, trials: Sequence[FrozenTrial]) -> float:
    """The second lowest max_lr, over the edge (over 1 where that is unknown), that diverged while
    no run with a higher one completed; infinite if there are fewer than two."""
    ends = [
        (_ratio(t, prior.edge(cell_of(t.params)) or 1.0), Observation(t).stopped_because)
        for t in trials
    ]
    highest = max((lr for lr, end in ends if end == StopReason.COMPLETED), default=0.0)
    diverged = sorted(lr for lr, end in ends if end == StopReason.DIVERGED and lr > highest)
    return diverged[ACCIDENTS] if len(diverged) > ACCIDENTS else math.inf


def _ratio(trial: FrozenTrial, lr: float | None) -> float:
    """The trial's max_lr over that one; infinite if that one is unknown."""
    return math.inf if lr is None else float(trial.params["max_lr"]) / lr
