"""The same search, started twice in real processes: one of them runs, and nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import optuna
import pytest

from autosuperconv.tuning.store.storage import open_storage

COMMAND = [
    *(sys.executable, "-m", "autosuperconv", "search", "--dataset", "digits", "--model", "mlp"),
    *("--n-train", "300", "--trials", "6", "--epochs", "1:2", "--baseline-epochs", "3"),
    *("--workers", "1", "--precision", "float32", "--memory-format", "contiguous"),
    *("--seeds", "2", "--max-seeds", "2", "--study-name", "twice"),
]
REFUSED = "Error: Search 'twice' is running already on "


Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def begin() -> subprocess.Popen[str]:
            search = subprocess.Popen(
                COMMAND,
                cwd=tmp_path,
                text=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
            stack.enter_context(search)
            stack.callback(search.kill)
            return search

        yield begin


def read_to(search: subprocess.Popen[str], beginning: str) -> str:
    """What a search says up to the line that begins so, or to its end."""
    assert search.stderr is not None
    said: list[str] = []
    for line in search.stderr:
        said.append(line)
        if line.startswith(beginning):
            break
    return "".join(said)


def jobs(folder: Path) -> list[str]:
    """The finished runs that are no trials, as their fingerprints."""
    storage = open_storage(str(folder / "autosuperconv.journal"))
    runs = optuna.load_study(study_name="twice.runs", storage=storage)
    return [trial.user_attrs["job"] for trial in runs.trials]


@pytest.mark.slow
def test_of_two_starts_one_runs_and_a_killed_one_is_taken_over_at_once(
    start: Start, tmp_path: Path
) -> None:
    first, second = start(), start()
    said = {search: read_to(search, "study 2/6") for search in (first, second)}
    (refused,) = [search for search in said if REFUSED in said[search]]
    (running,) = {first, second} - {refused}
    assert refused.wait(20) == 2
    assert f"process {running.pid}, since" in said[refused]
    assert "study 2/6" in said[running]

    late = start()
    assert REFUSED in read_to(late, "never")
    assert late.wait(20) == 2

    running.send_signal(signal.SIGKILL)  # nobody has waited for it yet: it is still in the table
    heir = start()
    _, progress = heir.communicate(timeout=240)
    assert heir.returncode == 0, progress
    assert "waits for up to" not in progress
    assert running.wait(20) == -signal.SIGKILL
    assert len(jobs(tmp_path)) == len(set(jobs(tmp_path)))
    report = json.loads((tmp_path / "runs" / "twice" / "report.json").read_text())
    assert len(report["trials"]) == 6
