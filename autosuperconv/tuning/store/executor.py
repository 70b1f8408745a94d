"""Executors: what carries out jobs, one after the other or several at once.

A new executor is a class with `Executor`'s methods and one line in `EXECUTORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.errors import WorkerDied
from autosuperconv.tuning.store.worker_processes import WorkerProcesses

MAX_DEATHS = 3


class Executor(Protocol):
    """Carries out jobs, up to `size` of them at once."""

    @property
    def size(self) -> int:
        """How many jobs run at once."""
        ...

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        """Start a job; the future gets its trace, or what the run raised."""
        ...

    def stop(self) -> None:
        """Release processes and memory; jobs still running are lost."""
        ...


class InProcess:
    """One job at a time, in this process."""

    size = 1

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        future: Future[Trace] = Future()
        try:
            future.set_result(self._trainer(job, on_point))
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        pass


EXECUTORS: dict[str, Callable[[Trainer, int], Executor]] = {
    "in-process": lambda trainer, workers: InProcess(trainer),
    "worker-processes": WorkerProcesses,
}


def make_executor(trainer: Trainer, workers: int) -> Executor:
    """The executor for that many workers; one worker needs no process of its own."""
    return EXECUTORS["worker-processes" if workers > 1 else "in-process"](trainer, workers)


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job that waits for its turn.

    Args:
        key: identifies the job's result.
        job: what to train.
        on_point: sees every measured point of the run; None: nobody does.
    """

    key: str
    job: Job
    on_point: OnPoint | None = None


def drive(executor: Executor, queue: Iterator[QueuedJob]) -> Iterator[tuple[QueuedJob, Trace]]:
    """Carry out all jobs of the queue; yields each with its trace as soon as it ends.

    The queue is read one job at a time, and only when the caller has dealt with the results so far:
    a sampler that fills it knows everything that has happened. A job whose worker was killed is
    started again.

    Raises:
        WorkerDied: workers were killed again and again.
    """
    running: dict[Future[Trace], QueuedJob] = {}
    deaths = 0
    while True:
        for queued in islice(queue, executor.size - len(running)):
            running[executor.submit(queued.job, queued.on_point)] = queued
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        killed = [future for future in done if isinstance(future.exception(), BrokenExecutor)]
        if killed:
            deaths += 1
            _check_deaths(deaths, killed[0])
            _restart_unfinished(executor, running)
        for future in [future for future in running if _has_trace(future)]:
            yield running.pop(future), future.result()
        for future in done.intersection(running):
            future.result()  # raises what the run raised


def _restart_unfinished(executor: Executor, running: dict[Future[Trace], QueuedJob]) -> None:
    """Submit again what the death of a worker took along."""
    lost = [running.pop(future) for future in list(running) if not _has_trace(future)]
    running.update({executor.submit(queued.job, queued.on_point): queued for queued in lost})


def _has_trace(future: Future[Trace]) -> bool:
    return future.done() and future.exception() is None


def _check_deaths(deaths: int, future: Future[Trace]) -> None:
    if deaths >= MAX_DEATHS:
        cause = str(future.exception()).splitlines()[0].rstrip(".")
        raise WorkerDied(
            f"A worker process died {deaths} times; the last error was: {cause}. The usual cause "
            "is too little memory: use fewer --workers or less data. The study is kept; the same "
            "command continues it."
        )
