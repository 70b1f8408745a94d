"""What a run takes at its peak, by batch size: found without ever running out of memory.

The saved tensors of one forward pass of two samples say about how much. Where that is far below
what is free, nothing more is done. Else steps are measured, smallest batch first, on a CPU in a
process of its own; each next size is tried only where a straight line through the sizes before
says that it fits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from joblib.externals.loky import ProcessPoolExecutor
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import Rate
from autosuperconv.training.engine import Engine, isolated
from autosuperconv.training.engine.system import (
    die_first_when_memory_runs_out,
    free_memory,
    process_memory,
    ran_out,
)
from autosuperconv.training.feed.batches import KEEP_BYTES, input_layout
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import PROBES

FAR = 10  # an estimate so many times below what is free is not checked by measuring
RESERVE = 0.1  # of what is free, left alone
WORKSPACE = 2**26  # bytes that convolutions and matrix products take beside their tensors
COPIES = 5  # of the weights: themselves, gradients, two moments, one on the way
PeakOf = Callable[[int], int | None]  # bytes by batch size; None: it did not fit


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a run with a batch size takes, besides its process and the data.

    Args:
        bytes: at its peak.
        room: bytes that were free for it.
        measured: by a step of this size; otherwise estimated.
    """

    batch_size: int
    bytes: int
    room: int
    measured: bool

    @property
    def fits(self) -> bool:
        return self.bytes <= self.room


@dataclass(frozen=True, slots=True)
class Stepper:
    """Takes steps with made-up samples; picklable where the factory is."""

    factory: ModelFactory
    shape: tuple[int, ...]
    classes: int
    engine: Engine
    recipe: Recipe

    def learner(self) -> Learner:
        learner = Learner(self.recipe, self.factory, self.engine)
        learner.model.train()
        return learner

    def batch(self, n: int) -> tuple[Tensor, Tensor]:
        device = self.engine.device
        x = input_layout(torch.rand(n, *self.shape, device=device), self.engine)
        return x, torch.arange(n, device=device) % self.classes

    def step(self, batch_size: int) -> int:
        """The first of a run; the bytes of the optimizer's moments, made at its end, that later
        steps hold on top."""
        learner = self.learner()
        learner.step(*self.batch(batch_size), Rate(1e-6, 0.0))
        return 2 * sum(p.nbytes for p in learner.model.parameters())

    def evaluate(self) -> None:
        """One forward pass, as an evaluation takes it."""
        with torch.no_grad():
            model = self.learner().model
            model.eval()  # a network's own may return nothing
            model(self.batch(self.engine.evaluation_batch)[0])


def measure_needs(
    trainer: TorchTrainer, recipe: Recipe, batch_sizes: Sequence[int]
) -> tuple[MemoryNeed, ...]:
    """What a run needs with each of the batch sizes, which rise.

    Nothing is known (an empty answer) on MPS, and where the system does not say what is free.

    Args:
        trainer: its engine names device, precision and layout.
    """
    device = trainer.engine.device
    free = free_memory(device)
    if (
        math.isinf(free)
        or not device.startswith(("cpu", "cuda"))
        or math.isnan(process_memory()[0])
    ):
        return ()
    room = int(free * (1 - RESERVE))
    data = trainer.data
    stepper = Stepper(trainer.factory, data.shape, data.classes, trainer.engine, recipe)
    with isolated(trainer.engine):
        estimate = estimate_need(stepper)
    if FAR * estimate(batch_sizes[-1]) <= room:
        return tuple(MemoryNeed(b, estimate(b), room, False) for b in batch_sizes)
    with measuring(stepper) as peak_of:
        return measure_upwards(batch_sizes, room, estimate, peak_of)


def estimate_need(stepper: Stepper) -> Callable[[int], int]:
    """Bytes by batch size, from what a forward pass of two samples keeps for the backward one."""
    learner = stepper.learner()
    weights = sum(p.nbytes for p in learner.model.parameters())
    own = {p.untyped_storage().data_ptr() for p in learner.model.parameters()}
    kept: dict[int, int] = {}

    def keep(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return saved

    with saved_tensors_hooks(keep, lambda saved: saved):
        scores = learner.model(stepper.batch(PROBES)[0])
    each = (sum(kept.values()) + scores.nbytes) / PROBES
    evaluation = stepper.engine.evaluation_batch
    return lambda b: int(COPIES * weights + WORKSPACE + each * max(2 * b, evaluation))


def measure_upwards(
    batch_sizes: Sequence[int], room: int, estimate: Callable[[int], int], peak_of: PeakOf
) -> tuple[MemoryNeed, ...]:
    """Measure from the smallest up; stop where the next would not fit.

    Half the smallest batch comes first, so that there is a straight line from the start on.
    """
    points: list[tuple[int, int]] = []
    needs: list[MemoryNeed] = []
    stopped = False
    for b in (max(PROBES, batch_sizes[0] // 2), *batch_sizes):
        expected = _straight_on(points, b) if points else estimate(b) // 4
        stopped = stopped or expected > room
        peak = None if stopped else peak_of(b)
        stopped = stopped or peak is None
        if peak is not None:
            points.append((b, peak))
        found = max(expected, room + 1) if peak is None else peak
        needs.append(MemoryNeed(b, found, room, peak is not None))
    return tuple(needs[1:])


def _straight_on(points: Sequence[tuple[int, int]], batch_size: int) -> int:
    """The line through the last two points; with one point, in proportion."""
    (b, peak) = points[-1]
    before, below = points[-2] if len(points) > 1 and points[-2][0] < b else (0, 0)
    return int(peak + max(peak - below, 0) / (b - before) * (batch_size - b))


@contextmanager
def measuring(stepper: Stepper) -> Iterator[PeakOf]:
    """A function that measures peaks: here on a GPU, which says when it is full; else in a
    process of its own."""
    if stepper.engine.device.startswith("cuda"):
        yield lambda batch_size: _peak_on_gpu(stepper, batch_size)
        return
    with ProcessPoolExecutor(1, initializer=die_first_when_memory_runs_out) as child:

        def peak_of(batch_size: int) -> int | None:
            try:
                growth: float = child.submit(_growth, stepper, batch_size).result()
            except BrokenExecutor:
                return None
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
                return None
            return int(growth)

        yield peak_of


def _peak_on_gpu(stepper: Stepper, batch_size: int) -> int | None:
    device = stepper.engine.device
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    try:
        with isolated(stepper.engine):
            moments = stepper.step(batch_size)
            stepper.evaluate()
    except torch.OutOfMemoryError:
        return None
    finally:
        torch.cuda.empty_cache()
    return torch.cuda.max_memory_allocated(device) - before + moments


_before: list[float] = []  # in a measuring process: what it held before its first step


def _growth(stepper: Stepper, batch_size: int) -> float:
    """Bytes by which this process has grown at most since it began to measure."""
    with isolated(stepper.engine):
        if not _before:
            stepper.batch(PROBES)  # torch itself is loaded
            _before.append(process_memory()[0])
            stepper.evaluate()
        moments = stepper.step(batch_size)
    return process_memory()[1] - _before[0] + moments


def most_runs(needs: Sequence[MemoryNeed], device: str) -> int | None:
    """How many runs at once the free memory holds, at least one; None: no limit is known.

    On a CPU each run is a process with its own copy of what this one holds.
    """
    fitting = [need.bytes for need in needs if need.fits]
    if not fitting:
        return None
    each = max(fitting) + (0 if device.startswith("cuda") else process_memory()[0] + KEEP_BYTES)
    return max(1, int(free_memory(device) * (1 - RESERVE) / each))


def gibibytes(size: float) -> str:
    """E.g. "1.3 GiB"; "0.04 GiB"."""
    return f"{size / 2**30:.2g} GiB"
