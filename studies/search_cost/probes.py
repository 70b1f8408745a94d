"""Anneal probes along the runs of a design: does a short descent tell the end of a run early?

At each of the rungs `PROBED` a run is forked: its rate goes straight to zero over `LENGTH` of the
cycle, the accuracy is measured, and the fork is discarded. The run itself goes on as if nothing had
been: a design trained with probes equals one trained without, bit by bit.
"""

from __future__ import annotations

import math
import time
from copy import deepcopy
from dataclasses import replace

import torch
from tasks import RUNGS

from autosuperconv.core.evaluation_budget import Subsets
from autosuperconv.core.trace import Job, Trace
from autosuperconv.training.engine import isolated
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.loop.training import Training

PROBED = RUNGS[:5]  # later than 0.75 the end itself is as near
LENGTH = 0.06  # of the cycle
ORDER = 10**6  # added to the run's seed: probes take samples in an order of their own

Probes = dict[float, float]
"""Rung -> accuracy after the descent from there."""


def train_probed(trainer: TorchTrainer, job: Job) -> tuple[Trace, Probes]:
    """One run and its probes; the trace's seconds are without them."""
    with isolated(trainer.engine):
        run = ProbedRun(job, trainer)
        trace = run.carry_out()
    return replace(trace, seconds=trace.seconds - run.seconds), run.probes


class ProbedRun(Training):
    """A run that is probed at every rung of `PROBED`."""

    def __init__(self, job: Job, trainer: TorchTrainer) -> None:
        super().__init__(job, trainer.data, trainer.factory, trainer.engine, trainer.batches())
        self.probes: Probes = {}
        self.seconds = 0.0

    def _measure(self, subsets: Subsets | None) -> tuple[float, float]:
        measured = super()._measure(subsets)
        rung = min(RUNGS, key=lambda r: abs(r - self.done / self.steps))
        if subsets is not None and rung in PROBED:
            started = time.perf_counter()
            with torch.random.fork_rng(devices=[]):
                self.probes[rung] = self._probe(subsets)
            self.seconds += time.perf_counter() - started
        return measured

    def _probe(self, subsets: Subsets) -> float:
        """Accuracy after a straight descent from here; the run is left as it was."""
        learner, recipe = self.learner, self.job.recipe
        before = deepcopy((learner.model.state_dict(), learner.optimizer.state_dict()))
        steps, rate = math.ceil(LENGTH * self.steps), self.table[self.done - 1]
        self.model.train()
        batches = self.batches.training(recipe.batch_size, recipe.seed + ORDER)
        for left, (x, y) in zip(range(steps, 0, -1), batches, strict=False):
            learner.step(x, y, rate._replace(lr=rate.lr * left / steps))
        batches.close()
        found = super()._measure(subsets)[1]
        learner.model.load_state_dict(before[0])
        learner.optimizer.load_state_dict(before[1])
        return found


def probe_row(trace: Trace, probes: Probes) -> dict[str, object]:
    """A run's probes as one line; empty where it broke before the rung."""
    values = {f"probe_{1000 * r:g}": probes.get(r) for r in PROBED}
    return {
        "seed": trace.recipe.seed,
        **{name: None if value is None else round(value, 4) for name, value in values.items()},
    }
