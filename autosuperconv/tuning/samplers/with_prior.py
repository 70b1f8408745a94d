"""`WithPrior`: any Optuna sampler, with the range test's prior on max_lr in front.

It wraps the other through Optuna's public interface alone: start-up draws of max_lr come from the
prior, and a later proposal above the cap is drawn again, so no trial is ever proposed that the
range test has already seen to break.

Where cost is minimised, the value of a trial is known before it is trained: its length. One that
is longer than the last of a full shortlist of trials that reached the target cannot enter it any
more, so `epochs` above that ceiling is drawn again below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from autosuperconv.tuning.samplers.prior import LrPrior, cell_of

SHORTLIST = 3  # trials that are trained again on other seeds before one is chosen
SHORTENING = 2.0  # a length above the ceiling is drawn again from the ceiling over this, up


class WithPrior(BaseSampler):
    """Any sampler, with max_lr from the prior at first and below the cap always, and no cycle
    longer than the ceiling.

    Relies on batch_size and weight_decay being suggested before max_lr.

    Args:
        prior: may be replaced during the study.
    """

    def __init__(self, inner: BaseSampler, prior: LrPrior, seed: int) -> None:
        self._inner, self.prior = inner, prior
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
        if "epochs" in params:
            params["epochs"] = self._shortened(study, params["epochs"], search_space["epochs"])
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
            value = self._inner.sample_independent(study, trial, param_name, param_distribution)
            short = param_name == "epochs"
            return self._shortened(study, value, param_distribution) if short else value
        cell = cell_of(trial.params)
        proposed = self._proposed.pop(trial.number, None)
        if proposed is not None and proposed <= self.prior.cap(*cell):
            return proposed
        return self.prior.draw(self._rng, *cell)

    def _shortened(self, study: optuna.Study, epochs: float, where: BaseDistribution) -> float:
        """The length, or one below the ceiling."""
        top = ceiling(study)
        if top is None or epochs <= top or not isinstance(where, FloatDistribution):
            return epochs
        low = max(where.low, top / SHORTENING)
        return float(np.clip(low * (top / low) ** self._rng.random(), low, top))

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


def ceiling(study: optuna.Study) -> float | None:
    """Length of the last trial of a full shortlist, in epochs; None while it is not full.

    Only a study that minimises has one: accuracy is maximised at one length.
    """
    if study.direction != StudyDirection.MINIMIZE:
        return None
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    lengths = sorted(t.params["epochs"] for t in done if "epochs" in t.params and reached(t))
    return float(lengths[SHORTLIST - 1]) if len(lengths) >= SHORTLIST else None


def reached(trial: FrozenTrial) -> bool:
    """Whether a trial met its constraints; one that has none did not."""
    return bool(trial.constraints) and all(v <= 0 for v in trial.constraints.values())
