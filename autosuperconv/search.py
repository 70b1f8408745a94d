"""The whole story: plan, range test, baseline, study, confirm, counterfactuals, verdict, report."""

from __future__ import annotations

import time
from dataclasses import replace

from autosuperconv.assemble import Findings, assemble
from autosuperconv.core.events import Listener
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.report import Plan, Report
from autosuperconv.core.space import Range
from autosuperconv.core.verdict import Criterion, Verdict, judge
from autosuperconv.prepare import Work, budget_of, prepare, silent, sizes_of
from autosuperconv.publish import publish
from autosuperconv.training.models import ModelFactory
from autosuperconv.tuning import confirm as confirming
from autosuperconv.tuning.baseline import TunedBaseline, tune_baseline
from autosuperconv.tuning.objective import Objective
from autosuperconv.tuning.plan import make_plan
from autosuperconv.tuning.prior import LrPrior
from autosuperconv.tuning.pruner import make_pruner
from autosuperconv.tuning.study import StudySettings, count_finished, optimise
from autosuperconv.tuning.sweeps import SEEDS, run_range_test
from autosuperconv.tuning.winner import choose_winner

RANGE_TEST_WEIGHT_DECAYS = (1e-5, 1e-3)


def search(
    model_factory: ModelFactory,
    data: object,
    options: SearchOptions = SearchOptions(),
    listener: Listener = silent,
) -> Report:
    """Find out whether the network can be trained several times faster with one large cycle.

    The same call again resumes: finished runs are never repeated.

    Args:
        model_factory: builds a fresh network with output (B, classes). Must be picklable where
            several workers train at once.
        data: a `TaskData`, or what `autosuperconv.training.data.as_task_data` takes: NumPy
            arrays, tensors, torch `Dataset`s.

    Raises:
        InvalidInput: an option, the model or the data do not fit.
        StorageUnavailable: the storage does not answer.
        NothingCompleted: every run of a step diverged.
    """
    started = time.monotonic()
    with prepare(model_factory, data, options, listener) as work:
        session, seeds = work.session, options.seeds
        plan = plan_search(work)
        range_test = test_range(work)
        baseline = tune_baseline(
            session, work.base, plan.baseline_epochs, range_test, options.seed, options.target
        )
        objective = run_study(work, plan, range_test, baseline)
        winner = choose_winner(session, objective, options.seed)
        confirmation = confirming.confirm(session, winner.recipe, baseline.recipe, seeds)
        verdict = give_verdict(confirmation)
        tradeoff = confirming.counterfactuals(
            session, confirmation, winner.recipe, baseline.recipe, seeds
        )
        findings = Findings(
            plan, range_test, baseline, objective, winner, confirmation, tradeoff, verdict
        )
        report = assemble(work, findings)
        report = replace(report, wall_seconds=round(time.monotonic() - started, 1))
        publish(work, report)
        return report


def plan_search(work: Work) -> Plan:
    """Time the engine, choose lengths and forecast; this is where a dry run stops."""
    plan = make_plan(
        work.session,
        budget_of(work.options),
        work.base,
        work.batch_sizes,
        sizes_of(work),
        [b for b in outer(work.batch_sizes) for _ in RANGE_TEST_WEIGHT_DECAYS for _ in SEEDS],
        work.options.timeout,
        work.trainer.choices(),
    )
    work.session.plan = plan
    work.session.finish("plan", f"{plan.runs} runs, about {duration(plan.seconds)}")
    return plan


def test_range(work: Work) -> RangeTest:
    """Sweep the outer batch sizes and two weight decays, two seeds each."""
    return run_range_test(
        work.session,
        work.base,
        outer(work.batch_sizes),
        RANGE_TEST_WEIGHT_DECAYS,
        work.trainer.n_train,
    )


def run_study(
    work: Work, plan: Plan, range_test: RangeTest, baseline: TunedBaseline
) -> Objective:
    """Optuna over the space, with the range test in front; returns what trials are worth."""
    session, options = work.session, work.options
    high = plan.epochs_high
    space = work.space.with_("max_lr", clipped(work.range_of("max_lr"), range_test))
    space = space.with_("epochs", Range(plan.epochs_low, high, log=True))
    base = replace(work.base, epochs=high)
    if options.objective == "accuracy":
        space = space.without("epochs")
    max_lr = space.dimensions["max_lr"]
    assert isinstance(max_lr, Range)
    objective = Objective(options.objective, baseline.target, work.trainer.n_train, high)
    session.start("study", plan.trials, count_finished(session.study))
    pruner_target = baseline.target if options.objective == "cost" else None
    settings = StudySettings(
        space=space,
        base=base,
        prior=LrPrior(range_test, max_lr),
        objective=objective,
        sampler=options.sampler,
        pruner=make_pruner(options.pruner, pruner_target, baseline.sd),
        trials=plan.trials,
        seed=options.seed,
        reserve=sum(f.seconds for f in plan.forecast if f.step in ("confirm", "counterfactuals")),
    )
    optimise(session, settings)
    session.finish("study", f"{count_finished(session.study)} trials")
    return objective


def clipped(range_: Range, range_test: RangeTest) -> Range:
    """max_lr's range, cut to what the range test found worth training: from the lowest floor to
    twice the highest edge; the cap inside it depends on batch size and weight decay."""
    floors = [c.floor for c in range_test.cells if c.floor is not None]
    edges = [c.edge for c in range_test.cells if c.edge is not None]
    low = max(range_.low, min(floors)) if floors else range_.low
    high = min(range_.high, 2 * max(edges)) if edges else range_.high
    return Range(low, high, log=True) if low < high else range_


def give_verdict(confirmation: confirming.Confirmation) -> Verdict:
    """The rules, applied to the confirmation's test-set runs."""
    candidate, baseline, control = (
        [confirming.run_curve(trace) for trace in side]
        for side in (confirmation.candidate, confirmation.baseline, confirmation.control)
    )
    return judge(candidate, baseline, control, Criterion(), batch_norm_recalibrated=True)


def outer(batch_sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The smallest and the largest."""
    return tuple(sorted({batch_sizes[0], batch_sizes[-1]}))


def duration(seconds: float) -> str:
    """Seconds as people say them: "45 s", "12 min", "3.1 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
