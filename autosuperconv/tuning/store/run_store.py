"""`RunStore`: every finished run that is not a trial of the study, stored in the companion study.

So the same command resumes at any step, and optuna-dashboard shows these runs too.
"""

from __future__ import annotations

from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import TrialState

from autosuperconv.core.events import Step
from autosuperconv.core.serialization import digest, from_json
from autosuperconv.core.space import DEFAULT_SPACE
from autosuperconv.core.trace import Job, Trace
from autosuperconv.tuning.store.observation import attributes_of

ANYWHERE = FloatDistribution(0, 1e9)
PARAMETERS: dict[str, BaseDistribution] = {
    **dict.fromkeys(DEFAULT_SPACE, ANYWHERE),
    "max_lr": FloatDistribution(1e-9, 1e9, log=True),
}
"""What the dashboard shows of a run's recipe; the distributions only have to contain the values."""


def step_of(phase: float) -> int:
    """The Optuna step of a phase: per mille of the run."""
    return round(1000 * phase)


class RunStore:
    """Finished runs by their job, and a few texts kept with them.

    Args:
        study: the companion study.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._traces: dict[str, tuple[Step, str, Trace]] = {}
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            attrs = trial.user_attrs
            trace = from_json(Trace, attrs["trace"])
            self._traces[attrs["job"]] = (Step(attrs["step"]), attrs["role"], trace)

    def stored(self, key: str) -> Any:
        """A value stored with the runs; None if there is none."""
        return self._study.user_attrs.get(key)

    def store(self, key: str, text: str) -> None:
        """Store a value with the runs."""
        self._study.set_user_attr(key, text)

    def find(self, job: Job) -> Trace | None:
        """The trace of an equal job; None if there is none."""
        found = self._traces.get(digest(job))
        return found[2] if found else None

    def add(self, step: Step, role: str, job: Job, trace: Trace) -> None:
        """Store a finished run."""
        self._traces[digest(job)] = (step, role, trace)
        curve = trace.curve
        values = {step_of(phase): accuracy for phase, accuracy in curve.evaluated(curve.phase)}
        self._study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.COMPLETE,
                value=trace.accuracy if trace.accuracy is not None else 0.0,
                params={name: float(getattr(trace.recipe, name)) for name in PARAMETERS},
                distributions=PARAMETERS,
                intermediate_values=values,
                user_attrs={
                    "step": step,
                    "role": role,
                    "schedule": trace.recipe.schedule,
                    "seed": trace.recipe.seed,
                    "measured_on": trace.measured_on,
                    **attributes_of(trace),
                    "job": digest(job),
                },
            )
        )

    def of(self, step: Step) -> list[tuple[str, Trace]]:
        """(role, trace) of every run of a step, in the order they ended."""
        return [(role, trace) for name, role, trace in self._traces.values() if name == step]
