"""Finished runs as the verdict reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace, evenly
from autosuperconv.core.verdict import RunCurve

FIRST_SEED = 10_000  # of runs that count in the verdict, which no other step uses
CURVES = {"baseline": 50, "candidate": 10, "control": 10}
"""Evaluations of a run; T_B is rounded up to the baseline's next one."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The runs that a verdict compares, as measured on the test split.

    Args:
        candidate: runs of the cycle.
        baseline: runs of the baseline; none where its curves were recorded.
        control: runs of the baseline compressed to the cycle's length; may be none.
    """

    candidate: tuple[Trace, ...]
    baseline: tuple[Trace, ...]
    control: tuple[Trace, ...] = ()


def run_curve(trace: Trace) -> RunCurve:
    """A trace as the verdict reads it. A run that diverged before it was ever evaluated has one
    point, at chance."""
    chance = trace.chance
    pairs = trace.curve.evaluated(trace.curve.samples) or [(max(trace.samples, 1), chance)]
    return RunCurve(
        samples=tuple(float(samples) for samples, _ in pairs),
        accuracy=tuple(accuracy for _, accuracy in pairs),
        final_accuracy=trace.accuracy if trace.accuracy is not None else chance,
        max_lr=trace.highest_lr,
        chance=chance,
        seed=trace.recipe.seed,
        diverged=not trace.completed,
        evaluated=trace.evaluated,
    )


def fresh_jobs(recipe: Recipe, n: int, evaluations: int) -> list[Job]:
    """n runs that count in the verdict: their course on validation data, their end on both
    splits."""
    seeds = [FIRST_SEED + i for i in range(n)]
    return [
        Job(replace(recipe, seed=seed), phases=evenly(evaluations), sealed=True) for seed in seeds
    ]
