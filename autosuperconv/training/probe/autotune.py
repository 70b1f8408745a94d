"""Precision, memory layout and workers, chosen by timing the network itself on this machine.

The best settings depend on the network and the processor: on a CPU with bfloat16 matrix
instructions, LeNet on MNIST trains 2.3 times as fast in bfloat16 and channels-last as in float32
and contiguous, an MLP on features 1.1 times (studies/throughput). So the settings are measured,
not chosen by the device's name. The choice is kept with the study, because traces of two settings
cannot be compared.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from torch import Tensor

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.training.engine import Engine, MemoryFormat, Precision, isolated
from autosuperconv.training.engine.system import ran_out
from autosuperconv.training.feed.batches import input_layout
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.probe.memory import MemoryNeed

GAIN = 1.05  # a setting is only preferred to a simpler one if it is this many times as fast
ROUNDS = 5
SECONDS = 4.0  # for all rounds together; a slow network gets fewer rounds
WARM_UP = 2
LOSS_AGREES = 0.05  # relative: bfloat16 keeps 8 bits, so the loss usually agrees to 1 %


@dataclass(frozen=True, slots=True)
class Timing:
    """One setting's speed.

    Args:
        engine: the setting.
        samples_per_second: of training steps without evaluation; 0 if the setting cannot run.
        problem: why it cannot run; "" if it can.
    """

    engine: Engine
    samples_per_second: float
    problem: str = ""

    @property
    def name(self) -> str:
        return f"{self.engine.precision} {self.engine.memory_format}"


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """How the runs of a study are trained; kept with the study.

    Args:
        precision: of forward and backward pass.
        memory_format: of images and convolution weights.
        workers: runs in parallel where the user gives no number.
        reasons: one sentence for each choice, with what was measured.
        memory: what a run needs, by batch size; empty where that is unknown.
    """

    precision: Precision
    memory_format: MemoryFormat
    workers: int
    reasons: tuple[str, ...]
    memory: tuple[MemoryNeed, ...] = ()


class Probe:
    """A network in one setting, ready to be timed on one batch."""

    def __init__(self, trainer: TorchTrainer, recipe: Recipe, batch: tuple[Tensor, Tensor]) -> None:
        self.engine = trainer.engine
        self._x, self._y = input_layout(batch[0], self.engine), batch[1]
        self._learner = Learner(recipe, trainer.factory, self.engine)
        self._learner.model.train()
        self.seconds: list[float] = []

    @property
    def batch_size(self) -> int:
        return len(self._y)

    def step(self) -> float:
        """One step at a learning rate of nearly 0; returns its loss once the device is done."""
        loss, _ = self._learner.step(self._x, self._y, LrMomentum(1e-6, 0.0))
        return loss.item()

    def time(self) -> None:
        """Time one step."""
        started = time.perf_counter()
        self.step()
        self.seconds.append(time.perf_counter() - started)

    def timing(self, problem: str = "") -> Timing:
        """From the shortest step: other work on the machine only makes steps longer."""
        rate = self.batch_size / min(self.seconds) if self.seconds and not problem else 0.0
        return Timing(self.engine, rate, problem)


def time_engines(
    trainer: TorchTrainer, recipe: Recipe, engines: Sequence[Engine], seconds: float = SECONDS
) -> list[Timing]:
    """Time the trainer's network in several settings, the simplest first.

    The settings take turns, because a shared machine's speed drifts more than settings differ.
    A setting that fails, or whose first loss differs from that of the first setting, gets speed
    0.
    """
    with isolated(trainer.engine):
        batch = next(iter(trainer.batches().training(recipe.batch_size, recipe.seed)))
    timings: list[Timing] = []
    probes: list[Probe] = []
    expected: float | None = None
    for engine in engines:
        with isolated(engine):
            probe = Probe(trainer.with_engine(engine), recipe, batch)
            problem, loss = _warm_up(probe, expected)
        expected = loss if expected is None and not problem else expected
        if problem:
            timings.append(probe.timing(problem))
        else:
            probes.append(probe)
    _take_turns(probes, seconds)
    return [*(probe.timing() for probe in probes), *timings]


def fastest(timings: Sequence[Timing]) -> Timing:
    """The simplest setting that is not clearly slower than the fastest."""
    best = max(t.samples_per_second for t in timings)
    return next(t for t in timings if t.samples_per_second * GAIN >= best)


def choose(
    trainer: TorchTrainer,
    recipe: Recipe,
    precision: str,
    memory_format: str,
    workers: int | None,
    cores: int,
    seconds: float = SECONDS,
) -> EngineChoice:
    """Choose by measurement what the user has left open, and give the reasons.

    Args:
        trainer: its engine gives the device.
        recipe: batch size and optimizer to measure with.
        precision: as requested, or "auto".
        memory_format: as requested, or "auto".
        workers: as requested, or None.
        cores: of the CPU that may be used; any other device trains one run at a time.
        seconds: that each comparison may take.
    """
    cores = cores if trainer.engine.device == "cpu" else 1
    threads = 1 if workers != 1 and cores > 1 else trainer.engine.threads
    engines = [
        replace(trainer.engine, precision=p, memory_format=f, threads=threads)
        for p, f in _open_settings(len(trainer.data.shape) == 3, precision, memory_format)
    ]
    chosen, reasons = _setting(trainer, recipe, engines, seconds)
    number, why = _workers(trainer, recipe, chosen, workers, cores, seconds)
    return EngineChoice(chosen.precision, chosen.memory_format, number, (*reasons, why))


def _setting(
    trainer: TorchTrainer, recipe: Recipe, engines: Sequence[Engine], seconds: float
) -> tuple[Engine, list[str]]:
    """The engine to train with, and why."""
    if len(engines) == 1:
        only = engines[0]
        return only, [f"{only.precision}, {only.memory_format}: as requested."]
    timings = time_engines(trainer, recipe, engines, seconds)
    best = fastest(timings).engine
    speeds = ", ".join(f"{t.name} {t.samples_per_second:.0f}" for t in timings if not t.problem)
    reason = (
        f"{best.precision}, {best.memory_format}: the fastest, or a simpler setting within 5 % of "
        f"the fastest, with batches of {recipe.batch_size} (samples/s: {speeds})."
    )
    left_out = [f"{t.name} was left out: {t.problem}." for t in timings if t.problem]
    return best, [reason, *left_out]


def _open_settings(
    images: bool, precision: str, memory_format: str
) -> list[tuple[Precision, MemoryFormat]]:
    """The settings to choose from, simplest first; only (C, H, W) samples have two layouts."""
    formats = get_args(MemoryFormat)
    if not images and memory_format == "auto":
        formats = formats[:1]
    return [
        (p, f)
        for p, f in itertools.product(get_args(Precision), formats)
        if precision in ("auto", p) and memory_format in ("auto", f)
    ]


def _workers(
    trainer: TorchTrainer,
    recipe: Recipe,
    chosen: Engine,
    requested: int | None,
    cores: int,
    seconds: float,
) -> tuple[int, str]:
    """Several runs in parallel with a thread each, or one with all threads: what trains more."""
    if requested is not None:
        return requested, f"Runs in parallel: {requested}, as requested."
    if cores == 1:
        return 1, "One run at a time."
    settings = [replace(chosen, threads=threads) for threads in (1, cores)]
    one, many = (t.samples_per_second for t in time_engines(trainer, recipe, settings, seconds))
    together = cores * one
    counted = (
        f"one thread trains {one:.0f} samples/s, {cores} threads on one run train {many:.0f}, and "
        f"{cores} runs of one thread each at most {together:.0f}"
    )
    if together >= many:
        return cores, f"{cores} runs in parallel, each a process with one thread: {counted}."
    return 1, f"One run at a time with {cores} threads: {counted}."


def _warm_up(probe: Probe, expected: float | None) -> tuple[str, float]:
    """(What is wrong with this setting, or "", and the loss of its first step)."""
    try:
        loss = probe.step()
        for _ in range(WARM_UP - 1):
            probe.step()
    except Exception as error:
        if ran_out(error):
            return f"a batch of {probe.batch_size} does not fit in the device's memory", 0.0
        if expected is None:
            raise
        return f"the network fails in it ({str(error).splitlines()[0]})", 0.0
    if expected is not None and not abs(loss - expected) <= LOSS_AGREES * max(abs(expected), 1):
        return f"its first loss is {loss:.4g} instead of {expected:.4g}", loss
    return "", loss


def _take_turns(probes: Sequence[Probe], seconds: float) -> None:
    """Time the probes in turns: at least one round, more where there is time."""
    started = time.perf_counter()
    for done in itertools.count(1):
        for probe in probes:
            with isolated(probe.engine):
                probe.time()
        elapsed = time.perf_counter() - started
        if elapsed > seconds or (done >= ROUNDS and elapsed > seconds / 4):
            return
