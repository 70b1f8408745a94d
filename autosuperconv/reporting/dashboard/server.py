"""optuna-dashboard's own server, on a study's storage and its artifacts."""

from __future__ import annotations

import errno
import socketserver
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from rich.console import Console

from autosuperconv.errors import InvalidInput
from autosuperconv.reporting.dashboard.artifacts import open_artifacts

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Answers several requests at once, and does not wait for open ones when it ends."""

    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing: the page asks every few seconds, and a line each would bury the address."""


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
