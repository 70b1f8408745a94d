"""The peak memory of a run, by batch size, found without running out of memory.

The tensors that a forward pass of two samples keeps give an estimate. If the estimate is far below
the free memory, nothing more is done. Otherwise steps are measured, the smallest batch first, on a
CPU in a separate process. A larger batch is only tried where a straight line through the smaller
ones says that it fits.
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
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.training.data.packed import Packed, pack, unpickled
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
RESERVE = 0.1  # of the free memory, which stays free
WORKSPACE = 2**26  # bytes that convolutions and matrix products need besides their tensors
COPIES = 5  # of the weights: themselves, gradients, two moments, one temporary
PeakOf = Callable[[int], int | None]  # bytes by batch size; None: it did not fit


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """The memory that a run needs besides its process and the data.

    Args:
        batch_size: of the run.
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
    """Takes steps with random samples; picklable if the factory is."""

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
        """A run's first step; returns the bytes of the optimizer's moments, which it allocates at
        its end and later steps hold on top of their own peak."""
        learner = self.learner()
        learner.step(*self.batch(batch_size), LrMomentum(1e-6, 0.0))
        return 2 * sum(p.nbytes for p in learner.model.parameters())

    def evaluate(self) -> None:
        """One forward pass, as in an evaluation."""
        with torch.no_grad():
            model = self.learner().model
            model.eval()  # a network's own may return nothing
            model(self.batch(self.engine.evaluation_batch)[0])


def measure_needs(
    trainer: TorchTrainer, recipe: Recipe, batch_sizes: Sequence[int]
) -> tuple[MemoryNeed, ...]:
    """What a run needs with each of the batch sizes.

    Empty where nothing is known: on MPS, and where the system does not give its free memory. A
    need that cannot be measured is estimated.

    Args:
        trainer: its engine gives device, precision and layout.
        recipe: the optimizer to measure with.
        batch_sizes: rising.
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
    try:
        with isolated(trainer.engine):
            estimate = estimate_need(stepper)
    except Exception:  # no hook sees the tensors of some networks; they train all the same
        return ()
    estimated = tuple(MemoryNeed(b, estimate(b), room, False) for b in batch_sizes)
    if FAR * estimate(batch_sizes[-1]) <= room:
        return estimated
    try:
        with measuring(stepper) as peak_of:
            return measure_upwards(batch_sizes, room, estimate, peak_of)
    except Exception:  # a network may not be sent to the process that measures it
        return estimated


def estimate_need(stepper: Stepper) -> Callable[[int], int]:
    """Bytes by batch size, from what a forward pass of two samples keeps for the backward pass."""
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
    """Measure from the smallest batch upwards; stop where the next would not fit.

    Half the smallest batch comes first, so that two points define a straight line from the start.
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
    """By the line through the last two points; with one point, in proportion."""
    (b, peak) = points[-1]
    before, below = points[-2] if len(points) > 1 and points[-2][0] < b else (0, 0)
    return int(peak + max(peak - below, 0) / (b - before) * (batch_size - b))


@contextmanager
def measuring(stepper: Stepper) -> Iterator[PeakOf]:
    """A function that measures peaks: in this process on a GPU, which reports when it is full;
    in a separate process on a CPU."""
    if stepper.engine.device.startswith("cuda"):
        yield lambda batch_size: _peak_on_gpu(stepper, batch_size)
        return
    with ProcessPoolExecutor(1, initializer=die_first_when_memory_runs_out) as child:

        def peak_of(batch_size: int) -> int | None:
            try:
                growth: float = child.submit(_growth, pack(stepper), batch_size).result()
            except BrokenExecutor:
                return None
            except Exception as error:
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
    except Exception as error:
        if not ran_out(error):
            raise
        return None
    finally:
        torch.cuda.empty_cache()
    return torch.cuda.max_memory_allocated(device) - before + moments


_before: list[float] = []  # of a measuring process: what it held before its first step


def _growth(packed: Packed, batch_size: int) -> float:
    """Bytes by which this process has grown at most since it started to measure."""
    stepper: Stepper = unpickled(packed)
    with isolated(stepper.engine):
        if not _before:
            stepper.batch(PROBES)  # torch itself is loaded
            _before.append(process_memory()[0])
            stepper.evaluate()
        moments = stepper.step(batch_size)
    return process_memory()[1] - _before[0] + moments


def most_runs(needs: Sequence[MemoryNeed], device: str, shared: int = 0) -> int | None:
    """How many parallel runs the free memory holds, at least one; None: no limit is known.

    On a CPU, each run is a process with its own copy of what this process holds.

    Args:
        shared: bytes of it of which there is one copy for all.
    """
    fitting = [need.bytes for need in needs if need.fits]
    if not fitting:
        return None
    room, each = free_memory(device) * (1 - RESERVE), float(max(fitting))
    if not device.startswith("cuda"):
        room -= shared
        each += max(process_memory()[0] - shared, 0) + KEEP_BYTES
    return max(1, int(room / each))


def gibibytes(size: float) -> str:
    """E.g. "1.3 GiB"; "0.04 GiB"."""
    return f"{size / 2**30:.2g} GiB"
