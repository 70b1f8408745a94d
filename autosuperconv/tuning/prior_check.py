"""Is the prior on max_lr still believed after some trials?

Two things refute it: runs that break well below the edge, and good trials that lie outside the
bell. A refuted prior is dropped for good; the sampler goes on by what the trials say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from optuna.trial import FrozenTrial

from autosuperconv.tuning.prior import WIDTH, LrPrior

MIN_SOUND = 8
OUTSIDE = 1.5  # widths of the bell
BELOW_EDGE = 0.5  # of the edge: in both measured designs hardly a run breaks there
MIN_BROKEN = 3


def doubt(prior: LrPrior, trials: Sequence[FrozenTrial]) -> str:
    """Why the finished trials refute the prior, in one sentence; "" while they do not."""
    if prior.range_test is None:
        return ""
    trained = [t for t in trials if "samples" in t.user_attrs and "max_lr" in t.params]
    return _breaks_below(prior, trained) or _good_outside(prior, trained)


def _breaks_below(prior: LrPrior, trials: Sequence[FrozenTrial]) -> str:
    low = [t for t in trials if _over(t, prior.edge(*_cell(t))) < BELOW_EDGE]
    broken = [t for t in low if t.user_attrs.get("stopped_because") == "diverged"]
    if len(broken) < MIN_BROKEN or 2 * len(broken) < len(low):
        return ""
    return (
        f"{len(broken)} of {len(low)} trials below half of the range test's edge broke: "
        "the prior on max_lr is dropped."
    )


def _good_outside(prior: LrPrior, trials: Sequence[FrozenTrial]) -> str:
    sound = [t for t in trials if t.user_attrs.get("stopped_because") == "completed"]
    if len(sound) < MIN_SOUND or prior.centre(*_cell(sound[0])) is None:
        return ""
    best = sorted(sound, key=lambda t: -float(t.user_attrs["accuracy"]))[: len(sound) // 3]
    away = median(math.log10(_over(t, prior.centre(*_cell(t)))) for t in best)
    if abs(away) < OUTSIDE * WIDTH:
        return ""
    side = "above" if away > 0 else "below"
    return (
        f"The best {len(best)} of {len(sound)} trials lie {10 ** abs(away):.1f} x {side} the "
        "range test's likeliest rate: the prior on max_lr is dropped."
    )


def _cell(trial: FrozenTrial) -> tuple[int, float]:
    return int(trial.params.get("batch_size", 1)), float(trial.params.get("weight_decay", 0.0))


def _over(trial: FrozenTrial, rate: float | None) -> float:
    """The trial's rate over that one; infinite where that is not known."""
    return math.inf if rate is None else float(trial.params["max_lr"]) / rate
