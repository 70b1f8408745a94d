"""A finished search in optuna-dashboard: the study's note, its artifacts and two plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autosuperconv.core.format import printable
from autosuperconv.core.optional import Tell, optional
from autosuperconv.core.report import Report
from autosuperconv.reporting import rows
from autosuperconv.reporting.dashboard.artifacts import open_artifacts, put_artifact
from autosuperconv.reporting.dashboard.note import set_note, spaced
from autosuperconv.reporting.dashboard.plots import cost_figure, range_test_figure
from autosuperconv.reporting.files import RenderedReport
from autosuperconv.reporting.markdown import escape

if TYPE_CHECKING:
    from optuna import Study
    from plotly.graph_objects import Figure

RANGE_TEST_ID = "range-test"
COST_ID = "accuracy-against-cost"

BEST_TRIAL = (
    'The dashboard\'s "Best Trial" is the cheapest trial, whether or not it reached the target '
    "(optuna-dashboard 0.21 does not read Optuna 5's constraints)."
)


def publish_report(
    study: Study, report: Report, rendered: RenderedReport, artifact_dir: Path, tell: Tell
) -> None:
    """Show a report in the dashboard: the note, two plots, the page and its JSON as artifacts.

    Publishing again replaces what was there: plots by their id, artifacts by their file name.

    Args:
        study: that the dashboard shows.
        report: to show.
        rendered: its texts.
        artifact_dir: folder of the artifacts.
        tell: takes a sentence for each part that cannot be shown.
    """
    page = None
    with optional("The report among the dashboard's artifacts", tell):
        page = put_texts(study, rendered, artifact_dir)
    with optional("The verdict in the dashboard's note", tell):
        text = rendered.markdown or f"{escape(report.verdict.sentence)}\n"
        set_note(study, spaced(printable(f"{text}\n{_links(study, report, page)}\n")))
    with optional("The range test in the dashboard", tell):
        if report.range_test.cells:
            put_figure(study, range_test_figure(report), RANGE_TEST_ID)
    with optional("Accuracy against cost in the dashboard", tell):
        if report.trials:
            put_figure(study, cost_figure(report), COST_ID)


def put_texts(study: Study, rendered: RenderedReport, artifact_dir: Path) -> str | None:
    """Keep page and JSON as artifacts; the page's address, or None where there is no page."""
    from optuna_dashboard.artifact import get_artifact_path

    store = open_artifacts(artifact_dir)
    put_artifact(study, store, "report.json", rendered.json.encode())
    if rendered.page is None:
        return None
    page = put_artifact(study, store, "report.html", printable(rendered.page).encode())
    return str(get_artifact_path(study, page))


def put_figure(study: Study, figure: Figure, name: str) -> None:
    """Show a plot under that name."""
    from optuna_dashboard import save_plotly_graph_object

    save_plotly_graph_object(study, figure, graph_object_id=name)


def _links(study: Study, report: Report, page: str | None) -> str:
    """Where the page and the winner are, in Markdown."""
    links = [] if page is None else [f"[The whole report as a page]({page})."]
    winner = rows.winner_number(report)
    if winner is not None:
        address = f"/dashboard/studies/{study._study_id}/trials?numbers={winner}"
        links.append(f"The cycle has the settings of [trial {winner}]({address}).")
        links += [BEST_TRIAL] if report.setup.options.objective == "cost" else []
    return " ".join(links)
