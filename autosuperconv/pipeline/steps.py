"""The whole story: plan, range test, baseline, study, confirmation, ablation, verdict, report."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.events import Step
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Plan, Report
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Range, SearchSpace
from autosuperconv.core.stats import FIRST_LOOK
from autosuperconv.core.verdict import Criterion, Verdict, criterion_at, judge
from autosuperconv.pipeline.report import Findings, assemble
from autosuperconv.pipeline.setup import Work
from autosuperconv.reporting import rows as words
from autosuperconv.tuning.samplers.initial_trials import initial_trials
from autosuperconv.tuning.samplers.prior import LrPrior
from autosuperconv.tuning.steps import confirmation as confirming
from autosuperconv.tuning.steps.ablation import ablate
from autosuperconv.tuning.steps.baseline import TunedBaseline, tune_baseline
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.plan import Budget, Sizes, confirm_runs, make_plan, sweeps_within
from autosuperconv.tuning.steps.pruner import make_pruner
from autosuperconv.tuning.steps.range_test import run_range_test
from autosuperconv.tuning.steps.selection import choose_winner
from autosuperconv.tuning.steps.study import StudySettings, count_finished, optimise
from autosuperconv.tuning.steps.sweep_design import make_grid

EPOCHS_OF_BASELINE = (1 / 15, 1 / 3)


def tell_story(work: Work) -> Report:
    """All steps, in their order; those that are done already are read, not repeated."""
    plan = plan_search(work)
    work = work.following(plan)
    setup, session = work.setup, work.session
    range_test = sweep_range(work, plan)
    baseline = tune_baseline(
        session, setup.base, plan.baseline_epochs, range_test, setup.settings.target
    )
    study = run_study(work, plan, range_test, baseline)
    winner = choose_winner(session, study, confirm_runs(setup.seeds))
    confirmation, verdict = confirm(work, winner.recipe, baseline.recipe)
    tradeoff = ablate(session, confirmation, winner.recipe, baseline.recipe, shapley=setup.shapley)
    if work.searching:
        session.remember_wall_seconds()
    findings = Findings(
        plan, range_test, baseline, study.objective, winner, confirmation, tradeoff, verdict
    )
    return assemble(work, findings)


def plan_search(work: Work) -> Plan:
    """Time the engine, choose lengths and forecast; this is where a dry run stops."""
    setup = work.setup
    plan = make_plan(
        work.session,
        budget_of(setup),
        setup.base,
        setup.batch_sizes,
        sizes_of(setup),
        make_grid(setup),
        setup.choices,
    )
    work.session.finish(Step.PLAN, f"{plan.runs} runs, about {words.duration(plan.seconds)}")
    return plan


def budget_of(setup: Setup) -> Budget:
    """How much to train, before anything was measured."""
    standard = Budget()
    long = setup.baseline_epochs or (
        setup.epochs[1] / EPOCHS_OF_BASELINE[1] if setup.epochs else standard.baseline_epochs
    )
    low, high = setup.epochs or tuple(long * share for share in EPOCHS_OF_BASELINE)
    fixed = setup.epochs is not None or setup.baseline_epochs is not None
    return Budget(setup.trials, long, low, high, setup.seeds, fixed, setup.factors, setup.shapley)


def sizes_of(setup: Setup) -> Sizes:
    """What the cost of a run depends on."""
    s = setup.settings
    return Sizes(s.n_train, setup.curve_cost, s.n_validation, s.n_test, setup.statistics)


def sweep_range(work: Work, plan: Plan | None = None, bounded: bool = False) -> RangeTest:
    """Sweep the learning rate in a few cells, within the range test's share of the search.

    Args:
        plan: of the search; None: the range test is run by itself.
        bounded: sweep the range of `max_lr` that was asked for alone.
    """
    setup, sizes = work.setup, sizes_of(work.setup)
    budget = budget_of(setup)
    if plan is not None:
        budget = replace(
            budget,
            trials=plan.trials,
            baseline_epochs=plan.baseline_epochs,
            epochs_low=plan.epochs_low,
            epochs_high=plan.epochs_high,
        )
    sweeps = sweeps_within(budget, sizes, make_grid(setup, bounded))
    return run_range_test(work.session, setup.base, sweeps, sizes.n_train, sizes.curve)


def run_study(
    work: Work, plan: Plan, range_test: RangeTest, baseline: TunedBaseline
) -> StudySettings:
    """Optuna over the space, with the range test in front; returns how was searched."""
    session, setup, settings = work.session, work.setup, work.setup.settings
    max_lr = clipped(setup.range_of("max_lr"), range_test)
    epochs = Range(plan.epochs_low, plan.epochs_high, log=True)
    space = SearchSpace({**setup.dimensions, "max_lr": max_lr, "epochs": epochs})
    by_cost = settings.objective == "cost"
    objective = Objective(settings.objective, baseline.target, settings.n_train, plan.epochs_high)
    session.start(Step.STUDY, plan.trials, count_finished(session.study))
    space = space if by_cost else space.without("epochs")
    prior = LrPrior(range_test, max_lr)
    study_settings = StudySettings(
        space=space,
        base=replace(setup.base, epochs=plan.epochs_high),
        prior=prior,
        objective=objective,
        sampler=setup.sampler,
        pruner=make_pruner(setup.pruner, baseline.target if by_cost else None, baseline.sd),
        trials=plan.trials,
        seed=settings.seed,
        reserve=sum(
            f.seconds for f in plan.forecast if f.step in (Step.CONFIRMATION, Step.ABLATION)
        ),
        initial_trials=initial_trials(space, baseline.recipe, prior),
        chance=None if setup.pruner == "none" else 1 / settings.classes,
    )
    optimise(session, study_settings)
    session.finish(Step.STUDY, f"{count_finished(session.study)} trials")
    return study_settings


def clipped(range_: Range, range_test: RangeTest) -> Range:
    """max_lr's range, cut below the lowest floor. The top stays: the prior has a cap there, which
    depends on batch size and weight decay and is lifted should the trials refute it.
    """
    floors = [c.floor for c in range_test.cells if c.floor is not None]
    low = max(range_.low, min(floors)) if floors else range_.low
    return Range(low, range_.high, log=True) if low < range_.high else range_


def confirm(
    work: Work, winner: Recipe, baseline: Recipe
) -> tuple[confirming.Confirmation, Verdict]:
    """Fresh seeds and the verdict; more seeds while it is undecided, up to `max_seeds`. Each look
    at the data is paid for with a wider interval (`criterion_at`)."""
    setup, session = work.setup, work.session
    control = confirming.tune_control(session, winner, baseline)
    first = min(setup.seeds, FIRST_LOOK)
    for n in range(setup.seeds, setup.max_seeds + 1):
        confirmation = confirming.confirm(session, winner, baseline, control, n)
        verdict = give_verdict(confirmation, criterion_at(n, setup.max_seeds, first=first))
        if verdict.outcome != "undecided":
            break
    session.finish(Step.CONFIRMATION, verdict.sentence)
    return confirmation, verdict


def give_verdict(confirmation: confirming.Confirmation, criterion: Criterion) -> Verdict:
    """The rules, applied to the confirmation's test-set runs."""
    candidate, baseline, control = (
        [confirming.run_curve(trace) for trace in side]
        for side in (confirmation.candidate, confirmation.baseline, confirmation.control)
    )
    return judge(candidate, baseline, control, criterion, batch_norm_recalibrated=True)
