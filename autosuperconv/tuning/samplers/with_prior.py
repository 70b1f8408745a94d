"""`WithPrior`: any Optuna sampler, combined with the range test's prior on max_lr.

It uses the other sampler through Optuna's public interface alone. While that sampler draws at
random, max_lr is drawn from the prior; a later proposal above the cap is replaced by such a draw,
so that no trial is proposed at a max_lr that is known to diverge.

Where cost is minimized, a trial's value is known before it is trained: its length. Once enough
trials have reached the target to fill the shortlist, a longer trial cannot enter it, so `epochs`
above the shortlist's longest is replaced by a shorter draw.
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

SHORTLIST = 3  # trials that are retrained on other seeds before one is chosen
SHORTENING = 2.0  # a replacement for a length above the limit is at least the limit over this


class WithPrior(BaseSampler):
    """Any sampler, with max_lr at first from the prior and never above the cap, and with no cycle
    longer than the shortlist's longest.

    It relies on batch_size and weight_decay being suggested before max_lr.

    Args:
        inner: the sampler to combine with the prior.
        prior: on max_lr; the attribute may be set during the study.
        seed: of the draws from the prior.
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
        are known: a dimension with a single value is in no joint proposal."""
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
            is_length = param_name == "epochs"
            return self._shortened(study, value, param_distribution) if is_length else value
        cell = cell_of(trial.params)
        proposed = self._proposed.pop(trial.number, None)
        if proposed is not None and proposed <= self.prior.cap(cell):
            return proposed
        return self.prior.draw(self._rng, cell)

    def _shortened(self, study: optuna.Study, epochs: float, within: BaseDistribution) -> float:
        """The length, or a draw below the limit where it is above."""
        limit = length_limit(study)
        if limit is None or epochs <= limit or not isinstance(within, FloatDistribution):
            return epochs
        low = max(within.low, limit / SHORTENING)
        return float(np.clip(low * (limit / low) ** self._rng.random(), low, limit))

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


def length_limit(study: optuna.Study) -> float | None:
    """Length of the longest trial of a full shortlist, in epochs; None while it is not full, and in
    a study that maximizes accuracy, where all trials have one length."""
    if study.direction != StudyDirection.MINIMIZE:
        return None
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    lengths = sorted(t.params["epochs"] for t in trials if "epochs" in t.params and is_feasible(t))
    return float(lengths[SHORTLIST - 1]) if len(lengths) >= SHORTLIST else None


def is_feasible(trial: FrozenTrial) -> bool:
    """Whether a trial met its constraints; a trial without constraints did not."""
    return bool(trial.constraints) and all(v <= 0 for v in trial.constraints.values())
