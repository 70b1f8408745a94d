"""Executors: always busy, in any order, and not stopped by a worker that is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Point, Trace, Trainer
from autosuperconv.errors import DataError, UnknownName, WorkerDied
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import (
    EXECUTORS,
    Executor,
    InProcess,
    QueuedJob,
    drive,
    make_executor,
)
from autosuperconv.tuning.store.worker_processes import WorkerProcesses

JOBS = [Job(Recipe(max_lr=0.5, epochs=1.0, seed=seed)) for seed in range(5)]
QUEUE = [QueuedJob(str(job.recipe.seed), job) for job in JOBS]


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
    """Raises an error of this package for every job."""

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        if job.recipe.seed == 0:
            raise UnknownName("schedule", "onecycle", ["1cycle", "cosine"])
        raise DataError("The data are gone.")


@dataclass(frozen=True)
class Watching:
    """Leaves a file for every point that it is shown."""

    folder: Path

    def __call__(self, point: Point) -> None:
        (self.folder / f"{point.phase}").touch()


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


@pytest.fixture(params=EXECUTORS)
def make(request: pytest.FixtureRequest, stopping: list[Executor]) -> Callable[..., Executor]:
    """Makes the executor of every name, for a trainer."""

    def made(trainer: Trainer) -> Executor:
        stopping.append(EXECUTORS[request.param](trainer, 2))
        return stopping[-1]

    return made


def test_every_executor_carries_out_each_job_once(make: Callable[..., Executor]) -> None:
    expected = {queued.key: SurfaceTrainer()(queued.job) for queued in QUEUE}
    done = list(drive(make(SurfaceTrainer()), iter(QUEUE)))
    assert {queued.key: trace for queued, trace in done} == expected
    assert len(done) == len(QUEUE)


def test_every_executor_passes_a_runs_error_on_as_it_was_raised(
    make: Callable[..., Executor],
) -> None:
    with pytest.raises(DataError, match="The data are gone"):
        list(drive(make(Refusing()), iter(QUEUE[1:2])))
    with pytest.raises(UnknownName, match="Did you mean '1cycle'"):
        list(drive(make(Refusing()), iter(QUEUE[:1])))


def test_every_executor_may_be_stopped_before_its_first_job_and_twice(
    make: Callable[..., Executor],
) -> None:
    executor = make(SurfaceTrainer())
    executor.stop()
    executor.stop()


def test_every_executor_shows_each_measured_point(
    make: Callable[..., Executor], tmp_path: Path
) -> None:
    points: list[Point] = []
    SurfaceTrainer()(JOBS[0], points.append)
    list(drive(make(SurfaceTrainer()), iter([QueuedJob("0", JOBS[0], Watching(tmp_path))])))
    assert {p.name for p in tmp_path.iterdir()} == {f"{point.phase}" for point in points} != set()


def test_one_worker_needs_no_process_and_more_need_as_many() -> None:
    assert isinstance(make_executor(SurfaceTrainer(), 1), InProcess)
    several = make_executor(SurfaceTrainer(), 3)
    assert isinstance(several, WorkerProcesses)
    assert several.size == 3


def test_a_job_is_pulled_only_when_the_result_before_it_was_digested() -> None:
    log: list[str] = []

    def queue() -> Iterator[QueuedJob]:
        for queued in QUEUE[:3]:
            log.append(f"asked {queued.key}")
            yield queued

    for queued, _ in drive(InProcess(SurfaceTrainer()), queue()):
        log.append(f"told {queued.key}")
    assert log == ["asked 0", "told 0", "asked 1", "told 1", "asked 2", "told 2"]


def test_a_slow_run_does_not_hold_up_the_others(stopping: list[Executor], tmp_path: Path) -> None:
    stopping.append(WorkerProcesses(Slow(tmp_path / "ended"), 2))
    keys = [queued.key for queued, _ in drive(stopping[0], iter(QUEUE))]
    assert keys[0] != "0"
    assert sorted(keys) == ["0", "1", "2", "3", "4"]


def test_a_run_whose_worker_was_killed_is_taken_up_again(
    stopping: list[Executor], tmp_path: Path
) -> None:
    stopping.append(WorkerProcesses(Mortal(tmp_path, seed=2), 2))
    done = {queued.key: trace for queued, trace in drive(stopping[0], iter(QUEUE))}
    assert sorted(done) == ["0", "1", "2", "3", "4"]
    assert done["2"] == SurfaceTrainer()(JOBS[2])
    assert len(list(tmp_path.iterdir())) == 1


def test_workers_that_die_again_and_again_end_it_with_a_remedy(
    stopping: list[Executor], tmp_path: Path
) -> None:
    stopping.append(WorkerProcesses(Mortal(tmp_path, seed=0, deaths=99), 2))
    with pytest.raises(WorkerDied, match=r"died 3 times.*fewer --workers.*same command"):
        list(drive(stopping[0], iter(QUEUE)))
    assert len(list(tmp_path.iterdir())) == 3


def test_no_jobs_are_no_trouble() -> None:
    assert list(drive(InProcess(SurfaceTrainer()), iter([]))) == []
