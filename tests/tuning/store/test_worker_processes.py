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


LOADING = """
import os, signal, time
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.engine import Engine
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.training.made import dots, streamed, trainer

run = trainer(streamed(dots()), Engine(threads=1, loader_workers=2))
WorkerProcesses(run, 1).submit(Job(Recipe(max_lr=0.01, epochs=1e4, batch_size=8)), None)
while True:
    time.sleep(0.2)
    rows = [row.split() for row in os.popen("ps -eo pid,ppid,args") if "python" in row]
    parents = {row[0]: row[1] for row in rows}
    ours = [pid for pid in parents if parents.get(parents[pid]) == str(os.getpid())]
    if len(ours) == 2:
        print(*ours, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="loader processes are forked on Linux alone")
def test_the_loader_processes_of_a_search_that_is_killed_end_with_it() -> None:
    killed = subprocess.Popen([sys.executable, "-c", LOADING], stdout=subprocess.PIPE, text=True)
    said, _ = killed.communicate(timeout=120)  # until no loader process holds the pipe any more
    assert killed.returncode == -signal.SIGKILL
    assert len(said.split()) == 2
