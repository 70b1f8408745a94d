from __future__ import annotations

import io
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna_dashboard import get_note
from rich.console import Console

from autosuperconv.core.report import Report
from autosuperconv.errors import InvalidInput
from autosuperconv.reporting.dashboard import server
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.files import RenderedReport

RENDERED = RenderedReport("<p>the page</p>", "{}", "## REACHED\n", {})


@contextmanager
def _served(storage: BaseStorage, artifacts: Path) -> Iterator[str]:
    with server.make_dashboard(storage, artifacts, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def _get(address: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read()


def test_the_dashboard_serves_the_study_of_a_journal_and_its_report_page(
    study: optuna.Study, report: Report, tmp_path: Path
) -> None:
    publish_report(study, report, RENDERED, tmp_path / "artifacts", pytest.fail)
    with _served(study._storage, tmp_path / "artifacts") as address:
        listed = json.loads(_get(f"{address}/api/studies")[1])
        assert [one["study_name"] for one in listed["study_summaries"]] == ["a study"]
        detail = json.loads(_get(f"{address}/api/studies/0")[1])
        assert detail["note"]["body"] == get_note(study)
        link = get_note(study).split("[The whole report as a page](")[1].split(")")[0]
        kind, content = _get(address + link)
    assert kind == "text/html"
    assert content.decode() == RENDERED.page


def test_the_dashboard_serves_an_sqlite_study(tmp_path: Path) -> None:
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="in sqlite"
    )
    with _served(study._storage, tmp_path / "artifacts") as address:
        assert b"in sqlite" in _get(f"{address}/api/studies")[1]


def test_a_port_out_of_range_is_a_clear_error(study: optuna.Study, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="port must be from 0 to 65535, but got 99999"):
        server.make_dashboard(study._storage, tmp_path, "127.0.0.1", 99999)


def test_a_port_in_use_is_a_clear_error(study: optuna.Study, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"127.0.0.1:{port} is in use.*another port"):
            server.make_dashboard(study._storage, tmp_path, "127.0.0.1", port)


def test_ctrl_c_ends_the_dashboard_and_the_address_was_printed(
    study: optuna.Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server._Server, "serve_forever", interrupted)
    stream = io.StringIO()
    server.serve(study._storage, tmp_path, port=0, console=Console(file=stream, width=100))
    first, last = stream.getvalue().splitlines()
    assert first.startswith("Dashboard: http://127.0.0.1:")
    assert last == "Dashboard ended."
