"""From the study's trials to one winner: a single lucky run does not win.

Among all trials a few short cycles reach the target by luck, and they are the cheapest. So the
shortlist is made by what *all* trials say of each (`tuning.accuracy_model`). Its trials are trained
again on other seeds, still on validation data. The winner is the cheapest whose mean reaches the
target, or else the most accurate.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import mean

import numpy as np

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.accuracy_model import learn
from autosuperconv.tuning.edge_sampler import SHORTLIST
from autosuperconv.tuning.objective import Objective
from autosuperconv.tuning.session import Session
from autosuperconv.tuning.study import FINISHED, StudySettings, trace_of

EXTRA_SEEDS = 2


@dataclass(frozen=True, slots=True)
class Winner:
    """The chosen recipe and its mean validation accuracy over seeds."""

    recipe: Recipe
    accuracy: float


def shortlist(
    traces: Sequence[Trace],
    objective: Objective,
    believed: Collection[Recipe] | None = None,
) -> list[Trace]:
    """The best trials: those that reach the target, the cheapest first; then by accuracy.

    Args:
        believed: recipes that reach it by what all trials say; None: go by each one's own run.
    """

    def rank(trace: Trace) -> tuple[bool, float]:
        accuracy = trace.accuracy or 0.0
        reaches = accuracy >= objective.target if believed is None else trace.recipe in believed
        feasible = objective.name == "cost" and reaches
        return (not feasible, float(trace.samples) if feasible else -accuracy)

    return sorted(traces, key=rank)[:SHORTLIST]


def believed_to_reach(session: Session, settings: StudySettings) -> set[Recipe] | None:
    """Recipes of the completed trials that more probably reach the target than not; None where
    too few trials are there to tell, or there is no target."""
    landscape = settings.landscape
    trials = session.study.get_trials(deepcopy=False, states=FINISHED)
    model = learn(landscape, trials) if landscape.target is not None else None
    if model is None:
        return None
    traces = [(trial, trace_of(trial)) for trial in trials]
    completed = [(trial, trace) for trial, trace in traces if trace is not None and trace.completed]
    rows = np.array([landscape.row(trial.params) for trial, _ in completed])
    likely = model.believed(rows)
    return {trace.recipe for (_, trace), yes in zip(completed, likely, strict=True) if yes}


def choose_winner(session: Session, settings: StudySettings, runs: int) -> Winner:
    """Train the shortlist again and choose.

    Args:
        runs: of the whole step that begins here, to tell how far it is.

    Raises:
        NothingCompleted: no trial completed.
    """
    objective, seed = settings.objective, settings.seed
    stored = [trace_of(t) for t in session.study.get_trials(deepcopy=False, states=FINISHED)]
    completed = [t for t in stored if t is not None and t.completed]
    if not completed:
        raise NothingCompleted(
            f"No trial of study {session.study.study_name!r} completed: all {len(stored)} were "
            "pruned or diverged. Search more trials (--trials), longer cycles (--epochs), or "
            "lower rates (--max-lr)."
        )
    candidates = shortlist(completed, objective, believed_to_reach(session, settings))
    session.start("confirm", runs)
    jobs = [
        Job(replace(t.recipe, seed=seed + 1 + i)) for t in candidates for i in range(EXTRA_SEEDS)
    ]
    again = iter(session.run("confirm", "shortlist", jobs, _label))
    scored = []
    for trace in candidates:
        ends = [trace, *(next(again) for _ in range(EXTRA_SEEDS))]
        scored.append(Winner(trace.recipe, mean(t.accuracy or 0.0 for t in ends)))
    return pick(scored, objective)


def pick(scored: Sequence[Winner], objective: Objective) -> Winner:
    """The cheapest that reaches the target on average, or else the most accurate."""
    reaching = [w for w in scored if w.accuracy >= objective.target]
    if objective.name == "cost" and reaching:
        return min(reaching, key=lambda w: w.recipe.epochs)
    return max(scored, key=lambda w: w.accuracy)


def _label(job: Job) -> str:
    r = job.recipe
    return f"shortlist, max_lr {r.max_lr:.3g}, {r.epochs:.3g} epochs, seed {r.seed}"
