"""The study: Optuna's trials over the search space, live in the storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import optuna
from optuna.pruners import BasePruner
from optuna.trial import Trial, TrialState

from autosuperconv.core.events import RunFinished, Step
from autosuperconv.core.format import number, percent
from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.space import SearchSpace
from autosuperconv.core.trace import Job, StopReason, Trace
from autosuperconv.core.tradeoff import factor_name
from autosuperconv.tuning.samplers import StudySampler, make_sampler
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior, cell_of
from autosuperconv.tuning.samplers.prior_revision import refutation, revised_prior
from autosuperconv.tuning.steps.objective import Objective, Reporter, suggest, tell, tell_above_edge
from autosuperconv.tuning.steps.pruner import RUNGS
from autosuperconv.tuning.store.deadline import was_cut
from autosuperconv.tuning.store.executor import QueuedJob, drive
from autosuperconv.tuning.store.observation import EDGE, Observation
from autosuperconv.tuning.store.session import Session

CLOSED = "closed_at_trials"  # stored once the study is complete, or its time is up
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
CURVE_SHARE = 0.1  # of a trial's training; full evaluations made a short trial 1.8 x as long


@dataclass(frozen=True, slots=True)
class StudySettings:
    """How to search.

    Args:
        space: the fields to search.
        base: the other fields.
        prior: on max_lr.
        objective: what a trial is worth.
        sampler: a name in `SAMPLERS`.
        pruner: decides at each evaluation.
        seed: of the sampler and of every trial's run.
        reserve: seconds to leave for the steps after the study, if there is a deadline.
        initial_trials: parameters of the first trials of a new study.
        chance: accuracy without learning anything, to detect a collapse; None: do not look for it.
    """

    space: SearchSpace
    base: Recipe
    prior: LrPrior
    objective: Objective
    sampler: str
    pruner: BasePruner
    seed: int
    reserve: float = 0.0
    chance: float | None = None
    initial_trials: tuple[dict[str, float | int], ...] = ()

    @property
    def encoding(self) -> Encoding:
        """Its trials as numbers, with the accuracy that they must reach where cost is searched."""
        target = self.objective.target if self.objective.name == "cost" else None
        return Encoding(self.space, self.base, self.prior, target)


def optimise(session: Session, settings: StudySettings, trials: int, go_on: bool = False) -> None:
    """Run trials until there are that many, earlier starts included, or time runs out.

    Args:
        session: the search.
        settings: how to search.
        trials: how many.
        go_on: although the confirmation has begun; no test data were read yet.
    """
    study = session.study
    if not go_on and is_closed(session, trials):
        return
    session.check_owner()  # of another start, a running trial is not stale
    requeue_stale(study)
    if not study.get_trials(deepcopy=False):
        for params in settings.initial_trials:
            study.enqueue_trial(dict(params))
    so_far = len(study.get_trials(deepcopy=False))
    sampler = make_sampler(settings.sampler, settings.encoding, settings.seed, so_far)
    study.sampler = sampler
    running: dict[str, Trial] = {}
    queue = propose(session, settings, sampler, running, trials)
    for queued, trace in drive(session.executor, queue):
        session.check_owner()
        trial = running.pop(queued.key)
        if was_cut(trace):
            continue
        tell(study, trial, settings.objective, trace)
        session.note_once(*trace.notes)
        done = count_finished(study)
        left = session.seconds_left(Step.STUDY, done)
        label, text = f"trial {trial.number}", trial_text(trace, settings.space)
        session.listener(RunFinished(Step.STUDY, label, text, best_text(study), left))
    if session.deadline is not None:
        requeue_stale(study)  # what was cut; a later start begins with it
    if count_finished(study):  # without any there is no search yet to be kept as it is
        session.store(CLOSED, str(trials))


def is_closed(session: Session, trials: int) -> bool:
    """Whether the study is not to go on: it has these trials, or its time was up and what follows
    it has begun."""
    if int(session.stored(CLOSED) or 0) < trials:
        return False
    return count_finished(session.study) >= trials or bool(session.run_store.of(Step.CONFIRMATION))


def propose(
    session: Session,
    settings: StudySettings,
    sampler: StudySampler,
    running: dict[str, Trial],
    trials: int,
) -> Iterator[QueuedJob]:
    """Yield trials one by one. Those above the edge are told at once, without training."""
    study = session.study
    while count_finished(study) + len(running) < trials:
        left = session.time_left()
        if left is not None and left < max(settings.reserve, 0.0):
            text = "Time is nearly up: no more trials, to leave time for the confirmation."
            session.note_once(text)
            return
        check_prior(session, sampler)
        session.check_owner()
        trial = study.ask()
        recipe = suggest(trial, settings.space, settings.base, settings.seed)
        cell = cell_of(trial.params)
        cap, edge = sampler.prior.cap(cell), settings.prior.edge(cell)
        trial.set_user_attr(EDGE, edge)
        if recipe.max_lr > cap * (1 + 1e-9):
            tell_above_edge(study, trial, settings.objective, cap)
            continue
        key = str(trial.number)
        running[key] = trial
        reporter = Reporter(
            session.storage_url,
            study.study_name,
            trial._trial_id,
            settings.pruner,
            settings.chance,
        )
        job = Job(recipe, phases=RUNGS, curve_share=CURVE_SHARE)
        yield QueuedJob(key, job, session.until_time(reporter, settings.reserve / 2))


def check_prior(session: Session, sampler: StudySampler) -> None:
    """Revise the prior by the finished trials; say so where they refute it."""
    trials = session.study.get_trials(deepcopy=False, states=FINISHED)
    why = refutation(sampler.prior, trials)
    if why:
        session.note(why)
    sampler.prior = revised_prior(sampler.prior, trials)


def requeue_stale(study: optuna.Study) -> None:
    """Queue the trials again that an earlier start left running."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.enqueue_trial(dict(trial.params), user_attrs={"retry_of": trial.number})
        study.tell(trial.number, state=TrialState.FAIL)


def count_finished(study: optuna.Study) -> int:
    """Number of finished trials that were trained."""
    return sum(t.stopped_because != StopReason.ABOVE_EDGE for t in finished(study))


def finished(study: optuna.Study) -> list[Observation]:
    """The trials that completed or were pruned, by number."""
    return [Observation(t) for t in study.get_trials(deepcopy=False, states=FINISHED)]


def trial_text(trace: Trace, space: SearchSpace) -> str:
    """A trial's searched fields and its end in one line."""
    fields = (name for name in RECIPE_FIELDS if name in space.dimensions)
    values = (f"{factor_name(name)} {number(getattr(trace.recipe, name))}" for name in fields)
    return f"{', '.join(values)}: {trace.outcome}"


def best_text(study: optuna.Study) -> str | None:
    """The best trial so far in a few words; None while no trial reaches the target."""
    try:
        best = Observation(study.best_trial)
    except ValueError:
        return None
    return f"{percent(best.accuracy)} in {number(best.epochs)} epochs (trial {best.number})"
