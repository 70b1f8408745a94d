"""Executors: full, in any order, and not put off by a worker that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import DataError, UnknownName, WorkerDied
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import Executor, InProcess, Processes, Task, drive

JOBS = [Job(Recipe(max_lr=0.5, epochs=1.0, seed=seed)) for seed in range(5)]
TASKS = [Task(str(job.recipe.seed), job) for job in JOBS]


@dataclass(frozen=True)
class Mortal:
    """Kills its own process, as the out-of-memory killer would, the first times it meets a seed."""

    folder: Path
    seed: int
    deaths: int = 1

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        if job.recipe.seed == self.seed:
            met = len(list(self.folder.iterdir()))
            if met < self.deaths:
                (self.folder / str(met)).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return SurfaceTrainer()(job, on_point)


@dataclass(frozen=True)
class Refusing:
    """Raises an error of this package in the worker."""

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        if job.recipe.seed == 0:
            raise UnknownName("schedule", "onecycle", ["1cycle", "cosine"])
        raise DataError("The data are gone.")


@dataclass(frozen=True)
class Slow:
    ended: Path

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        if job.recipe.seed == 0:  # waits until another run has ended, whatever the machine's load
            until = time.monotonic() + 30
            while not self.ended.exists() and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(0.5)  # for the other's result to arrive first
        trace = SurfaceTrainer()(job, on_point)
        self.ended.touch()
        return trace


@pytest.fixture
def stopping() -> Iterator[list[Executor]]:
    executors: list[Executor] = []
    yield executors
    for executor in executors:
        executor.stop()


def test_every_task_is_carried_out_once(stopping: list[Executor]) -> None:
    expected = {task.key: SurfaceTrainer()(task.job) for task in TASKS}
    executors = [InProcess(SurfaceTrainer()), Processes(SurfaceTrainer(), 2)]
    stopping.extend(executors)
    for executor in executors:
        done = list(drive(executor, iter(TASKS)))
        assert {task.key: trace for task, trace in done} == expected
        assert len(done) == len(TASKS)


def test_a_task_is_pulled_only_when_the_result_before_it_was_digested() -> None:
    log: list[str] = []

    def tasks() -> Iterator[Task]:
        for task in TASKS[:3]:
            log.append(f"asked {task.key}")
            yield task

    for task, _ in drive(InProcess(SurfaceTrainer()), tasks()):
        log.append(f"told {task.key}")
    assert log == ["asked 0", "told 0", "asked 1", "told 1", "asked 2", "told 2"]


def test_a_slow_run_does_not_hold_up_the_others(stopping: list[Executor], tmp_path: Path) -> None:
    stopping.append(Processes(Slow(tmp_path / "ended"), 2))
    keys = [task.key for task, _ in drive(stopping[0], iter(TASKS))]
    assert keys[0] != "0"
    assert sorted(keys) == ["0", "1", "2", "3", "4"]


def test_a_run_whose_worker_was_killed_is_taken_up_again(
    stopping: list[Executor], tmp_path: Path
) -> None:
    stopping.append(Processes(Mortal(tmp_path, seed=2), 2))
    done = {task.key: trace for task, trace in drive(stopping[0], iter(TASKS))}
    assert sorted(done) == ["0", "1", "2", "3", "4"]
    assert done["2"] == SurfaceTrainer()(JOBS[2])
    assert len(list(tmp_path.iterdir())) == 1


def test_workers_that_die_again_and_again_end_it_with_a_remedy(
    stopping: list[Executor], tmp_path: Path
) -> None:
    stopping.append(Processes(Mortal(tmp_path, seed=0, deaths=99), 2))
    with pytest.raises(WorkerDied, match=r"died 3 times.*fewer --workers.*same command"):
        list(drive(stopping[0], iter(TASKS)))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_workers_error_arrives_as_it_was_raised(stopping: list[Executor]) -> None:
    stopping.append(Processes(Refusing(), 2))
    with pytest.raises(DataError, match="The data are gone"):
        list(drive(stopping[0], iter(TASKS[1:2])))
    with pytest.raises(UnknownName, match="Did you mean '1cycle'"):
        list(drive(stopping[0], iter(TASKS[:1])))


def test_an_executor_that_was_never_used_starts_nothing_when_stopped() -> None:
    Processes(SurfaceTrainer(), 2).stop()


def test_no_tasks_are_no_trouble() -> None:
    assert list(drive(InProcess(SurfaceTrainer()), iter([]))) == []


KILLED = """
import os, signal
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import Processes
from tests.tuning.store.test_executor import JOBS

Processes(SurfaceTrainer(), 2).submit(JOBS[0], None).result()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_the_workers_of_a_search_that_is_killed_end_with_it() -> None:
    killed = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    killed.communicate(timeout=60)  # to the end of the pipe: until no worker holds it any more
    assert killed.returncode == -signal.SIGKILL
