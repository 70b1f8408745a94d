"""Worker processes end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import pytest

from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.tuning.store.test_executor import JOBS

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


def a_process() -> None:
    started = multiprocessing.Process(target=os.getpid)
    started.start()
    started.join()
    assert started.exitcode == 0


def a_pool() -> None:
    with multiprocessing.Pool(1) as pool:
        assert pool.map(abs, [-1]) == [1]


def an_executor() -> None:
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(abs, -1).result() == 1


@dataclass(frozen=True)
class Starting(SurfaceTrainer):
    """Its data set or network starts processes of its own."""

    start: Callable[[], None] = a_process

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        self.start()
        return SurfaceTrainer()(job, on_point)


@pytest.mark.parametrize("start", [a_process, a_pool, an_executor])
def test_what_runs_in_a_worker_may_start_processes_of_its_own(start: Callable[[], None]) -> None:
    executor = WorkerProcesses(Starting(start=start), 1)
    try:
        assert executor.submit(JOBS[0], None).result(60) == SurfaceTrainer()(JOBS[0])
    finally:
        executor.stop()


def test_a_worker_starts_processes_as_the_process_that_started_it_does() -> None:
    command = (
        "import multiprocessing; from tests.tuning.store import test_worker_processes as t\n"
        "multiprocessing.set_start_method('spawn')\n"
        "w = t.WorkerProcesses(t.Starting(start=t.spawning), 1)\n"
        "w.submit(t.JOBS[0], None).result(60)\n"
        "w.stop()"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def spawning() -> None:
    assert multiprocessing.get_start_method() == "spawn"
