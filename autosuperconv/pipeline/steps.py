"""The whole search: plan, range test, baseline, study, confirmation, ablation, verdict, report.

Where a target is the question, the baseline comes last: the answer does not wait for it. Where the
time is up, the report is made of what there is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from autosuperconv.core.events import Step
from autosuperconv.core.format import duration, size_in_points
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.report import Report
from autosuperconv.core.setup import Setup
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.verdict.target_words import undecided_verdict
from autosuperconv.errors import NothingCompleted, TimeUp
from autosuperconv.pipeline.findings import Findings, about_tradeoff, of_confirmation
from autosuperconv.pipeline.fixed import about_fixed
from autosuperconv.pipeline.report import make_report
from autosuperconv.pipeline.setup import Work
from autosuperconv.pipeline.studying import Goal, run_study
from autosuperconv.pipeline.targeting import answer_target
from autosuperconv.tuning.report.so_far import best_so_far
from autosuperconv.tuning.steps.ablation import ablate
from autosuperconv.tuning.steps.baseline import MeasuredBaseline, level_cost, measure_baseline
from autosuperconv.tuning.steps.confirmation import confirm
from autosuperconv.tuning.steps.forecast import confirm_runs, sweeps_within
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.plan import budget_of, make_plan
from autosuperconv.tuning.steps.range_test import run_range_test
from autosuperconv.tuning.steps.rungs import study_lengths
from autosuperconv.tuning.steps.sweep_design import make_grid
from autosuperconv.tuning.store.session import TIME_UP

LEFT_OUT = (
    "The trade-off was not measured, to keep the time limit. More time (--timeout) or --explain "
    "always measures it."
)
NO_TRADEOFF = "The trade-off was not measured, because there is no verdict."
NO_TEST_DATA = "Anything on test data: there was no confirmation."


@dataclass
class SoFar:
    """How far a search has come.

    Args:
        work: the search.
        plan: None before it is made.
        range_test: None before it is read.
        baseline: None before it is measured.
    """

    work: Work
    plan: Plan | None = None
    range_test: RangeTest | None = None
    baseline: MeasuredBaseline | None = None


def run_steps(work: Work) -> Report:
    """All steps, in their order; those that are finished already are read, not repeated.

    Raises:
        TimeUp: before any run had ended.
        NothingCompleted: every run of a step diverged.
    """
    so_far, options = SoFar(work), work.setup.options
    try:
        findings = carry_out(so_far)
    except TimeUp as up:
        findings = what_there_is(so_far, up, "More time (--timeout) goes on from here.")
    except NothingCompleted as error:
        if options.timeout is None and options.target is None:
            raise
        findings = what_there_is(so_far, error, "")
    if work.searching:
        work.session.remember_wall_seconds()
    return make_report(so_far.work, findings)


def carry_out(so_far: SoFar) -> Findings:
    """The steps of the question that was asked.

    Raises:
        TimeUp: before there was an answer.
    """
    plan = so_far.plan = plan_search(so_far.work)
    work = so_far.work = so_far.work.following(plan)
    range_test = so_far.range_test = sweep_range(work, plan)
    if work.setup.options.target is not None:
        return answer_target(work, plan, range_test)
    setup, session = work.setup, work.session
    baseline = measure_baseline(session, setup, plan.budget.baseline_epochs, range_test)
    so_far.baseline = baseline
    study = run_study(work, plan, range_test, goal_of(setup, baseline))
    looked = with_looks(setup, plan)
    confirmation = confirm(session, looked, study, baseline, confirm_runs(plan.budget))
    if was_left_out(setup, plan):
        tradeoff = Tradeoff((), (), LEFT_OUT, measured=False)
    else:
        tradeoff = ablate(
            *(session, confirmation.sides, confirmation.winner, baseline.recipe),
            *(confirmation.verdict.outcome, setup.options.explain, confirmation.margin.spread),
        )
    return of_confirmation(setup, plan, range_test, study.objective, confirmation, tradeoff)


def was_left_out(setup: Setup, plan: Plan) -> bool:
    """Whether the time limit leaves no room for the trade-off."""
    limited, wanted = setup.options.timeout is not None, setup.options.explain != "never"
    return limited and wanted and bool(setup.factors) and not plan.budget.factors


def goal_of(setup: Setup, baseline: MeasuredBaseline) -> Goal:
    """The baseline's accuracy, at the lengths that the verdict distinguishes."""
    lengths = study_lengths(setup, level_cost(baseline.curves, baseline.margin))
    return Goal(baseline.target, baseline.sd or 0.0, baseline.recipe, lengths)


def with_looks(setup: Setup, plan: Plan) -> Setup:
    """The setup with the number of looks that was planned."""
    most = max(plan.budget.max_seeds, setup.options.first_seeds)
    return replace(setup, options=replace(setup.options, max_seeds=most))


def plan_search(work: Work) -> Plan:
    """Time the engine, choose lengths and forecast; a dry run ends here."""
    setup = work.setup
    own = (*about_fixed(setup.options.space), *about_target(setup.options))
    choices, budget = (*work.choices, *own), budget_of(setup)
    plan = make_plan(work.session, budget, setup, make_grid(setup), choices, work.searching)
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


def what_there_is(so_far: SoFar, end: TimeUp | NothingCompleted, remedy: str) -> Findings:
    """The best recipe so far, and what it rests on.

    Raises:
        TimeUp: no run has ended.
        NothingCompleted: none has completed.
    """
    work, baseline = so_far.work, so_far.baseline
    setup, session = work.setup, work.session
    target = setup.options.target if baseline is None else baseline.target
    best = best_so_far(session, target)
    if best is None:
        raise end
    shown, criterion = (best.accuracy, best.runs), setup.options.criterion
    time_up = isinstance(end, TimeUp)
    step = session.stored(TIME_UP) or session.step
    why = f"the time was up during the {step}" if time_up else str(end)
    tradeoff = Tradeoff((), (), NO_TRADEOFF, measured=False)
    return Findings(
        plan=so_far.plan or Plan({}, None, budget_of(setup), session.executor.size, (), ()),
        range_test=so_far.range_test or no_range_test(setup),
        objective=Objective(setup.options.objective, target or math.inf, setup.n_train, 1.0),
        baseline=baseline,
        curves=() if baseline is None else baseline.curves,
        winner=best.recipe,
        validation=best.accuracy,
        runs=(),
        tradeoff=tradeoff,
        verdict=undecided_verdict(why, remedy, best.recipe, shown, criterion),
        not_measured=(*about_tradeoff(tradeoff), NO_TEST_DATA),
    )


def no_range_test(setup: Setup) -> RangeTest:
    """A range test that the time was not enough for."""
    range_ = setup.range_of("max_lr")
    return RangeTest((), range_.low, range_.high, None, "The range test was not finished.")
