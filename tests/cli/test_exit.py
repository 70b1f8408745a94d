"""Ctrl-C or SIGTERM on a real search with worker processes: one message, exit status 130."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autosuperconv.cli.exit import by_option

ROOT = Path(__file__).parents[2]
SEARCH = "search --dataset digits --model mlp --trials 6 --epochs 1:2 --baseline-epochs 4"


@pytest.mark.parametrize(("send", "sent"), [("killpg", "SIGINT"), ("kill", "SIGTERM")])
def test_an_interrupt_while_workers_start_is_one_message(
    send: str, sent: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "autosuperconv", *SEARCH.split()]
    running = subprocess.Popen(
        [*command, "--workers", "2", "--device", "cpu"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    next(line for line in running.stderr if line.startswith("plan"))
    getattr(os, send)(running.pid, getattr(signal, sent))
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert err.strip() == (
        "Interrupted. Finished runs are kept; the same command resumes the search."
    )


@pytest.mark.parametrize(
    ("argv", "message", "shown"),
    [
        (["search", "--margin", "2"], "Criterion.margin must be x.", "--margin must be x."),
        (["search", "--max-seeds=2"], "max_seeds must be x.", "--max-seeds must be x."),
        (["train", "--recipe", "r.json"], "Recipe.max_lr must be x.", "Recipe.max_lr must be x."),
        (["search", "--seed", "1"], "The seed must be x.", "The seed must be x."),
    ],
)
def test_an_error_names_the_option_that_was_given(
    argv: list[str], message: str, shown: str
) -> None:
    assert by_option(message, argv) == shown
