"""Worker processes end with the process that started them."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

KILLED = """
import os, signal
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.tuning.store.test_executor import JOBS

WorkerProcesses(SurfaceTrainer(), 2).submit(JOBS[0], None).result()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_the_workers_of_a_search_that_is_killed_end_with_it() -> None:
    killed = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    killed.communicate(timeout=60)  # to the end of the pipe: until no worker holds it any more
    assert killed.returncode == -signal.SIGKILL
