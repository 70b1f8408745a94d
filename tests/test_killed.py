"""A real search that is killed, interrupted twice, and started again each time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from autosuperconv.tuning.store.storage import open_storage

COMMAND = [
    *(sys.executable, "-m", "autosuperconv", "search", "--dataset", "digits", "--model", "mlp"),
    *("--n-train", "300", "--trials", "8", "--epochs", "1:2", "--baseline-epochs", "3"),
    *("--workers", "1", "--precision", "float32", "--memory-format", "contiguous"),
    *("--study-name", "killed"),
]
DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        COMMAND,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def stop_at(folder: Path, beginning: str, how: signal.Signals) -> tuple[int, str]:
    """Start the search, signal it at the first line that begins so; exit status and the rest."""
    search = start(folder)
    assert search.stderr is not None
    for line in search.stderr:
        if line.startswith(beginning):
            search.send_signal(how)
            break
    _, rest = search.communicate(timeout=120)
    return search.returncode, rest


def finished(folder: Path) -> dict[int, tuple[dict[str, object], float | None]]:
    study = optuna.load_study(study_name="killed", storage=open_storage(str(folder / JOURNAL)))
    return {t.number: (t.params, t.value) for t in study.trials if t.state in DONE}


JOURNAL = "autosuperconv.journal"


@pytest.mark.slow
def test_a_search_survives_a_kill_and_two_interrupts(tmp_path: Path) -> None:
    status, _ = stop_at(tmp_path, "study 3/8", signal.SIGKILL)
    assert status == -signal.SIGKILL
    after_kill = finished(tmp_path)
    assert len(after_kill) >= 3

    status, text = stop_at(tmp_path, "study 5/8", signal.SIGINT)
    assert status == 130
    assert "the same command resumes the search" in text
    assert "Traceback" not in text
    after_interrupt = finished(tmp_path)
    assert after_kill.items() <= after_interrupt.items()

    status, text = stop_at(tmp_path, "confirmation 2/", signal.SIGINT)
    assert (status, "Traceback" in text) == (130, False)

    last = start(tmp_path)
    _, progress = last.communicate(timeout=240)
    assert last.returncode == 0, progress
    assert re.search(r"range test: (\d+) runs, \1 already done", progress)
    assert after_interrupt.items() <= finished(tmp_path).items()
    report = json.loads((tmp_path / "runs" / "killed" / "report.json").read_text())
    assert len(report["trials"]) == 8
