from __future__ import annotations

import io
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna_dashboard import get_note
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects
from rich.console import Console

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json
from autosuperconv.errors import InvalidInput, OutputUnwritable
from autosuperconv.reporting import dashboard
from autosuperconv.reporting.markdown import render_markdown
from tests.reporting.sample import bare_report


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "study.journal"


@pytest.fixture
def study(journal: Path) -> optuna.Study:
    storage = JournalStorage(JournalFileBackend(str(journal)))
    return optuna.create_study(storage=storage, study_name="a study", direction="minimize")


def _attributes(study: optuna.Study) -> dict[str, Any]:
    return study._storage.get_study_system_attrs(study._study_id)


def _artifacts(study: optuna.Study) -> dict[str, str]:
    found = optuna.artifacts.get_all_artifact_meta(study)
    return {meta.filename: meta.artifact_id for meta in found}


@pytest.fixture
def page_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the page takes seconds and has its own tests."""
    monkeypatch.setattr(dashboard, "render", lambda report: f"<p>{report.verdict.sentence}</p>")


def test_publishing_sets_note_pictures_and_artifacts(
    study: optuna.Study, report: Report, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "render", lambda _: page)
    dashboard.publish(study, report, tmp_path / "artifacts")
    assert get_note(study).replace("\u2003", "").startswith(render_markdown(report))
    assert "The winner is [trial 29](/dashboard/studies/0/trials?numbers=29)." in get_note(study)
    assert 'What the dashboard calls "Best Trial" is the cheapest one' in get_note(study)
    figures = get_plotly_graph_objects(_attributes(study))
    assert set(figures) == {"range-test", "accuracy-against-cost"}
    stored = _artifacts(study)
    assert set(stored) == {"report.html", "report.json"}
    folder = tmp_path / "artifacts"
    assert (folder / stored["report.html"]).read_text(encoding="utf-8") == page
    assert from_json(Report, (folder / stored["report.json"]).read_text()) == report


def test_the_stored_figures_are_complete_and_small(
    study: optuna.Study, report: Report, tmp_path: Path, page_is_quick: None
) -> None:
    dashboard.publish(study, report, tmp_path)
    figures = {k: json.loads(v) for k, v in get_plotly_graph_objects(_attributes(study)).items()}
    # four cells, two seeds each
    assert len(figures["range-test"]["data"]) == 8
    # completed, pruned, diverged, the baseline's course, and the three confirmed roles
    assert len(figures["accuracy-against-cost"]["data"]) == 7
    assert all(len(text) < 20_000 for text in get_plotly_graph_objects(_attributes(study)).values())


def test_publishing_twice_leaves_no_duplicate(
    study: optuna.Study, report: Report, tmp_path: Path, page_is_quick: None
) -> None:
    dashboard.publish(study, report, tmp_path)
    before, files = _artifacts(study), sorted(tmp_path.glob("*-*"))
    keys = set(_attributes(study))
    dashboard.publish(study, bare_report(), tmp_path)
    assert _artifacts(study) == before
    assert sorted(tmp_path.glob("*-*")) == files
    assert set(_attributes(study)) == keys
    page = (tmp_path / before["report.html"]).read_text()
    assert page == "<p>Undecided: no trial completed.</p>"
    assert get_note(study).startswith("## UNDECIDED")


def test_an_artifact_that_was_deleted_in_the_dashboard_is_published_again(
    study: optuna.Study, report: Report, tmp_path: Path, page_is_quick: None
) -> None:
    dashboard.publish(study, report, tmp_path)
    # What optuna-dashboard 0.21 does on DELETE /api/artifacts/<study>/<artifact>.
    old = _artifacts(study)["report.html"]
    study._storage.set_study_system_attr(study._study_id, f"artifacts:{old}", json.dumps(None))
    dashboard.publish(study, report, tmp_path)
    assert set(dashboard._artifact_ids(study)) == {"report.html", "report.json"}
    assert dashboard._artifact_ids(study)["report.html"] != old


def test_the_live_note_is_written_only_when_it_changes(study: optuna.Study) -> None:
    dashboard.publish_live(study, "**12 of 40** trials")
    version = _attributes(study)["dashboard:note_ver"]
    dashboard.publish_live(study, "**12 of 40** trials")
    assert _attributes(study)["dashboard:note_ver"] == version
    dashboard.publish_live(study, "**13 of 40** trials")
    assert get_note(study) == "**13 of 40** trials"


def test_an_artifact_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match=r"artifact folder '.*file/below' cannot be made"):
        dashboard.open_artifacts(tmp_path / "file" / "below")


@contextmanager
def _served(storage: BaseStorage, artifacts: Path) -> Iterator[str]:
    with dashboard.make_dashboard(storage, artifacts, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _get(address: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read()


def test_the_dashboard_serves_the_study_of_a_journal_and_its_report_page(
    study: optuna.Study, report: Report, tmp_path: Path, page_is_quick: None
) -> None:
    dashboard.publish(study, report, tmp_path / "artifacts")
    with _served(study._storage, tmp_path / "artifacts") as address:
        listed = json.loads(_get(f"{address}/api/studies")[1])
        assert [one["study_name"] for one in listed["study_summaries"]] == ["a study"]
        detail = json.loads(_get(f"{address}/api/studies/0")[1])
        assert detail["note"]["body"] == get_note(study)
        link = get_note(study).split("[The whole report as a page](")[1].split(")")[0]
        kind, content = _get(address + link)
    assert kind == "text/html"
    assert content.decode() == f"<p>{report.verdict.sentence}</p>"


def test_the_dashboard_serves_an_sqlite_study(tmp_path: Path) -> None:
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="in sqlite"
    )
    with _served(study._storage, tmp_path / "artifacts") as address:
        assert b"in sqlite" in _get(f"{address}/api/studies")[1]


def test_a_port_out_of_range_is_a_clear_error(study: optuna.Study, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="port must be from 0 to 65535, but got 99999"):
        dashboard.make_dashboard(study._storage, tmp_path, "127.0.0.1", 99999)


def test_a_port_in_use_is_a_clear_error(study: optuna.Study, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"127.0.0.1:{port} is in use.*another port"):
            dashboard.make_dashboard(study._storage, tmp_path, "127.0.0.1", port)


def test_ctrl_c_ends_the_dashboard_and_the_address_was_printed(
    study: optuna.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dashboard._Server, "serve_forever", interrupted)
    stream = io.StringIO()
    dashboard.serve(study._storage, tmp_path, port=0, console=Console(file=stream, width=100))
    first, last = stream.getvalue().splitlines()
    assert first.startswith("Dashboard: http://127.0.0.1:")
    assert last == "Dashboard ended."
