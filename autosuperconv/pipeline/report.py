"""From what the steps found to one `Report`, and where people look for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autosuperconv.core.events import Step
from autosuperconv.core.optional import optional
from autosuperconv.core.plan import Plan
from autosuperconv.core.pruning_report import PruningReport, pruning_report
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.report import (
    FORMAT_VERSION,
    Baseline,
    Report,
    Run,
    Trial,
)
from autosuperconv.core.trace import StopReason
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.tradeoff.factors import factor_name
from autosuperconv.core.verdict import Verdict
from autosuperconv.pipeline.opening import ARTIFACTS
from autosuperconv.pipeline.setup import Work
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.files import render_data, write_files
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page
from autosuperconv.tuning.report.exchange_rate import surrogate_view
from autosuperconv.tuning.report.summaries import reported_run, reported_trials
from autosuperconv.tuning.steps.baseline import TunedBaseline
from autosuperconv.tuning.steps.confirmation import Confirmation
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.selection import Winner
from autosuperconv.tuning.store.session import STEPS, Session


@dataclass(frozen=True, slots=True)
class Findings:
    """What the steps found, in their order."""

    plan: Plan
    range_test: RangeTest
    baseline: TunedBaseline
    objective: Objective
    winner: Winner
    confirmation: Confirmation
    tradeoff: Tradeoff
    verdict: Verdict


def make_report(work: Work, found: Findings) -> Report:
    """The report of a finished search."""
    session = work.session
    costs = tuple(session.cost(step) for step in STEPS)
    trials = reported_trials(session, found.objective, work.setup.base)
    left_out: list[str] = []
    pruning = surrogate = None
    with optional("What pruning saved", left_out.append):
        pruning = _pruning(trials, work.setup.n_train)
    with optional("The surrogate's view of the study", left_out.append):
        surrogate = surrogate_view(session, found.winner.recipe, work.setup.n_validation)
    return Report(
        version=FORMAT_VERSION,
        setup=work.setup,
        plan=found.plan,
        range_test=found.range_test,
        baseline=_baseline(found.baseline, sum(c.samples for c in costs)),
        trials=trials,
        winner=found.winner.recipe,
        winner_validation_accuracy=found.winner.accuracy,
        confirmation=_runs(session, Step.CONFIRMATION) + _runs(session, Step.ABLATION),
        tradeoff=found.tradeoff,
        verdict=found.verdict,
        cost=costs,
        not_measured=(*_not_measured(session, found), *left_out),
        started=session.stored("started"),
        wall_seconds=float(session.stored("wall_seconds") or 0.0),
        pruning=pruning,
        surrogate=surrogate,
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


def _baseline(tuned: TunedBaseline, all_samples: int) -> Baseline:
    return Baseline(
        recipe=tuned.recipe,
        validation_accuracy=tuned.accuracy,
        validation_sd=tuned.sd,
        diverged=tuned.diverged,
        target=tuned.target,
        tuning=tuple(reported_run("tuning", trace) for trace in tuned.tuning),
        share_of_cost=sum(t.samples for t in tuned.tuning) / max(all_samples, 1),
    )


def _runs(session: Session, step: Step) -> tuple[Run, ...]:
    return tuple(reported_run(role, trace) for role, trace in session.run_store.of(step))


def _not_measured(session: Session, found: Findings) -> tuple[str, ...]:
    missing = [
        f"{factor_name(factor)}: the same in winner and baseline, so nothing was retrained."
        for factor in found.tradeoff.unchanged
    ]
    if not found.tradeoff.measured:
        missing.append(found.tradeoff.sentence)
    if not found.confirmation.control:
        missing.append("The compressed control: every learning rate tried for it diverged.")
    n = len(found.confirmation.candidate)
    missing.append(f"Anything beyond {n} paired seeds, and wall-clock time as a cost.")
    runs = [trace for step in STEPS for _, trace in session.run_store.of(step)]
    return (*missing, *dict.fromkeys(note for trace in runs for note in trace.notes))
