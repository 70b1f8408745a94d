from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna_dashboard import get_note
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.reporting.dashboard.artifacts import artifact_ids
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.files import RenderedReport
from autosuperconv.reporting.markdown import render_markdown
from tests.reporting.sample import bare_report


def _attributes(study: optuna.Study) -> dict[str, Any]:
    return study._storage.get_study_system_attrs(study._study_id)


def _artifacts(study: optuna.Study) -> dict[str, str]:
    found = optuna.artifacts.get_all_artifact_meta(study)
    return {meta.filename: meta.artifact_id for meta in found}


def rendered(report: Report) -> RenderedReport:
    """Without drawing the page, which takes seconds and has its own tests."""
    page = f"<p>{report.verdict.sentence}</p>"
    return RenderedReport(page, to_json(report), render_markdown(report), {})


def test_publishing_sets_note_pictures_and_artifacts(
    study: optuna.Study, report: Report, tmp_path: Path
) -> None:
    publish_report(study, report, rendered(report), tmp_path / "artifacts", pytest.fail)
    assert get_note(study).replace("\u2003", "").startswith(render_markdown(report))
    assert (
        "The cycle has the settings of [trial 29](/dashboard/studies/0/trials?numbers=29)."
        in get_note(study)
    )
    assert 'The dashboard\'s "Best Trial" is the cheapest trial' in get_note(study)
    figures = get_plotly_graph_objects(_attributes(study))
    assert set(figures) == {"range-test", "accuracy-against-cost"}
    stored = _artifacts(study)
    assert set(stored) == {"report.html", "report.json"}
    folder = tmp_path / "artifacts"
    assert (folder / stored["report.html"]).read_text(encoding="utf-8") == rendered(report).page
    assert from_json(Report, (folder / stored["report.json"]).read_text()) == report


def test_the_stored_figures_are_complete_and_small(
    study: optuna.Study, report: Report, tmp_path: Path
) -> None:
    publish_report(study, report, rendered(report), tmp_path, pytest.fail)
    figures = {k: json.loads(v) for k, v in get_plotly_graph_objects(_attributes(study)).items()}
    # four cells, two seeds each
    assert len(figures["range-test"]["data"]) == 8
    # completed, pruned, diverged, the baseline's course, and the three confirmed roles
    assert len(figures["accuracy-against-cost"]["data"]) == 7
    assert all(len(text) < 20_000 for text in get_plotly_graph_objects(_attributes(study)).values())


def test_publishing_twice_leaves_no_duplicate(
    study: optuna.Study, report: Report, tmp_path: Path
) -> None:
    publish_report(study, report, rendered(report), tmp_path, pytest.fail)
    before, files = _artifacts(study), sorted(tmp_path.glob("*-*"))
    keys = set(_attributes(study))
    publish_report(study, bare_report(), rendered(bare_report()), tmp_path, pytest.fail)
    assert _artifacts(study) == before
    assert sorted(tmp_path.glob("*-*")) == files
    assert set(_attributes(study)) == keys
    page = (tmp_path / before["report.html"]).read_text()
    assert page == "<p>Undecided: no trial completed.</p>"
    assert get_note(study).startswith("## UNDECIDED")


def test_an_artifact_that_was_deleted_in_the_dashboard_is_published_again(
    study: optuna.Study, report: Report, tmp_path: Path
) -> None:
    publish_report(study, report, rendered(report), tmp_path, pytest.fail)
    # What optuna-dashboard 0.21 does on DELETE /api/artifacts/<study>/<artifact>.
    old = _artifacts(study)["report.html"]
    study._storage.set_study_system_attr(study._study_id, f"artifacts:{old}", json.dumps(None))
    publish_report(study, report, rendered(report), tmp_path, pytest.fail)
    assert set(artifact_ids(study)) == {"report.html", "report.json"}
    assert artifact_ids(study)["report.html"] != old
