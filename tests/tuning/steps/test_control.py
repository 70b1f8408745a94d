"""The compressed control, and runs as the verdict reads them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.core.verdict import ConditionName, judge
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.control import tune_control
from autosuperconv.tuning.steps.run_curves import run_curve
from tests.tuning.steps.computed import session_of


def with_best_rate(best: float) -> Trainer:
    """A surface whose accuracy falls with the distance from the best learning rate."""

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer(edge=1e9, noise=0.0)(job, on_point)
        off = abs(math.log10(job.recipe.max_lr / best))
        return replace(trace, accuracy=0.9 - 0.1 * off)

    return trainer


def test_the_control_is_the_baseline_compressed_with_its_rate_tuned_again() -> None:
    baseline = Recipe(max_lr=0.1, epochs=30.0, schedule="step", weight_decay=5e-4)
    control = tune_control(
        session_of(with_best_rate(0.3)), Recipe(max_lr=2.0, epochs=4.0), baseline
    )
    assert control is not None
    assert control == replace(baseline, epochs=4.0, max_lr=0.1 * 10**0.5)


def test_a_control_that_always_diverges_is_none() -> None:
    session = session_of(SurfaceTrainer(edge=1e-9))
    assert tune_control(session, Recipe(max_lr=2.0, epochs=4.0), Recipe(max_lr=0.1)) is None


def test_a_run_that_diverged_before_it_was_evaluated_is_a_curve_at_chance() -> None:
    curve = run_curve(SurfaceTrainer(edge=1e-9)(Job(Recipe(max_lr=1.0), "test")))
    assert curve.diverged
    assert curve.accuracy == (0.1,)
    assert curve.final_accuracy == 0.1
    assert curve.samples[0] > 0


def test_a_run_that_did_not_complete_counts_as_chance() -> None:
    diverged = SurfaceTrainer(edge=1e-9)(Job(Recipe(max_lr=1.0, seed=5)))
    assert run_curve(diverged).final_accuracy == 0.1
    assert run_curve(replace(diverged, majority_accuracy=0.9)).chance == 0.9


@pytest.mark.parametrize(
    ("schedule", "ratio", "large"), [("exp_range", 1.16, False), ("1cycle", 3.0, True)]
)
def test_c3_goes_by_the_learning_rates_that_the_runs_had(
    schedule: str, ratio: float, large: bool
) -> None:
    winner = Recipe(max_lr=0.26, schedule=schedule, batch_size=64)
    baseline = Recipe(max_lr=0.0866, schedule="step", epochs=300.0)
    runs = [
        [run_curve(SurfaceTrainer()(Job(replace(r, seed=s), "test"))) for s in range(3)]
        for r in (winner, baseline)
    ]
    condition = judge(*runs).condition(ConditionName.LARGE_LR)
    assert condition.value == pytest.approx(ratio, abs=0.005)
    assert condition.met is large


def test_a_run_that_ended_early_had_the_learning_rates_until_then() -> None:
    trace = SurfaceTrainer(edge=1.0)(Job(Recipe(max_lr=4.0), "test"))
    assert trace.diverged
    assert 1.0 < run_curve(trace).max_lr < 2.0
