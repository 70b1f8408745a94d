"""Selects the winner among the study's trials, so that a single lucky run does not win.

A few short cycles reach the target by luck, and they are the cheapest trials. The shortlist is
therefore based on a model of all trials (`tuning.samplers.surrogate`). Its trials are trained again
with other seeds, still on validation data. While none of them reaches the target on average, the
next cheapest ones that probably reach it are trained again too. The winner is the cheapest whose
mean reaches the target, or else the most accurate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Range, ends
from autosuperconv.core.trace import Job, Trace
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.samplers.surrogate import fit_trial_model
from autosuperconv.tuning.samplers.with_prior import SHORTLIST
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.study import StudySettings, finished
from autosuperconv.tuning.store.session import Session

EXTRA_SEEDS = 2
MOST = 3  # shortlists to train again at most


@dataclass(frozen=True, slots=True)
class Winner:
    """The recipe that is selected.

    Args:
        recipe: as the trial trained it.
        accuracy: its mean validation accuracy over seeds, fraction of 1.
    """

    recipe: Recipe
    accuracy: float


def shortlists(
    traces: Sequence[Trace],
    objective: Objective,
    believed: Collection[Recipe] | None = None,
) -> list[list[Trace]]:
    """The shortlist (trials that reach the target, the cheapest first, then the others by
    accuracy), followed by lists of the next trials that reach the target.

    Args:
        traces: of the completed trials.
        objective: with the target.
        believed: recipes that probably reach it by the model of all trials; None: decide by each
            trial's own run.
    """

    def feasible(trace: Trace) -> bool:
        accuracy = trace.accuracy or 0.0
        reaches = accuracy >= objective.target if believed is None else trace.recipe in believed
        return objective.name == "cost" and reaches

    def rank(trace: Trace) -> tuple[bool, float]:
        good = feasible(trace)
        return (not good, float(trace.samples) if good else -(trace.accuracy or 0.0))

    ranked = sorted(traces, key=rank)
    later = [trace for trace in ranked[SHORTLIST : MOST * SHORTLIST] if feasible(trace)]
    rest = [later[i : i + SHORTLIST] for i in range(0, len(later), SHORTLIST)]
    return [ranked[:SHORTLIST], *rest]


def believed_to_reach(session: Session, settings: StudySettings) -> set[Recipe] | None:
    """Recipes of completed trials that reach the target with a probability above one half; None
    where there are too few trials for a model, or no target."""
    encoding, trials = settings.encoding, finished(session.study)
    if encoding.target is None:
        return None
    model = fit_trial_model(encoding, [t.trial for t in trials])
    if model is None:
        return None
    completed = [t for t in trials if t.completed]
    likely = model.probably_reaches(encoding.rows(t.trial for t in completed))
    return {t.recipe(settings.base) for t, yes in zip(completed, likely, strict=True) if yes}


def choose_winner(session: Session, settings: StudySettings, runs: int) -> Winner:
    """Train the shortlist again and select the winner.

    Args:
        session: the search.
        settings: of the study.
        runs: of the confirmation, which begins here; for its progress.

    Raises:
        NothingCompleted: no trial completed.
    """
    objective, seed = settings.objective, settings.seed
    trials = finished(session.study)
    completed = [t.trace for t in trials if t.trace is not None and t.completed]
    if not trials and session.deadline is not None:
        raise NothingCompleted(
            f"No trial of study {session.study.study_name!r} was begun: the time was up before. "
            "Give more time (--timeout); the same command goes on from here."
        )
    if not completed:
        raise none_completed(session, settings, len(trials))
    session.start(Step.CONFIRMATION, runs)

    def train_again(few: Sequence[Trace]) -> list[Winner]:
        seeds = range(seed + 1, seed + 1 + EXTRA_SEEDS)
        jobs = [Job(replace(t.recipe, seed=s)) for t in few for s in seeds]
        again = iter(session.run(Step.CONFIRMATION, "shortlist", jobs, _label))
        ends = [[t, *(next(again) for _ in seeds)] for t in few]
        return [Winner(t[0].recipe, mean(end.accuracy or 0.0 for end in t)) for t in ends]

    believed = believed_to_reach(session, settings)
    return first_to_reach(shortlists(completed, objective, believed), objective, train_again)


def none_completed(session: Session, settings: StudySettings, trials: int) -> NothingCompleted:
    """Why there is no winner, and what to search instead."""
    base = settings.base.max_lr
    low, high = ends(settings.space.dimensions.get("max_lr", Range(base, base)))
    instead = (
        f"Search more trials (--trials {2 * trials}), longer cycles (--epochs), or lower learning "
        f"rates, such as --max-lr {low / 10:.3g}:{high / 10:.3g}."
    )
    if low == high:
        instead = (
            f"max_lr is fixed at {number(low)}: give a range of lower ones, such as --max-lr "
            f"{low / 100:.3g}:{low:.3g}, or longer cycles (--epochs)."
        )
    return NothingCompleted(
        f"No trial of study {session.study.study_name!r} completed: all {trials} were pruned or "
        f"diverged. {instead}"
    )


def first_to_reach(
    lists: Sequence[Sequence[Trace]],
    objective: Objective,
    score: Callable[[Sequence[Trace]], list[Winner]],
) -> Winner:
    """Score one list after another until one holds a recipe that reaches the target."""
    scored: list[Winner] = []
    for few in lists:
        scored += score(few)
        if any(winner.accuracy >= objective.target for winner in scored):
            break
    return pick(scored, objective)


def pick(scored: Sequence[Winner], objective: Objective) -> Winner:
    """The cheapest that reaches the target on average, or else the most accurate."""
    reaching = [w for w in scored if w.accuracy >= objective.target]
    if objective.name == "cost" and reaching:
        return min(reaching, key=lambda w: w.recipe.epochs)
    return max(scored, key=lambda w: w.accuracy)


def _label(job: Job) -> str:
    r = job.recipe
    return f"shortlist, max_lr {number(r.max_lr)}, {number(r.epochs)} epochs, seed {r.seed}"
