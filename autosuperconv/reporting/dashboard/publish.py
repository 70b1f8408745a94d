"""A finished search in optuna-dashboard: the study's note, its artifacts and two plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autosuperconv.core.report import Report
from autosuperconv.reporting import rows
from autosuperconv.reporting.dashboard.artifacts import open_artifacts, put_artifact
from autosuperconv.reporting.dashboard.note import set_note, spaced
from autosuperconv.reporting.dashboard.plots import cost_figure, range_test_figure
from autosuperconv.reporting.files import RenderedReport

if TYPE_CHECKING:
    from optuna import Study

RANGE_TEST_ID = "range-test"
COST_ID = "accuracy-against-cost"

BEST_TRIAL = (
    'The dashboard\'s "Best Trial" is the cheapest trial, whether or not it reached the target '
    "(optuna-dashboard 0.21 does not read Optuna 5's constraints)."
)


def publish_report(
    study: Study, report: Report, rendered: RenderedReport, artifact_dir: Path
) -> None:
    """Show a report in the dashboard: the note, two plots, the page and its JSON as artifacts.

    Publishing again replaces what was there: plots by their id, artifacts by their file name.
    """
    from optuna_dashboard import save_plotly_graph_object
    from optuna_dashboard.artifact import get_artifact_path

    store = open_artifacts(artifact_dir)
    page = put_artifact(study, store, "report.html", rendered.page.encode())
    put_artifact(study, store, "report.json", rendered.json.encode())
    links = _links(study, report, get_artifact_path(study, page))
    set_note(study, spaced(f"{rendered.markdown}\n{links}\n"))
    if report.range_test.cells:
        figure = range_test_figure(report)
        save_plotly_graph_object(study, figure, graph_object_id=RANGE_TEST_ID)
    if report.trials:
        save_plotly_graph_object(study, cost_figure(report), graph_object_id=COST_ID)


def _links(study: Study, report: Report, page: str) -> str:
    """Where the page and the winner are, in Markdown."""
    links = [f"[The whole report as a page]({page})."]
    winner = rows.winner_number(report)
    if winner is not None:
        address = f"/dashboard/studies/{study._study_id}/trials?numbers={winner}"
        links.append(f"The winner is [trial {winner}]({address}).")
        links += [BEST_TRIAL] if report.setup.options.objective == "cost" else []
    return " ".join(links)
