"""Traces and trials as the report holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optuna.trial import TrialState

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Run, Trial
from autosuperconv.core.trace import StopReason, Trace
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.study import finished
from autosuperconv.tuning.store.observation import Observation
from autosuperconv.tuning.store.session import Session

REPORTED = ("phase", "epoch", "lr", "train_loss", "accuracy")
DIGITS = 6  # the report's numbers are shown with four at most


def reported_run(role: str, trace: Trace) -> Run:
    """A run outside the study."""
    return Run(role, as_reported(trace))


def as_reported(trace: Trace) -> Trace:
    """With the columns of its curve that the report draws; the storage has them all."""
    return replace(trace, curve=trace.curve.only(REPORTED, DIGITS))


def reported_trials(session: Session, objective: Objective, base: Recipe) -> tuple[Trial, ...]:
    """Every finished trial of the study, by number."""
    trials = finished(session.study)
    front = pareto_front([t.trace for t in trials if t.trace is not None and t.completed])
    return tuple(_reported(trial, objective, base, front) for trial in trials)


def pareto_front(traces: Sequence[Trace]) -> set[Recipe]:
    """Recipes that no other completed trial beats in both samples and accuracy."""
    best, front = -1.0, set()
    for trace in sorted(traces, key=lambda t: (t.samples, -(t.accuracy or 0.0))):
        if (trace.accuracy or 0.0) > best:
            best = trace.accuracy or 0.0
            front.add(trace.recipe)
    return front


def _reported(trial: Observation, objective: Objective, base: Recipe, front: set[Recipe]) -> Trial:
    trace, recipe = trial.trace, trial.recipe(base)
    accuracy = trace.accuracy if trace and trace.completed else None
    pruned = trial.state == TrialState.PRUNED
    return Trial(
        number=trial.number,
        state=StopReason.PRUNED if pruned else trial.stopped_because or StopReason.COMPLETED,
        detail=trial.detail,
        recipe=recipe,
        trace=None if trace is None else as_reported(trace),
        edge=trial.edge,
        feasible=accuracy is not None and accuracy >= objective.target,
        on_front=trace is not None and trace.completed and recipe in front,
        would_prune_at=trial.would_prune_at,
    )
