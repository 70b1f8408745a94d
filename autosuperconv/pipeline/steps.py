"""The whole search: plan, range test, baseline, study, confirmation, ablation, verdict, report."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.events import Step
from autosuperconv.core.format import duration, size_in_points
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.report import Report
from autosuperconv.core.schedule.reach import reach_in_search
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.pipeline.fixed import about_fixed
from autosuperconv.pipeline.report import Findings, make_report
from autosuperconv.pipeline.setup import Work
from autosuperconv.tuning.samplers.initial_trials import initial_trials
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.steps.ablation import ablate
from autosuperconv.tuning.steps.baseline import MeasuredBaseline, level_cost, measure_baseline
from autosuperconv.tuning.steps.confirmation import confirm
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.plan import (
    budget_of,
    confirm_runs,
    make_plan,
    sweeps_within,
)
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.range_test import run_range_test
from autosuperconv.tuning.steps.rungs import study_lengths
from autosuperconv.tuning.steps.study import StudySettings, count_finished, optimise
from autosuperconv.tuning.steps.sweep_design import make_grid

FIRST_LOOK = 3  # seeds; below three an interval is too wide to decide anything


def run_steps(work: Work) -> Report:
    """All steps, in their order; those that are finished already are read, not repeated."""
    plan = plan_search(work)
    work = work.following(plan)
    setup, session, options = work.setup, work.session, work.setup.options
    range_test = sweep_range(work, plan)
    baseline = measure_baseline(session, setup, plan.budget.baseline_epochs, range_test)
    study = run_study(work, plan, range_test, baseline)
    confirmation = confirm(session, setup, study, baseline, confirm_runs(plan.budget))
    tradeoff = ablate(
        *(session, confirmation.sides, confirmation.winner, baseline.recipe),
        *(confirmation.verdict.outcome, options.explain, confirmation.margin.spread),
    )
    if work.searching:
        session.remember_wall_seconds()
    findings = Findings(plan, range_test, study.objective, confirmation, tradeoff)
    return make_report(work, findings)


def plan_search(work: Work) -> Plan:
    """Time the engine, choose lengths and forecast; a dry run ends here."""
    setup = work.setup
    own = (*about_fixed(setup.options.space), *about_target(setup.options))
    choices = (*work.choices, *own)
    plan = make_plan(work.session, budget_of(setup), setup, make_grid(setup), choices)
    work.session.finish(Step.PLAN, f"{plan.runs} runs, about {duration(plan.seconds)}")
    return plan


def about_target(options: SearchOptions) -> tuple[str, ...]:
    """Which accuracy a trial must reach, where the margin decides it."""
    if options.target is not None:
        return ()
    margin = "the margin, which follows from the spread over seeds (--margin sets it)"
    if options.criterion.margin is not None:
        margin = f"{size_in_points(options.criterion.margin)} percentage points (--margin)"
    return (f"Target of the trials: the baseline's validation accuracy, less {margin}.",)


def sweep_range(work: Work, plan: Plan | None = None, bounded: bool = False) -> RangeTest:
    """Sweep the learning rate in a few cells, within the range test's share of the search.

    Args:
        plan: of the search; None: the range test is run by itself.
        bounded: sweep only the requested range of `max_lr`.
    """
    setup = work.setup
    budget = budget_of(setup) if plan is None else plan.budget
    sweeps = sweeps_within(budget, setup, make_grid(setup, bounded))
    base, sizes = setup.base, (setup.n_train, setup.curve_cost)
    return run_range_test(work.session, base, sweeps, *sizes, setup.majority)


def run_study(
    work: Work, plan: Plan, range_test: RangeTest, baseline: MeasuredBaseline
) -> StudySettings:
    """Optuna over the space, with the range test's prior; returns how it searched."""
    session, setup, options, budget = work.session, work.setup, work.setup.options, plan.budget
    max_lr = above_floor(setup.range_of("max_lr"), range_test)
    lengths = study_lengths(setup, level_cost(baseline.curves, baseline.margin))
    epochs = Range(*lengths, log=True)
    space = SearchSpace({**setup.dimensions, "max_lr": max_lr, "epochs": epochs})
    by_cost = options.objective == "cost"
    session.start(Step.STUDY, budget.trials, count_finished(session.study))
    space = space if by_cost else space.without("epochs")
    reached = reach_in_search(*(setup.base, setup.n_train, lengths, setup.batch_sizes))
    prior = LrPrior(range_test, max_lr, reach=reached)
    later = (Step.CONFIRMATION, Step.ABLATION)
    settings = StudySettings(
        space=space,
        base=replace(setup.base, epochs=lengths[1]),
        prior=prior,
        objective=Objective(options.objective, baseline.target, setup.n_train, lengths[1]),
        sampler=options.sampler,
        pruner=make_pruner(
            options.pruner, baseline.target if by_cost else None, baseline.sd or 0.0
        ),
        seed=options.seed,
        reserve=sum(f.seconds for f in plan.forecast if f.step in later),
        initial_trials=initial_trials(space, baseline.recipe, prior),
        chance=None if options.pruner == "none" else setup.chance,
    )
    optimise(session, settings, budget.trials)
    session.finish(Step.STUDY, f"{count_finished(session.study)} trials")
    return settings


def above_floor(range_: Range, range_test: RangeTest) -> Range:
    """max_lr's range, cut below the lowest floor. The top stays: the prior has a cap there, which
    depends on batch size and weight decay and is lifted if the trials refute it.
    """
    floors = [c.floor for c in range_test.cells if c.floor is not None]
    low = max(range_.low, min(floors)) if floors else range_.low
    return Range(low, range_.high, log=True) if low < range_.high else range_
