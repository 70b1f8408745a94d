"""Executors: who carries out jobs, one after the other or several at once.

`drive` keeps an executor full and hands out traces as they come. Jobs are pulled one by one, after
the caller has digested the last result, so a sampler always knows all that has happened.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from joblib.externals.loky import get_reusable_executor

from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.errors import WorkerDied

MAX_DEATHS = 3
PARENT_SEEN_EVERY = 1.0  # seconds


class Executor(Protocol):
    """Carries out jobs; `size` of them at once."""

    size: int

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]: ...

    def stop(self) -> None:
        """Give back what it holds; running jobs are lost."""
        ...


class Task(NamedTuple):
    """A job with a name to know its result by, and who to tell of its points."""

    key: str
    job: Job
    on_point: OnPoint | None = None


class InProcess:
    """One job at a time, here."""

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


class Processes:
    """Several worker processes, through joblib's loky; the trainer travels once to each."""

    def __init__(self, trainer: Trainer, size: int) -> None:
        self._trainer, self.size = trainer, size
        self._started = False

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        self._started = True
        with interrupts_held():
            pool = get_reusable_executor(
                self.size,
                timeout=600,
                initializer=_install,
                initargs=(self._trainer, os.getpid()),
            )
            future: Future[Trace] = pool.submit(_carry_out, job, on_point)
        return future

    def stop(self) -> None:
        if self._started:
            get_reusable_executor(self.size, reuse=True).shutdown(wait=True, kill_workers=True)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until this is left. Worker processes that are started meanwhile inherit the
    mask: without it one that is still importing would print a traceback of its own."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_installed: Trainer | None = None


def _install(trainer: Trainer, parent: int) -> None:
    global _installed
    _installed = trainer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process to handle
    if sys.platform != "win32":  # there a virtual environment's launcher may stand between
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this worker once the process that started it is gone: one that is killed cannot stop its
    workers, and they would keep their memory for as long as they wait for work."""
    while os.getppid() == parent:
        time.sleep(PARENT_SEEN_EVERY)
    os._exit(1)


def _carry_out(job: Job, on_point: OnPoint | None) -> Trace:
    assert _installed is not None
    return _installed(job, on_point)


def drive(executor: Executor, tasks: Iterator[Task]) -> Iterator[tuple[Task, Trace]]:
    """Carry out all tasks; yields each with its trace as it ends.

    A task whose worker was killed is taken up again.

    Raises:
        WorkerDied: workers were killed again and again.
    """
    running: dict[Future[Trace], Task] = {}
    deaths, more = 0, True
    while True:
        while more and len(running) < executor.size:
            task = next(tasks, None)
            if task is None:
                more = False
            else:
                running[executor.submit(task.job, task.on_point)] = task
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        broken = [f for f in done if isinstance(f.exception(), BrokenExecutor)]
        if broken:
            deaths += 1
            _check_deaths(deaths, broken[0])
            lost = [running.pop(future) for future in list(running) if not _has_result(future)]
            running.update({executor.submit(task.job, task.on_point): task for task in lost})
        for future in [f for f in running if _has_result(f)]:
            yield running.pop(future), future.result()
        for future in done.difference(broken):
            if future in running:
                raise future.exception() or AssertionError("a future without a result")


def _has_result(future: Future[Trace]) -> bool:
    return future.done() and future.exception() is None


def _check_deaths(deaths: int, future: Future[Trace]) -> None:
    if deaths >= MAX_DEATHS:
        why = str(future.exception()).splitlines()[0].rstrip(".")
        raise WorkerDied(
            f"A worker process died {deaths} times, last with: {why}. Often the "
            "memory ran out: use fewer --workers or less data. The study is kept; the same "
            "command goes on with it."
        )
