"""What finished trials say about the prior on max_lr.

Good trials that lie outside the bell refute it: it is dropped for good, and the sampler goes on by
what the trials say. Runs that break put a lid on the rates, since the edge of a sweep can be too
high as well as too low: a LeNet on MNIST broke in 95 % of the runs at 0.56 to 1 times the edge
(studies/search_cost).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from optuna.trial import FrozenTrial

from autosuperconv.core.trace import StopReason
from autosuperconv.tuning.samplers.prior import WIDTH, LrPrior, cell_of
from autosuperconv.tuning.store.observation import Observation

MIN_SOUND = 8
OUTSIDE = 1.5  # widths of the bell
ACCIDENTS = 1  # broken runs that do not count: something else may have broken one


def doubt(prior: LrPrior, trials: Sequence[FrozenTrial]) -> str:
    """Why the finished trials refute the prior, in one sentence; "" while they do not."""
    if prior.range_test is None:
        return ""
    sound = [t for t in trials if Observation(t).completed]
    if len(sound) < MIN_SOUND or prior.centre(*cell_of(sound[0].params)) is None:
        return ""
    best = sorted(sound, key=lambda t: -(Observation(t).accuracy or 0.0))[: len(sound) // 3]
    away = median(math.log10(_over(t, prior.centre(*cell_of(t.params)))) for t in best)
    if abs(away) < OUTSIDE * WIDTH:
        return ""
    side = "above" if away > 0 else "below"
    return (
        f"The best {len(best)} of {len(sound)} trials lie {10 ** abs(away):.1f} x {side} the "
        "range test's likeliest rate: the prior on max_lr is dropped."
    )


def revised(prior: LrPrior, trials: Sequence[FrozenTrial]) -> LrPrior:
    """The prior after these trials."""
    kept = prior.ignored() if doubt(prior, trials) else prior
    return replace(kept, lid=lid(kept, trials))


def lid(prior: LrPrior, trials: Sequence[FrozenTrial]) -> float:
    """The second lowest of the rates that broke with no sound run above them, over the prior's
    unit; infinite while there are not two."""
    over = [
        (_over(t, prior.unit(*cell_of(t.params))), Observation(t).stopped_because) for t in trials
    ]
    highest = max((rate for rate, ended in over if ended == StopReason.COMPLETED), default=0.0)
    broke = sorted(rate for rate, ended in over if ended == StopReason.DIVERGED and rate > highest)
    return broke[ACCIDENTS] if len(broke) > ACCIDENTS else math.inf


def _over(trial: FrozenTrial, rate: float | None) -> float:
    """The trial's rate over that one; infinite where that is not known."""
    return math.inf if rate is None else float(trial.params["max_lr"]) / rate
