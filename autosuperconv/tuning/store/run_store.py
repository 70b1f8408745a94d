"""`RunStore`: every finished run outside the study, kept as a trial of a companion study.

So the same command resumes at any step, and the runs can be looked at in optuna-dashboard.
"""

from __future__ import annotations

import math
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import TrialState

from autosuperconv.core.events import Step
from autosuperconv.core.serialization import digest, from_json, to_dict, to_json
from autosuperconv.core.trace import Job, Trace

SHOWN: dict[str, BaseDistribution] = {
    "max_lr": FloatDistribution(1e-9, 1e9, log=True),
    "epochs": FloatDistribution(0, 1e9),
    "batch_size": FloatDistribution(0, 1e9),
    "weight_decay": FloatDistribution(0, 1e9),
    "dropout": FloatDistribution(0, 1),
}


def step_of(phase: float) -> int:
    """The Optuna step of a phase: per mille of the run."""
    return round(1000 * phase)


def flat_attributes(trace: Trace) -> dict[str, object]:
    """A trace's few numbers, one dashboard column each."""
    rate = trace.samples_per_second
    return {
        "accuracy": trace.accuracy,
        "epochs": trace.points[-1].epoch if trace.points else 0.0,
        "samples": trace.samples,
        "seconds": round(trace.seconds, 3),
        "samples_per_second": round(rate, 1) if math.isfinite(rate) else None,
        "stopped_because": trace.stopped_because,
        "stopped_detail": trace.detail,
        "phase": trace.points[-1].phase if trace.points else 0.0,
    }


def name_of(job: Job) -> str:
    """Equal jobs, equal names; the same as in studies of before jobs had a `curve_share`."""
    fields = to_dict(job)
    if job.curve_share is None:
        del fields["curve_share"]
    return digest(fields)


class RunStore:
    """Finished runs by the job that asked for them."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._traces: dict[str, tuple[Step, str, Trace]] = {}
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            attrs = trial.user_attrs
            trace = from_json(Trace, attrs["trace"])
            self._traces[attrs["job"]] = (Step(attrs["step"]), attrs["role"], trace)

    def stored(self, key: str) -> Any:
        """A value kept with the runs; None where there is none."""
        return self._study.user_attrs.get(key)

    def store(self, key: str, text: str) -> None:
        """Keep a value with the runs."""
        self._study.set_user_attr(key, text)

    def find(self, job: Job) -> Trace | None:
        """The trace of an equal job, if it has been done."""
        found = self._traces.get(name_of(job))
        return found[2] if found else None

    def add(self, step: Step, role: str, job: Job, trace: Trace) -> None:
        """Keep a finished run."""
        self._traces[name_of(job)] = (step, role, trace)
        values = {step_of(p.phase): p.accuracy for p in trace.points if p.accuracy is not None}
        self._study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.COMPLETE,
                value=trace.accuracy if trace.accuracy is not None else 0.0,
                params={name: float(getattr(trace.recipe, name)) for name in SHOWN},
                distributions=SHOWN,
                intermediate_values=values,
                user_attrs={
                    "step": step,
                    "role": role,
                    "schedule": trace.recipe.schedule,
                    "seed": trace.recipe.seed,
                    "measured_on": trace.measured_on,
                    **flat_attributes(trace),
                    "job": name_of(job),
                    "trace": to_json(trace),
                },
            )
        )

    def of(self, step: Step) -> list[tuple[str, Trace]]:
        """(role, trace) of every run of a step, in the order they ended."""
        return [(role, trace) for name, role, trace in self._traces.values() if name == step]
