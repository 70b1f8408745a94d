"""How the standard schedule is tuned, and the target that it sets."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from autosuperconv.core.events import Event, StepFinished
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.errors import NothingCompleted
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.baseline import (
    FRESH_SEEDS,
    WEIGHT_DECAYS,
    first_grid,
    tune_baseline,
)
from tests.tuning.steps.computed import session_of

BASE = Recipe(max_lr=1.0, batch_size=32)


def range_test(edge: float) -> RangeTest:
    cell = Cell(32, 1e-4, (), (), 0.01, edge, 0.1, False, 0.9, True)
    return RangeTest((cell,), 1e-3, 10.0, True, "Possible.")


def test_the_first_grid_lies_below_the_lowest_edge_by_half_decades() -> None:
    assert first_grid(range_test(1.0)) == pytest.approx([0.3162, 0.1, 0.03162, 0.01], rel=1e-3)
    assert first_grid(None) == pytest.approx([0.3, 0.0949, 0.03, 0.00949], rel=1e-3)


def with_best_rate(best: float) -> Trainer:
    """A surface whose accuracy falls with the distance from the best learning rate."""

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer(edge=1e9, noise=0.0)(job, on_point)
        off = abs(math.log10(job.recipe.max_lr / best))
        return replace(trace, accuracy=0.9 - 0.1 * off)

    return trainer


def rates_tried(trainer: Trainer, edge: float = 1.0) -> list[float]:
    tuned = tune_baseline(session_of(trainer), BASE, 10.0, range_test(edge), None, 0.002)
    return sorted({round(trace.recipe.max_lr, 4) for trace in tuned.tuning})


def test_the_grid_grows_upwards_until_the_best_lies_inside() -> None:
    assert rates_tried(with_best_rate(1.0))[-2:] == [1.0, 3.1623]


def test_the_grid_grows_downwards_until_the_best_lies_inside() -> None:
    assert rates_tried(with_best_rate(0.01))[:2] == [0.0032, 0.01]


def test_the_grid_grows_at_most_three_times() -> None:
    assert len(rates_tried(with_best_rate(1e6))) == 7


def test_where_the_whole_grid_diverges_lower_rates_are_tried() -> None:
    tuned = tune_baseline(
        session_of(SurfaceTrainer(edge=0.005)), BASE, 200.0, range_test(1), None, 0.002
    )
    assert tuned.recipe.max_lr < 0.005


def test_the_baseline_is_tuned_in_rate_then_weight_decay_then_seeds() -> None:
    tuned = tune_baseline(session_of(SurfaceTrainer()), BASE, 10.0, range_test(1.0), None, 0.002)
    assert {t.recipe.weight_decay for t in tuned.tuning} == set(WEIGHT_DECAYS)
    assert tuned.recipe.weight_decay == 1e-4  # the surface's best
    assert len(tuned.accuracies) == FRESH_SEEDS
    assert tuned.recipe.schedule == "step"
    assert tuned.recipe.max_momentum == tuned.recipe.base_momentum == 0.9


def test_the_target_is_the_mean_less_the_margin_unless_given() -> None:
    def run(target: float | None, margin: float = 0.002) -> tuple[float, float, float]:
        trainer = SurfaceTrainer(noise=0.0)
        tuned = tune_baseline(session_of(trainer), BASE, 10.0, range_test(1.0), target, margin)
        return tuned.accuracy, tuned.margin, tuned.target

    accuracy, margin, target = run(None)
    assert margin == 0.002
    assert target == pytest.approx(accuracy - 0.002)
    assert run(None, 0.01)[2] == pytest.approx(accuracy - 0.01)
    assert run(0.7)[2] == 0.7


def test_fresh_seeds_that_all_diverge_are_no_baseline() -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        sound = job.recipe.seed == BASE.seed
        return SurfaceTrainer(edge=3.0 if sound else 1e-9)(job, on_point)

    with pytest.raises(NothingCompleted, match="No baseline run completed"):
        tune_baseline(session_of(trainer), BASE, 10.0, range_test(1.0), None, 0.002)


def test_fresh_seeds_that_diverge_are_counted_and_leave_no_spread() -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        sound = job.recipe.seed <= BASE.seed + 1
        return SurfaceTrainer(edge=3.0 if sound else 1e-9)(job, on_point)

    told: list[Event] = []
    session = session_of(trainer, listener=told.append)
    tuned = tune_baseline(session, BASE, 10.0, range_test(1.0), None, 0.002)
    assert (len(tuned.accuracies), tuned.diverged, tuned.sd) == (1, 2, None)
    text = next(event.text for event in told if isinstance(event, StepFinished))
    assert "(n = 1; 2 of 3 seeds diverged)" in text


def test_what_is_fixed_is_fixed_in_the_baseline_too() -> None:
    fixed = {"weight_decay": 0.0, "dropout": 0.1, "max_momentum": 0.95, "base_momentum": 0.85}
    session = session_of(SurfaceTrainer())
    tuned = tune_baseline(session, BASE, 10.0, range_test(1.0), None, 0.002, fixed)
    assert len({t.recipe.max_lr for t in tuned.tuning}) >= 4
    for name, value in fixed.items():
        assert {getattr(t.recipe, name) for t in tuned.tuning} == {value}
