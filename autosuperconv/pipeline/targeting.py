"""The question for a target, step by step: study, confirmation, then the baseline to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from autosuperconv.core.format import counted, number
from autosuperconv.core.plan import BaselineKind, Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Trace
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.verdict import Outcome, RunCurve
from autosuperconv.core.verdict.target import StandardCost, TargetAnswer, standard_cost
from autosuperconv.core.verdict.target_words import target_verdict
from autosuperconv.errors import NothingCompleted, TimeUp
from autosuperconv.pipeline.findings import Findings, about_tradeoff, other_seeds, runs_of
from autosuperconv.pipeline.setup import Work
from autosuperconv.pipeline.studying import Goal, run_study
from autosuperconv.tuning.steps.ablation import ablate
from autosuperconv.tuning.steps.baseline import (
    WEIGHT_DECAYS,
    MeasuredBaseline,
    first_grid,
    measure_baseline,
    standard,
)
from autosuperconv.tuning.steps.run_curves import Sides, run_curve
from autosuperconv.tuning.steps.target import TargetSearch, find_target

ENOUGH = "The trade-off was not measured: the question was answered. --explain always measures it."


@dataclass(frozen=True, slots=True)
class Beside:
    """The baseline of an answer that does not need one.

    Args:
        measured: None where there is none.
        why: there is none; "" where there is one.
    """

    measured: MeasuredBaseline | None
    why: str = ""

    @property
    def runs(self) -> tuple[Trace, ...]:
        """Its fresh runs, as measured on the test split."""
        return () if self.measured is None else tuple(t.opened() for t in self.measured.runs)

    @property
    def curves(self) -> Sequence[RunCurve]:
        """The same as the verdict reads them, or the user's own."""
        if self.measured is None:
            return ()
        return tuple(map(run_curve, self.runs)) or self.measured.curves


def answer_target(work: Work, plan: Plan, range_test: RangeTest) -> Findings:
    """Find the cheapest recipe that reaches the target.

    Raises:
        TimeUp: before a recipe was chosen.
    """
    setup, session, budget = work.setup, work.session, plan.budget
    goal = Goal(
        setup.options.target or 0.0,
        0.0,
        first_recipe(setup, budget.baseline_epochs, range_test),
        (budget.epochs_low, budget.epochs_high),
    )
    study = run_study(work, plan, range_test, goal)
    looks, runs = budget.max_seeds, expected_runs(plan)
    found = find_target(session, setup, study, looks, runs, work.searching)
    beside = baseline_beside(work, plan, range_test)
    answer = answer_of(goal, setup, found, beside)
    verdict = target_verdict(answer, setup.options.criterion)
    tradeoff = explained(work, found, beside, verdict.outcome)
    return Findings(
        plan=plan,
        range_test=range_test,
        objective=study.objective,
        baseline=beside.measured,
        curves=beside.curves,
        winner=found.recipe,
        validation=found.best.accuracy,
        runs=runs_of({"candidate": found.candidate, "baseline": beside.runs}),
        tradeoff=tradeoff,
        verdict=verdict,
        answer=answer,
        not_measured=(*about_tradeoff(tradeoff), *about_answer(found, beside)),
    )


def first_recipe(setup: Setup, epochs: float, range_test: RangeTest) -> Recipe:
    """A standard recipe whose settings the first trials have: the user's own, or the usual one at a
    learning rate below the range test's edges."""
    if setup.options.baseline is not None:
        return setup.options.baseline
    lr = max(first_grid(range_test))
    return standard(setup.base, epochs, lr, WEIGHT_DECAYS[1], setup.fixed)


def expected_runs(plan: Plan) -> int:
    """Likely runs of the confirmation."""
    return next((f.runs for f in plan.forecast if f.step == "confirmation"), 0)


def baseline_beside(work: Work, plan: Plan, range_test: RangeTest) -> Beside:
    """The baseline, where one is wanted, trains, and is done in time."""
    if plan.budget.baseline is BaselineKind.NONE:
        return Beside(None, "The baseline: none was to be trained (--no-baseline).")
    epochs = plan.budget.baseline_epochs
    try:
        return Beside(measure_baseline(work.session, work.setup, epochs, range_test))
    except NothingCompleted as error:
        return Beside(None, f"The baseline: {error}")
    except TimeUp:
        return Beside(None, "The baseline: the time was up before it was trained.")


def answer_of(goal: Goal, setup: Setup, found: TargetSearch, beside: Beside) -> TargetAnswer:
    """The answer with its figures."""
    recipe, runs = found.recipe, [t for t in found.candidate if t.completed]
    return TargetAnswer(
        target=goal.target,
        finding=found.finding,
        epochs=recipe.epochs,
        samples=recipe.epochs * setup.n_train,
        seconds=fmean(t.seconds for t in runs) if runs else None,
        validation=found.best.accuracy,
        longest=goal.lengths[1],
        chance=found.chance,
        standard=compared(goal.target, beside),
        ended=found.ended,
    )


def compared(target: float, beside: Beside) -> StandardCost | None:
    """What the baseline needs for the same accuracy."""
    measured = beside.measured
    if measured is None:
        return None
    named = f"the standard schedule of {number(measured.recipe.epochs)} epochs"
    if not measured.runs:
        named = "the recorded baseline"
    elif not measured.tuning:
        named = f"the given baseline of {number(measured.recipe.epochs)} epochs"
    return standard_cost(target, beside.curves, named)


def explained(work: Work, found: TargetSearch, beside: Beside, outcome: Outcome) -> Tradeoff:
    """The trade-off, where it was requested whatever the answer and there is a baseline."""
    explain = work.setup.options.explain
    if explain != "always" or beside.measured is None:
        return Tradeoff((), (), ENOUGH, measured=False)
    sides = Sides(found.candidate, beside.runs)
    return ablate(work.session, sides, found.recipe, beside.measured.recipe, outcome, explain)


def about_answer(found: TargetSearch, beside: Beside) -> list[str]:
    """What the answer does not rest on."""
    seeds = other_seeds(counted(len(found.candidate), "run"))
    return [*([beside.why] if beside.why else []), seeds]
