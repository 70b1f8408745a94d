"""Pruners compare runs at the same phase of the cycle, never at the same epoch.

Steps are reported as per mille of the run. In Smith & Topin's own winning run (Fig. 1a) the test
accuracy stays below 82.3 % from 20 % to 80 % of the cycle, dips to 56.7 %, and ends at 92.4 %: a
median pruner would have stopped it. So these pruners do not ask whether a run is behind the others,
but whether it can still reach the target, and only once the learning rate descends: searches that
stopped bad trials earlier saved more training and found less (studies/search_cost).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import optuna
from optuna.pruners import BasePruner, NopPruner
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.errors import one_of
from autosuperconv.tuning.store.observation import Observation
from autosuperconv.tuning.store.run_store import step_of

FIRST_PHASE = 0.5  # about where the learning rate begins to descend
MIN_TRIALS = 12  # completed ones, before any trial is stopped
KEPT_RUNNING = 0.1
"""Share of the trials that run to their end whatever the pruner says."""
RUNGS = (FIRST_PHASE, 0.625, 0.75, 0.875, 1.0)


def nearest_rung(phase: float) -> float:
    """The rung nearest to a phase: runs have whole steps, so phases miss a rung a little."""
    return min(RUNGS, key=lambda rung: abs(rung - phase))


class PhasePruner(BasePruner):
    """Stops a run whose optimistic projection to the end falls short of the bar.

    The projection is its accuracy now, plus the largest gain that any completed trial made from
    this phase to the end, plus the seed noise. The bar is the target accuracy, or the best accuracy
    so far where there is no target. In studies/search_cost, where stopped trials are known to their
    end, a lower quantile of the gains saves little more and stops more of the best. A sampler
    that proposes few bad trials loses more by one wrong stop than it saves by several right ones.

    Args:
        target: accuracy to reach, fraction of 1; None: the best so far.
        noise: standard deviation of the accuracy over seeds, fraction of 1.
        quantile: of the gains, in [0, 1].
    """

    def __init__(self, target: float | None, noise: float = 0.0, quantile: float = 1.0) -> None:
        self._target, self._noise, self._quantile = target, noise, quantile

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        now, pairs = comparable(study, trial)
        if len(pairs) < MIN_TRIALS:
            return False
        bar = self._target if self._target is not None else max(end for _, end in pairs)
        return self.projection(now, pairs) < bar

    def projection(self, now: float, pairs: Sequence[tuple[float, float]]) -> float:
        """An optimistic accuracy at the end, from (accuracy at this phase, at the end) pairs."""
        gains = np.array([end - then for then, end in pairs])
        return now + float(np.quantile(gains, self._quantile)) + self._noise


class MedianPruner(BasePruner):
    """Stops a run below the median of the completed ones at its phase; here for comparison."""

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        now, pairs = comparable(study, trial)
        return len(pairs) >= MIN_TRIALS and now < float(np.median([then for then, _ in pairs]))


def comparable(study: optuna.Study, trial: FrozenTrial) -> tuple[float, list[tuple[float, float]]]:
    """The trial's accuracy now, and for every completed trial its accuracy at this phase and at
    its end.

    Diverged trials gain nothing and would make every projection too low. There are no pairs before
    `FIRST_PHASE` or at the very end, where nothing is to decide.
    """
    step = trial.last_step
    if step is None or not step_of(FIRST_PHASE) <= step < step_of(1.0):
        return 0.0, []
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    completed = [t for t in map(Observation, done) if t.completed]
    return trial.intermediate_values[step], [
        (t.trial.intermediate_values[step], t.accuracy)
        for t in completed
        if step in t.trial.intermediate_values and t.accuracy is not None
    ]


def kept_running(number: int) -> bool:
    """Whether a trial runs to its end although the pruner would stop it: one in ten does, which
    measures the pruner's errors."""
    return bool(np.random.default_rng(number).random() < KEPT_RUNNING)


PRUNERS: dict[str, Callable[[float | None, float], BasePruner]] = {
    "median": lambda target, noise: MedianPruner(),
    "none": lambda target, noise: NopPruner(),
    "phase": PhasePruner,
}


def make_pruner(name: str, target: float | None, noise: float) -> BasePruner:
    """A pruner by name; `target` and `noise` are accuracies, fractions of 1.

    Raises:
        UnknownName: no such pruner.
    """
    return PRUNERS[pruner_name(name)](target, noise)


def pruner_name(name: str) -> str:
    """The name as `PRUNERS` has it.

    Raises:
        UnknownName: no such pruner.
    """
    return one_of("pruner", name, PRUNERS)
