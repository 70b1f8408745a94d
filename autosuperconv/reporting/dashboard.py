"""The study in optuna-dashboard: note, pictures, artifacts, and the server itself.

The only file of reporting that knows optuna and optuna-dashboard; both are imported inside the
functions.
"""

from __future__ import annotations

import errno
import json
import re
import socketserver
import tempfile
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from rich.console import Console

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import to_json
from autosuperconv.errors import InvalidInput, OutputUnwritable
from autosuperconv.reporting import rows as words
from autosuperconv.reporting.figures.interactive import cost_figure, range_test_figure
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render

if TYPE_CHECKING:
    from optuna import Study
    from optuna.artifacts import FileSystemArtifactStore
    from optuna.storages import BaseStorage

RANGE_TEST_ID = "range-test"
COST_ID = "accuracy-against-cost"
ARTIFACT_PREFIX = "artifacts:"
"""Key of an artifact in the system attributes (optuna/artifacts/_upload.py)."""

BEST_TRIAL = (
    'What the dashboard calls "Best Trial" is the cheapest one, whether it reached the target or '
    "not (optuna-dashboard 0.21 does not read Optuna 5's constraints)."
)
EM_SPACE = "\u2003"


def open_artifacts(artifact_dir: Path) -> FileSystemArtifactStore:
    """The artifact store in a folder, which is made if need be.

    Raises:
        OutputUnwritable: the folder cannot be made.
    """
    from optuna.artifacts import FileSystemArtifactStore

    try:
        artifact_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(
            f"The artifact folder {str(artifact_dir)!r} cannot be made: {error.strerror}. "
            "Name another folder."
        ) from error
    return FileSystemArtifactStore(artifact_dir)


def publish(study: Study, report: Report, artifact_dir: Path) -> None:
    """Show the report in the dashboard: note, two pictures, the page and its JSON as artifacts.

    Publishing again replaces what was there: pictures by their id, artifacts by their file name.
    """
    from optuna_dashboard import save_plotly_graph_object
    from optuna_dashboard.artifact import get_artifact_path

    store = open_artifacts(artifact_dir)
    page = _put_artifact(study, store, "report.html", render(report).encode())
    _put_artifact(study, store, "report.json", to_json(report, indent=1).encode())
    links = [f"[The whole report as a page]({get_artifact_path(study, page)})."]
    winner = words.winner_number(report)
    if winner is not None:
        address = f"/dashboard/studies/{study._study_id}/trials?numbers={winner}"
        links.append(f"The winner is [trial {winner}]({address}).")
        links += [BEST_TRIAL] if report.settings.objective == "cost" else []
    publish_live(study, spaced(f"{render_markdown(report)}\n{' '.join(links)}\n"))
    if report.range_test.cells:
        figure = range_test_figure(report)
        save_plotly_graph_object(study, figure, graph_object_id=RANGE_TEST_ID)
    if report.trials:
        save_plotly_graph_object(study, cost_figure(report), graph_object_id=COST_ID)


def spaced(markdown: str) -> str:
    """Room between the columns of tables: the dashboard sets none."""
    return re.sub(r"(?<=[^-]) \|(?=.*\|$)", f" {EM_SPACE}|", markdown, flags=re.MULTILINE)


def publish_live(study: Study, text: str) -> None:
    """Set the study's note, in Markdown; writes nothing where it reads so already."""
    from optuna_dashboard import get_note, save_note

    if get_note(study) != text:
        save_note(study, text)


def _put_artifact(study: Study, store: FileSystemArtifactStore, name: str, content: bytes) -> str:
    """Write an artifact over the one of the same name, else add it; returns its id."""
    from optuna.artifacts import upload_artifact

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        known = _artifact_ids(study).get(name)
        if known is None:
            return upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=study)
        with path.open("rb") as stream:
            store.write(known, stream)
        return known


def _artifact_ids(study: Study) -> dict[str, str]:
    """Artifact id by file name.

    Not `optuna.artifacts.get_all_artifact_meta`, which raises TypeError once an artifact was
    deleted in the dashboard: that leaves the JSON text "null" behind (optuna-dashboard 0.21).
    """
    attributes = study._storage.get_study_system_attrs(study._study_id)
    stored = (
        json.loads(value) for key, value in attributes.items() if key.startswith(ARTIFACT_PREFIX)
    )
    return {meta["filename"]: meta["artifact_id"] for meta in stored if meta is not None}


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Answers several requests at once, and does not wait for open ones when it ends."""

    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The page asks every few seconds; a line for each would bury the address."""


def make_dashboard(storage: BaseStorage, artifact_dir: Path, host: str, port: int) -> WSGIServer:
    """The dashboard's server, bound to its port but not yet serving.

    Args:
        port: 0 takes any free one; `server_port` of the result says which.

    Raises:
        InvalidInput: the port is in use, not allowed, or the host is not this machine's.
    """
    from optuna_dashboard import wsgi

    if not 0 <= port <= 65535:
        raise InvalidInput(f"port must be from 0 to 65535, but got {port}. Choose another port.")
    store = open_artifacts(artifact_dir)
    application = wsgi(storage, artifact_store=store)
    try:
        return make_server(host, port, application, _Server, _SilentHandler)
    except OSError as error:
        raise InvalidInput(_cannot_listen(host, port, error)) from error


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    reasons = {
        errno.EADDRINUSE: "is in use by another program",
        errno.EACCES: "is not open to this user (below 1024)",
        errno.EADDRNOTAVAIL: "is not an address of this machine",
    }
    reason = reasons.get(error.errno or 0, f"cannot be served: {error.strerror or error}")
    return f"{host}:{port} {reason}. Choose another port or host."


def serve(
    storage: BaseStorage,
    artifact_dir: Path,
    host: str = "127.0.0.1",
    port: int = 8080,
    open_browser: bool = False,
    console: Console | None = None,
) -> None:
    """Serve optuna-dashboard on a study's storage until Ctrl-C.

    Args:
        open_browser: open the page once the server listens.
        console: where the address is printed; None: the standard error stream.

    Raises:
        InvalidInput: as `make_dashboard`.
    """
    console = console or Console(stderr=True)
    with make_dashboard(storage, artifact_dir, host, port) as server:
        address = f"http://{host}:{server.server_port}/"
        console.print(f"Dashboard: {address}  (Ctrl-C ends it)", highlight=False, markup=False)
        if open_browser:
            threading.Timer(0.3, webbrowser.open, (address,)).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Dashboard ended.", highlight=False)
