"""Several worker processes, through joblib's loky."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager

from joblib.externals.loky import get_reusable_executor

from autosuperconv.core.trace import Job, OnPoint, SharesData, Trace, Trainer

PARENT_CHECK_SECONDS = 1.0
IDLE_SECONDS = 600  # after which a worker without work ends


class WorkerProcesses:
    """Several jobs at once, each in a process; the trainer is sent once to each process, and its
    data are shared if it can share them."""

    def __init__(self, trainer: Trainer, size: int) -> None:
        self._trainer, self.size = trainer, size
        self._installed: tuple[object, ...] | None = None
        self._sharing = ExitStack()  # is open while there may be workers

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        if self._installed is None:
            method = multiprocessing.get_start_method(allow_none=True)
            self._installed = self._shared(), os.getpid(), method
        with interrupts_held():
            pool = get_reusable_executor(
                self.size,
                timeout=IDLE_SECONDS,
                initializer=_install,
                initargs=self._installed,  # the same each time, or loky would start others
            )
            future: Future[Trace] = pool.submit(_carry_out, job, on_point)
        return future

    def stop(self) -> None:
        if self._installed is None:
            return
        with self._sharing:
            self._installed = None
            get_reusable_executor(self.size, reuse=True).shutdown(wait=True, kill_workers=True)

    def _shared(self) -> object:
        """What is sent to each process."""
        if isinstance(self._trainer, SharesData):
            return self._sharing.enter_context(self._trainer.shared())
        return self._trainer


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C until the end. Worker processes started meanwhile inherit the mask: without
    it, a worker that is still importing would print a traceback of its own."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_installed: Trainer | None = None  # in a worker: what trains there


def _install(trainer: Trainer, parent: int, start_method: str | None) -> None:
    global _installed
    _installed = trainer
    # a data set or a network may start processes: as in the process that started this one, because
    # loky makes a method the default here that starts none but its own
    multiprocessing.set_start_method(start_method, force=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process handles Ctrl-C
    if sys.platform != "win32":  # there a virtual environment's launcher may stand between
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this worker once the process that started it is gone: a parent that is killed cannot stop
    its workers, and they would hold their memory for as long as they wait for work."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(1)


def _carry_out(job: Job, on_point: OnPoint | None) -> Trace:
    assert _installed is not None
    return _installed(job, on_point)
