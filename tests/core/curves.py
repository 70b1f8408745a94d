"""Hand-made runs for the tests of the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core.verdict import RunCurve

BASELINE = (0.900, 0.902, 0.904)  # mean 0.902, sd 0.2 points
BETTER = (0.905, 0.906, 0.909)  # mean 0.9067, sd 0.208 points


def step_run(final: float, seed: int | None = None, max_lr: float = 0.1, at: int = 75) -> RunCurve:
    """100 evaluations to 100,000 samples; the final level is there from evaluation `at` on."""
    samples = tuple(1000.0 * i for i in range(1, 101))
    accuracy = tuple(final if s >= 1000 * at else final - 0.1 for s in samples)
    return RunCurve(samples, accuracy, final, max_lr, chance=0.1, seed=seed)


def cycle_run(
    final: float, seed: int | None = None, samples: float = 10_000, max_lr: float = 1.0
) -> RunCurve:
    return RunCurve((samples / 2, samples), (0.5, final), final, max_lr, chance=0.1, seed=seed)


def steps(finals: Sequence[float] = BASELINE, max_lr: float = 0.1) -> list[RunCurve]:
    return [step_run(final, seed, max_lr) for seed, final in enumerate(finals)]


def cycles(
    finals: Sequence[float] = BETTER, samples: float = 10_000, max_lr: float = 1.0
) -> list[RunCurve]:
    return [cycle_run(final, seed, samples, max_lr) for seed, final in enumerate(finals)]
