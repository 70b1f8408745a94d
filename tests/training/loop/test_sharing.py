"""Worker processes read one copy of the data, and train as this process does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from joblib.externals.loky import get_reusable_executor
from torch import nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop import trainer as trainers
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.tuning.store.executor import QueuedJob, drive
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.training.made import streamed

MIB = 2**20
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
SEEDS = (0, 1)
RECIPE = Recipe(max_lr=0.01, batch_size=32, epochs=0.3)


def net() -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(12, 2))


def wide_net() -> nn.Module:
    return nn.Sequential(nn.Linear(500, 2), nn.BatchNorm1d(2))


def images(n: int, augment: str = "none") -> TaskData:
    """(3, 16, 16) bytes."""
    x = torch.randint(0, 256, (n, 3, 16, 16), dtype=torch.uint8, generator=seeded())
    return as_task_data((x, torch.arange(n) % 2), augment=augment)


def floats(n: int) -> TaskData:
    x = torch.randn((n, 500), generator=seeded())
    return as_task_data((x, torch.arange(n) % 2))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def timeless(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0)


def in_workers(trainer: TorchTrainer) -> tuple[list[Trace], list[int], list[set[str]]]:
    """Traces by seed; of each of two workers, the bytes that it alone holds, and the inodes of
    the search's files that it maps."""
    executor = WorkerProcesses(trainer, 2)
    try:
        jobs = [Job(replace(RECIPE, seed=seed)) for seed in (*SEEDS, *SEEDS)]
        traces = [f.result() for f in [executor.submit(job, None) for job in jobs]]
        pids = list(get_reusable_executor(2, reuse=True)._processes)
        return [timeless(t) for t in traces], list(map(own_bytes, pids)), list(map(mapped, pids))
    finally:
        executor.stop()


def own_bytes(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(map(int, re.findall(r"^Private_\w+: +(\d+) kB", text, re.MULTILINE)))


def mapped(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split()[4] for line in lines if "autosuperconv-" in line}


def little(kind: str) -> TaskData:
    return floats(100) if kind == "floats" else images(200)


def much(kind: str) -> TaskData:
    """At least 73 MiB; where images are normalised beforehand, 176 MiB more."""
    if kind == "floats":
        return floats(40_000)
    if kind == "streamed":
        return streamed(images(100_000))
    return images(100_000, kind)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["none", "crop-flip", "crop-flip-cutout", "floats", "streamed"])
def test_workers_share_the_data_and_train_as_this_process(kind: str) -> None:
    factory = wide_net if kind == "floats" else net
    bare = max(in_workers(TorchTrainer(little(kind), factory, Engine(threads=1)))[1])
    trainer = TorchTrainer(much(kind), factory, Engine(threads=1))
    traces, held, files = in_workers(trainer)
    alone = [timeless(trainer(Job(replace(RECIPE, seed=seed)))) for seed in SEEDS]
    assert traces == [*alone, *alone]
    assert max(held) < bare + 0.2 * 73 * MIB
    assert files[0] == files[1]
    assert len(files[0]) == 1


def test_the_message_is_small_and_the_file_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with TorchTrainer(images(2000), net, Engine()).shared() as sent:
        assert len(trainers.pack(sent).head) < 20_000
    assert list(tmp_path.iterdir()) == []


def test_little_data_need_no_file() -> None:
    trainer = TorchTrainer(images(200), net, Engine())
    assert trainer.shareable() == 0
    with trainer.shared() as sent:
        assert sent is trainer


@pytest.mark.slow
def test_without_room_each_worker_gets_its_copy_and_a_warning_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    trainer = TorchTrainer(images(2000), net, Engine(threads=1))
    monkeypatch.setattr(trainers, "in_one_file", full)
    with pytest.warns(RuntimeWarning, match=r"holds a copy of the data: OSError: .* TMPDIR"):
        traces, _, _ = in_workers(trainer)
    assert traces[0] == timeless(trainer(Job(RECIPE)))


def test_where_only_the_data_have_room_they_alone_are_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer = TorchTrainer(images(2000), net, Engine(threads=1))
    size, in_one_file = trainer.shareable(), trainers.in_one_file

    def small(packed: trainers.Packed) -> object:
        if packed.nbytes > 1.1 * size:
            raise OSError(28, "No space left on device")
        return in_one_file(packed)

    monkeypatch.setattr(trainers, "in_one_file", small)
    with trainer.shared() as sent:
        assert isinstance(sent, trainers.InFile)


@linux
@pytest.mark.slow
def test_a_worker_that_replaces_a_killed_one_finds_the_data() -> None:
    trainer = TorchTrainer(images(2000), net, Engine(threads=1))
    executor = WorkerProcesses(trainer, 2)
    try:
        executor.submit(Job(RECIPE), None).result()
        for pid in list(get_reusable_executor(2, reuse=True)._processes):
            os.kill(pid, signal.SIGKILL)
        queue = iter([QueuedJob("again", Job(RECIPE))])
        ((_, trace),) = drive(executor, queue)
        assert timeless(trace) == timeless(trainer(Job(RECIPE)))
    finally:
        executor.stop()


KILLED = """
import os, signal
from autosuperconv.core.trace import Job
from autosuperconv.tuning.store.executor import QueuedJob, drive
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.training.loop.test_sharing import RECIPE, Engine, TorchTrainer, images, net

trainer = TorchTrainer(images(2000), net, Engine(threads=1))
WorkerProcesses(trainer, 2).submit(Job(RECIPE), None).result()
os.kill(os.getpid(), signal.SIGKILL)
"""


@linux
@pytest.mark.slow
def test_a_search_that_is_killed_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    subprocess.run([sys.executable, "-c", KILLED], timeout=100, check=False)
    assert list(tmp_path.glob("autosuperconv-*")) == []
