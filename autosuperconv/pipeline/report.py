"""From what the steps found to one `Report`, and where people look for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from autosuperconv.core.events import Step
from autosuperconv.core.optional import Tell, optional
from autosuperconv.core.pruning_report import PruningReport, pruning_report
from autosuperconv.core.report import (
    FORMAT_VERSION,
    Baseline,
    Cost,
    Report,
    Run,
    Trial,
)
from autosuperconv.core.trace import StopReason
from autosuperconv.core.verdict import RunCurve
from autosuperconv.core.verdict.runs import sound
from autosuperconv.pipeline.findings import Findings
from autosuperconv.pipeline.opening import ARTIFACTS
from autosuperconv.pipeline.setup import Work
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.files import render_data, write_files
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page
from autosuperconv.tuning.report.exchange_rate import surrogate_view
from autosuperconv.tuning.report.summaries import reported_run, reported_trials
from autosuperconv.tuning.steps.baseline import MeasuredBaseline
from autosuperconv.tuning.store.session import STEPS, Session


def make_report(work: Work, found: Findings) -> Report:
    """The report of a search that has ended."""
    session, baseline = work.session, found.baseline
    cost = search_cost(session, found.curves)
    target = found.objective.target if baseline is None else baseline.target
    objective = replace(found.objective, target=target)
    trials = reported_trials(session, objective, work.setup.base)
    left_out: list[str] = []
    pruning = surrogate = None
    with optional("What pruning saved", left_out.append):
        pruning = _pruning(trials, work.setup.n_train)
    if has_time(session, "The surrogate's view of the study", left_out.append):
        with optional("The surrogate's view of the study", left_out.append):
            surrogate = surrogate_view(session, found.winner, work.setup.n_validation)
    return Report(
        version=FORMAT_VERSION,
        setup=work.setup,
        plan=found.plan,
        range_test=found.range_test,
        baseline=None if baseline is None else _baseline(baseline, cost),
        trials=trials,
        winner=found.winner,
        winner_validation_accuracy=found.validation,
        confirmation=found.runs + _runs(session, Step.ABLATION),
        tradeoff=found.tradeoff,
        verdict=found.verdict,
        cost=cost,
        not_measured=(*found.not_measured, *_notes_of_runs(session), *left_out),
        started=session.stored("started"),
        wall_seconds=float(session.stored("wall_seconds") or 0.0),
        pruning=pruning,
        surrogate=surrogate,
        asked=found.asked,
        answer=found.answer,
        recommendation=found.recommendation,
    )


def has_time(session: Session, what: str, tell: Tell) -> bool:
    """Whether there is time for a part of the report that takes a while; says so where not."""
    left = session.report_time_left()
    if left is None or left > 0:
        return True
    tell(f"{what} was left out: the time was up. `autosuperconv report` makes it.")
    return False


def write_report(work: Work, report: Report) -> None:
    """Write all files, the data first, then show the same in optuna-dashboard."""
    tell = work.session.note
    rendered = render_data(report)
    write_files(rendered, work.folder)
    if has_time(work.session, "The report as a page", tell):
        with optional("The report as a page", tell):
            rendered = replace(rendered, page=render_page(report, tell))
            write_files(rendered, work.folder)
    with optional("The report in Markdown", tell):
        rendered = replace(rendered, markdown=render_markdown(report))
        write_files(rendered, work.folder)
    if has_time(work.session, "The result in the dashboard", tell):
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
    if not baseline:
        return Cost(steps, None)
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


def _runs(session: Session, step: Step) -> tuple[Run, ...]:
    return tuple(reported_run(role, trace) for role, trace in session.run_store.of(step))


def _notes_of_runs(session: Session) -> tuple[str, ...]:
    """What could not be measured beside the runs."""
    runs = [trace for step in STEPS for _, trace in session.run_store.of(step)]
    return tuple(dict.fromkeys(note for trace in runs for note in trace.notes))
