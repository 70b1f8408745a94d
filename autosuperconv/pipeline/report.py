"""From what the steps found to one `Report`, and where people look for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.optional import optional
from autosuperconv.core.plan import BaselineKind, Plan
from autosuperconv.core.pruning_report import PruningReport, pruning_report
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recommendation import (
    ConfirmedRecipe,
    Recommendation,
    confirmed_recipe,
    recommend,
)
from autosuperconv.core.report import (
    FORMAT_VERSION,
    AskedLength,
    Baseline,
    Cost,
    Report,
    Run,
    Trial,
)
from autosuperconv.core.trace import StopReason, Trace
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.tradeoff.factors import factor_name
from autosuperconv.core.verdict import RunCurve, RungState
from autosuperconv.core.verdict.runs import sound
from autosuperconv.pipeline.opening import ARTIFACTS
from autosuperconv.pipeline.setup import Work
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.files import render_data, write_files
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page
from autosuperconv.tuning.report.exchange_rate import surrogate_view
from autosuperconv.tuning.report.summaries import reported_run, reported_trials
from autosuperconv.tuning.steps.baseline import MeasuredBaseline
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.rungs import Confirmation, Rung
from autosuperconv.tuning.store.session import STEPS, Session


@dataclass(frozen=True, slots=True)
class Findings:
    """What the steps found, in their order."""

    plan: Plan
    range_test: RangeTest
    objective: Objective
    confirmation: Confirmation
    tradeoff: Tradeoff


def make_report(work: Work, found: Findings) -> Report:
    """The report of a finished search."""
    session, confirmed = work.session, found.confirmation
    cost = search_cost(session, confirmed.baseline_curves)
    objective = replace(found.objective, target=confirmed.measured.target)
    trials = reported_trials(session, objective, work.setup.base)
    left_out: list[str] = []
    pruning = surrogate = None
    with optional("What pruning saved", left_out.append):
        pruning = _pruning(trials, work.setup.n_train)
    with optional("The surrogate's view of the study", left_out.append):
        surrogate = surrogate_view(session, confirmed.winner, work.setup.n_validation)
    return Report(
        version=FORMAT_VERSION,
        setup=work.setup,
        plan=found.plan,
        range_test=found.range_test,
        baseline=_baseline(confirmed.measured, cost),
        trials=trials,
        winner=confirmed.winner,
        winner_validation_accuracy=confirmed.chosen.answer.accuracy,
        confirmation=_confirmed(confirmed) + _runs(session, Step.ABLATION),
        tradeoff=found.tradeoff,
        verdict=confirmed.verdict,
        cost=cost,
        not_measured=(*_not_measured(session, found), *left_out),
        started=session.stored("started"),
        wall_seconds=float(session.stored("wall_seconds") or 0.0),
        pruning=pruning,
        surrogate=surrogate,
        recommendation=recommendation(work, confirmed),
        asked=tuple(
            AskedLength(r.speedup, r.answer.recipe.epochs, r.answer.accuracy, r.answer.sd)
            for r in confirmed.rungs
        ),
    )


def write_report(work: Work, report: Report) -> None:
    """Write all files, the data first, then show the same in optuna-dashboard."""
    tell = work.session.note
    rendered = render_data(report)
    write_files(rendered, work.folder)
    with optional("The report as a page", tell):
        rendered = replace(rendered, page=render_page(report, tell))
        write_files(rendered, work.folder)
    with optional("The report in Markdown", tell):
        rendered = replace(rendered, markdown=render_markdown(report))
        write_files(rendered, work.folder)
    publish_report(work.session.study, report, rendered, work.folder / ARTIFACTS, tell)


def _pruning(trials: Sequence[Trial], n_train: int) -> PruningReport | None:
    """What pruning saved, and its errors among the trials that were kept running."""
    pruned = [t for t in trials if t.state == StopReason.PRUNED]
    kept = [t for t in trials if t.would_prune_at is not None]
    return pruning_report(
        trained=sum(t.samples for t in trials),
        untrained=[max(round(t.recipe.epochs * n_train) - t.samples, 0) for t in pruned],
        reached=[t.feasible for t in kept],
    )


def search_cost(session: Session, baseline: Sequence[RunCurve]) -> Cost:
    """What all steps took, in samples and in baseline runs."""
    steps = tuple(session.cost(step) for step in STEPS)
    each = fmean(curve.samples[-1] for curve in sound(baseline))
    return Cost(steps, sum(step.samples for step in steps) / each)


def _baseline(measured: MeasuredBaseline, cost: Cost) -> Baseline:
    own = sum(step.samples for step in cost.steps if step.step is Step.BASELINE)
    return Baseline(
        recipe=measured.recipe,
        validation_accuracy=measured.accuracy,
        validation_sd=measured.sd,
        diverged=measured.diverged,
        target=measured.target,
        tuning=tuple(reported_run("tuning", trace) for trace in measured.tuning),
        share_of_cost=own / max(cost.samples, 1),
        recorded=not measured.runs,
    )


def recommendation(work: Work, found: Confirmation) -> Recommendation | None:
    """The recipe to use, of those that were confirmed."""
    setup, target = work.setup, found.measured.target
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
        for role, runs in _sides(found).items()
        for recipe, accuracy, state in [about[role]]
        if runs and recipe is not None
    ]


def _at(rung: Rung, found: Confirmation) -> str:
    """What a role has at its end for the other length: its speed-up."""
    return "" if rung is found.chosen else f":{number(rung.speedup)}"


def _sides(found: Confirmation) -> dict[str, tuple[Trace, ...]]:
    """Role -> its runs: those behind the verdict, then those of the other length."""
    sides = {"candidate": found.candidate, "baseline": found.baseline, "control": found.control}
    for rung in found.rungs:
        sides[f"candidate{_at(rung, found)}"] = rung.candidate
        sides[f"control{_at(rung, found)}"] = rung.control or ()
    return sides


def _confirmed(found: Confirmation) -> tuple[Run, ...]:
    """The runs behind the verdict, then those of the other length."""
    every = _sides(found).items()
    return tuple(reported_run(role, trace) for role, own in every for trace in own)


def _runs(session: Session, step: Step) -> tuple[Run, ...]:
    return tuple(reported_run(role, trace) for role, trace in session.run_store.of(step))


def _not_measured(session: Session, found: Findings) -> tuple[str, ...]:
    missing = [found.tradeoff.sentence]
    if found.tradeoff.measured:
        missing = [
            f"{factor_name(factor)}: the same in winner and baseline, so nothing was retrained."
            for factor in found.tradeoff.unchanged
        ]
    confirmed = found.confirmation
    if confirmed.candidate and not confirmed.control:
        missing.append(_no_control(confirmed))
    ours, theirs = len(confirmed.candidate), len(confirmed.baseline_curves)
    missing.append(
        f"Other seeds than those of the runs behind the verdict ({ours} of the cycle, {theirs} of "
        "the baseline), and seconds as a cost."
    )
    runs = [trace for step in STEPS for _, trace in session.run_store.of(step)]
    return (*missing, *dict.fromkeys(note for trace in runs for note in trace.notes))


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
