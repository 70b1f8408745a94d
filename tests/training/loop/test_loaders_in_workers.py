"""Streamed data in worker processes, which start loader processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from joblib.externals.loky import get_reusable_executor
from torch.utils.data import Dataset

from autosuperconv.core.trace import Trace
from autosuperconv.errors import DataError
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.training.feed.test_reading import JOB, Broken, Noisy, run, trainer


def in_worker(data: Dataset[Any], loaders: int) -> Trace:
    executor = WorkerProcesses(trainer(data, loaders), 1)
    try:
        return replace(executor.submit(JOB, None).result(120), seconds=0.0)
    finally:
        executor.stop()


def in_joblib(data: Dataset[Any], loaders: int) -> Trace:
    """In a worker that somebody else has started."""
    executor = get_reusable_executor(1)
    try:
        trace: Trace = executor.submit(run, data, loaders).result(120)
        return trace
    finally:
        executor.shutdown(wait=True, kill_workers=True)


@pytest.mark.slow
@pytest.mark.parametrize("loaders", [0, 2])
@pytest.mark.parametrize("place", [in_worker, in_joblib])
def test_a_run_in_a_worker_process_is_that_of_this_process(
    place: Callable[[Dataset[Any], int], Trace], loaders: int
) -> None:
    assert place(Noisy("numpy"), loaders) == run(Noisy("numpy"), 2 - loaders)


@pytest.mark.slow
def test_a_broken_sample_is_named_there_too() -> None:
    with pytest.raises(DataError, match="sample 37 cannot be read: OSError: truncated image"):
        in_worker(Broken("torch"), 2)
