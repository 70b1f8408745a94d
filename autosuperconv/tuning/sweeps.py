"""The range test: learning-rate sweeps over batch size x weight decay x seed, and their reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from autosuperconv.core.codec import from_json, to_json
from autosuperconv.core.curvature import pure_noise_estimate
from autosuperconv.core.range_test import RangeTest, SweepCurve, summarise, summarise_cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.tuning.plan import SWEEP_PHASES, sweep_epochs
from autosuperconv.tuning.session import Session

LOWEST_LR = 1e-3
HIGHEST_LR = 10.0
SEEDS = (0, 1)


def sweep_recipe(
    base: Recipe, batch_size: int, weight_decay: float, seed: int, n_train: int
) -> Recipe:
    """One exponential sweep; momentum constant at what the cycle has at its highest rate."""
    return replace(
        base,
        schedule="lr_range_exponential",
        max_lr=HIGHEST_LR,
        div_factor=HIGHEST_LR / LOWEST_LR,
        epochs=sweep_epochs(batch_size, n_train),
        batch_size=batch_size,
        weight_decay=weight_decay,
        max_momentum=base.base_momentum,
        seed=seed,
    )


def run_range_test(
    session: Session,
    base: Recipe,
    batch_sizes: Sequence[int],
    weight_decays: Sequence[float],
    n_train: int,
) -> RangeTest:
    """Sweep every cell with every seed, and read them. The reading is stored with the study."""
    phases = tuple((i + 1) / SWEEP_PHASES for i in range(SWEEP_PHASES))
    grid = [(b, wd) for b in batch_sizes for wd in weight_decays]
    jobs = {
        (b, wd): [
            Job(sweep_recipe(base, b, wd, s, n_train), "validation", phases, True) for s in SEEDS
        ]
        for b, wd in grid
    }
    every = [job for cell in jobs.values() for job in cell]
    session.start("range test", len(every))
    traces = iter(session.run("range test", "sweep", every, _label))
    cells = []
    for b, wd in grid:
        curves = [sweep_curve(next(traces)) for _ in SEEDS]
        cells.append(summarise_cell(b, wd, curves))
    result = summarise(cells, LOWEST_LR, HIGHEST_LR)
    session.store("range_test", to_json(result))
    session.finish("range test", result.reason)
    return result


def stored_range_test(session: Session) -> RangeTest | None:
    """The range test kept with the study."""
    text = session.stored("range_test")
    return from_json(RangeTest, text) if text else None


def sweep_curve(trace: Trace) -> SweepCurve:
    """A sweep's trace as a curve. Where it diverged, the last point is at chance."""
    points = list(trace.points)
    accuracy = [p.accuracy for p in points]
    if trace.diverged and points and accuracy[-1] is None:
        accuracy[-1] = 1 / trace.classes
    return SweepCurve(
        seed=trace.recipe.seed,
        lr=tuple(p.lr for p in points),
        accuracy=tuple(accuracy),
        train_loss=tuple(finite(p.train_loss) for p in points),
        loss=tuple(p.loss for p in points),
        grad_norm=tuple(finite(p.grad_norm) for p in points),
        path_lr=tuple(finite(p.path_lr) for p in points),
        gradient_lr=tuple(finite(p.gradient_lr) for p in points),
        noise_lr=tuple(pure_noise_estimate(p.lr, p.momentum) for p in points),
    )


def finite(value: float | None) -> float | None:
    """The value, or None where it is no number."""
    return value if value is not None and math.isfinite(value) else None


def _label(job: Job) -> str:
    r = job.recipe
    return f"sweep batch {r.batch_size}, weight decay {r.weight_decay:.1e}, seed {r.seed}"
