"""Traces and trials as the report shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from optuna.trial import TrialState

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Curve, RunSummary, TrialSummary
from autosuperconv.core.trace import StopReason, Trace
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.study import finished
from autosuperconv.tuning.store.observation import Observation
from autosuperconv.tuning.store.session import Session

EMPTY = Curve((), (), (), (), ())


def curve_of(trace: Trace) -> Curve:
    """A trace's points as columns."""
    points = trace.points
    return Curve(
        phase=tuple(p.phase for p in points),
        epoch=tuple(p.epoch for p in points),
        lr=tuple(p.lr for p in points),
        train_loss=tuple(p.train_loss if math.isfinite(p.train_loss) else None for p in points),
        accuracy=tuple(p.accuracy for p in points),
    )


def run_summary(role: str, trace: Trace) -> RunSummary:
    """A run outside the study."""
    return RunSummary(
        role=role,
        recipe=trace.recipe,
        measured_on=trace.measured_on,
        accuracy=trace.accuracy,
        stopped_because=trace.stopped_because,
        samples=trace.samples,
        seconds=trace.seconds,
        curve=curve_of(trace),
    )


def trial_summaries(
    session: Session, objective: Objective, base: Recipe
) -> tuple[TrialSummary, ...]:
    """Every finished trial of the study, by number."""
    trials = finished(session.study)
    front = pareto_front([t.trace for t in trials if t.trace is not None and t.completed])
    return tuple(_summary(trial, objective, base, front) for trial in trials)


def pareto_front(traces: Sequence[Trace]) -> set[Recipe]:
    """Recipes that no other completed trial beats in both samples and accuracy."""
    best, front = -1.0, set()
    for trace in sorted(traces, key=lambda t: (t.samples, -(t.accuracy or 0.0))):
        if (trace.accuracy or 0.0) > best:
            best = trace.accuracy or 0.0
            front.add(trace.recipe)
    return front


def _summary(
    trial: Observation, objective: Objective, base: Recipe, front: set[Recipe]
) -> TrialSummary:
    trace, recipe = trial.trace, trial.recipe(base)
    accuracy = trace.accuracy if trace and trace.completed else None
    return TrialSummary(
        number=trial.number,
        state=_state(trial),
        detail=trial.detail,
        recipe=recipe,
        accuracy=accuracy,
        samples=trace.samples if trace else 0,
        seconds=trace.seconds if trace else 0.0,
        edge=trial.edge,
        feasible=accuracy is not None and accuracy >= objective.target,
        on_front=trace is not None and trace.completed and recipe in front,
        would_prune_at=trial.would_prune_at,
        curve=curve_of(trace) if trace else EMPTY,
    )


def _state(trial: Observation) -> StopReason:
    if trial.state == TrialState.PRUNED:
        return StopReason.PRUNED
    return trial.stopped_because or StopReason.COMPLETED
