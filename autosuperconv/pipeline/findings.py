"""`Findings`: what the steps of a search found, whichever question they answered and however far
they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autosuperconv.core.format import number
from autosuperconv.core.plan import BaselineKind, Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recommendation import (
    ConfirmedRecipe,
    Recommendation,
    confirmed_recipe,
    recommend,
)
from autosuperconv.core.report import AskedLength, Run
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Trace
from autosuperconv.core.tradeoff import Tradeoff, factor_name
from autosuperconv.core.verdict import RunCurve, RungState, Verdict
from autosuperconv.core.verdict.target import TargetAnswer
from autosuperconv.tuning.report.summaries import reported_run
from autosuperconv.tuning.steps.baseline import MeasuredBaseline
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.rungs import Confirmation, Rung


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found.

    Args:
        plan: of the search.
        range_test: cells, readings and curves.
        objective: what a trial was worth.
        baseline: None where there is none.
        curves: of the baseline, as the verdict reads them; may be none.
        winner: the recipe that is recommended.
        validation: its expected accuracy on validation data, fraction of 1.
        runs: behind the verdict, with their roles.
        tradeoff: what each change is worth.
        verdict: outcome and conditions.
        answer: for a target; None where none was requested.
        not_measured: one sentence for each thing that was left out.
        recommendation: the recipe to use; None where none was confirmed against others.
        asked: lengths at which the best cycle was asked for.
    """

    plan: Plan
    range_test: RangeTest
    objective: Objective
    baseline: MeasuredBaseline | None
    curves: Sequence[RunCurve]
    winner: Recipe
    validation: float
    runs: tuple[Run, ...]
    tradeoff: Tradeoff
    verdict: Verdict
    answer: TargetAnswer | None = None
    not_measured: tuple[str, ...] = ()
    recommendation: Recommendation | None = None
    asked: tuple[AskedLength, ...] = ()


def of_confirmation(
    setup: Setup,
    plan: Plan,
    range_test: RangeTest,
    objective: Objective,
    confirmed: Confirmation,
    tradeoff: Tradeoff,
) -> Findings:
    """What a search that has compared the cycle with the baseline found."""
    return Findings(
        plan,
        range_test,
        objective,
        confirmed.measured,
        confirmed.baseline_curves,
        confirmed.winner,
        confirmed.chosen.answer.accuracy,
        confirmed_runs(confirmed),
        tradeoff,
        confirmed.verdict,
        not_measured=(*about_tradeoff(tradeoff), *about_confirmation(confirmed)),
        recommendation=recommendation_of(setup, confirmed),
        asked=tuple(
            AskedLength(r.speedup, r.answer.recipe.epochs, r.answer.accuracy, r.answer.sd)
            for r in confirmed.rungs
        ),
    )


def runs_of(sides: Mapping[str, Sequence[Trace]]) -> tuple[Run, ...]:
    """Role -> traces, as the report holds them."""
    return tuple(reported_run(role, trace) for role, own in sides.items() for trace in own)


def recommendation_of(setup: Setup, found: Confirmation) -> Recommendation | None:
    """The recipe to use, of those that were confirmed."""
    target = found.measured.target
    given = setup.baseline_kind is BaselineKind.GIVEN
    return recommend(confirmed_recipes(found), found.verdict, target, given)


def confirmed_recipes(found: Confirmation) -> list[ConfirmedRecipe]:
    """Each recipe that was trained on the confirmation's seeds, with what its runs say."""
    states = {rung.speedup: rung.state for rung in found.verdict.rungs}
    baseline = found.measured
    about: dict[str, tuple[Recipe | None, float | None, RungState | None]] = {
        "baseline": (baseline.recipe, baseline.accuracy, None)
    }
    for rung in found.rungs:
        at, answer = _at(rung, found), rung.answer
        about[f"candidate{at}"] = (answer.recipe, answer.accuracy, states.get(rung.speedup))
        about[f"control{at}"] = (rung.control_recipe, None, None)
    return [
        confirmed_recipe(role, recipe, runs, accuracy, state)
        for role, runs in sides_of(found).items()
        for recipe, accuracy, state in [about[role]]
        if runs and recipe is not None
    ]


def _at(rung: Rung, found: Confirmation) -> str:
    """What a role has at its end for the other length: its speed-up."""
    return "" if rung is found.chosen else f":{number(rung.speedup)}"


def sides_of(found: Confirmation) -> dict[str, tuple[Trace, ...]]:
    """Role -> its runs: those behind the verdict, then those of the other length."""
    sides = {"candidate": found.candidate, "baseline": found.baseline, "control": found.control}
    for rung in found.rungs:
        sides[f"candidate{_at(rung, found)}"] = rung.candidate
        sides[f"control{_at(rung, found)}"] = rung.control or ()
    return sides


def confirmed_runs(found: Confirmation) -> tuple[Run, ...]:
    """The runs behind the verdict, then those of the other length."""
    return runs_of(sides_of(found))


def about_tradeoff(tradeoff: Tradeoff) -> list[str]:
    """What was not retrained, and why."""
    if not tradeoff.measured:
        return [tradeoff.sentence]
    return [
        f"{factor_name(factor)}: the same in winner and baseline, so nothing was retrained."
        for factor in tradeoff.unchanged
    ]


def about_confirmation(confirmed: Confirmation) -> list[str]:
    """What the verdict does not rest on."""
    missing = []
    if confirmed.candidate and not confirmed.control:
        missing.append(_no_control(confirmed))
    ours, theirs = len(confirmed.candidate), len(confirmed.baseline_curves)
    return [*missing, other_seeds(f"{ours} of the cycle, {theirs} of the baseline")]


def other_seeds(seeds: str) -> str:
    """What no number of seeds is enough for."""
    return (
        f"Other seeds than those of the runs behind the verdict ({seeds}), and seconds as a cost."
    )


def _no_control(confirmed: Confirmation) -> str:
    """Why the winner was not compared with the standard schedule at its cost."""
    if confirmed.control_diverged:
        return (
            "The baseline compressed to the cycle's length (the control): every learning rate that "
            "was tried for it diverged."
        )
    return (
        "The baseline compressed to the cycle's length (the control): it is trained only where a "
        "cycle is fast enough for super-convergence (C2 speed) and as accurate as the baseline."
    )
