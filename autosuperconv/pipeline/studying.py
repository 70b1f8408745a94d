"""How the study of a search is set: its space, its prior, and what a trial must reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autosuperconv.core.events import Step
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.reach import reach_in_search
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.pipeline.setup import Work
from autosuperconv.tuning.samplers.initial_trials import initial_trials
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.steps.allocation import MOST_TRIALS
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.study import StudySettings, count_finished, optimise


@dataclass(frozen=True, slots=True)
class Goal:
    """What trials are compared with.

    Args:
        target: validation accuracy to reach, fraction of 1.
        sd: of that over seeds, fraction of 1; 0 where it is not known.
        first: a standard recipe, whose settings the first trials have.
        lengths: shortest and longest cycle, in epochs.
    """

    target: float
    sd: float
    first: Recipe
    lengths: tuple[float, float]


def run_study(work: Work, plan: Plan, range_test: RangeTest, goal: Goal) -> StudySettings:
    """Optuna over the space, with the range test's prior; returns how it searched."""
    session, trials = work.session, trials_of(work, plan)
    session.start(Step.STUDY, plan.budget.trials, count_finished(session.study))
    settings = study_settings(work, plan, range_test, goal)
    optimise(session, settings, trials)
    session.finish(Step.STUDY, f"{count_finished(session.study)} trials")
    return settings


def trials_of(work: Work, plan: Plan) -> int:
    """As planned; with a time limit more, as long as there is time and no number was given."""
    options = work.setup.options
    free = options.timeout is not None and options.trials is None
    return max(plan.budget.trials, MOST_TRIALS) if free else plan.budget.trials


def study_settings(work: Work, plan: Plan, range_test: RangeTest, goal: Goal) -> StudySettings:
    """The space with what the range test says of it."""
    setup, options, lengths = work.setup, work.setup.options, goal.lengths
    max_lr = above_floor(setup.range_of("max_lr"), range_test)
    epochs = Range(*lengths, log=True)
    space = SearchSpace({**setup.dimensions, "max_lr": max_lr, "epochs": epochs})
    by_cost = options.objective == "cost"
    space = space if by_cost else space.without("epochs")
    reached = reach_in_search(*(setup.base, setup.n_train, lengths, setup.batch_sizes))
    prior = LrPrior(range_test, max_lr, reach=reached)
    return StudySettings(
        space=space,
        base=replace(setup.base, epochs=lengths[1]),
        prior=prior,
        objective=Objective(options.objective, goal.target, setup.n_train, lengths[1]),
        sampler=options.sampler,
        pruner=make_pruner(options.pruner, goal.target if by_cost else None, goal.sd),
        seed=options.seed,
        reserve=reserve_of(plan, work.session.time_left()),
        initial_trials=initial_trials(space, goal.first, prior),
        chance=None if options.pruner == "none" else setup.chance,
    )


def reserve_of(plan: Plan, left: float | None) -> float:
    """Seconds to keep for what follows the study; its share of them where there are too few."""
    later = (Step.CONFIRMATION,) if plan.budget.target else (Step.CONFIRMATION, Step.ABLATION)
    forecast = {f.step: f.seconds for f in plan.forecast}
    reserve = sum(forecast.get(step, 0.0) for step in later)
    total = reserve + forecast.get(Step.STUDY, 0.0)
    if left is None or left >= total:
        return reserve
    return max(left, 0.0) * reserve / total


def above_floor(range_: Range, range_test: RangeTest) -> Range:
    """max_lr's range, cut below the lowest floor. The top stays: the prior has a cap there, which
    depends on batch size and weight decay and is lifted if the trials refute it.
    """
    floors = [c.floor for c in range_test.cells if c.floor is not None]
    low = max(range_.low, min(floors)) if floors else range_.low
    return Range(low, range_.high, log=True) if low < range_.high else range_
