"""How the standard schedule is tuned, and the target that it sets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from autosuperconv.core.events import Event, StepFinished
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import tabulate
from autosuperconv.core.space import Dimension, Range
from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.core.verdict import Criterion, RunCurve
from autosuperconv.errors import NothingCompleted
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.baseline import (
    FRESH_SEEDS,
    WEIGHT_DECAYS,
    MeasuredBaseline,
    cut_short,
    first_grid,
    level_cost,
    measure_baseline,
)
from autosuperconv.tuning.steps.run_curves import FIRST_SEED
from tests.surface import make_setup
from tests.tuning.steps.computed import session_of

BASE = Recipe(max_lr=1.0, batch_size=32)
SEARCHED = make_setup(Path()).dimensions


def range_test(edge: float) -> RangeTest:
    cell = Cell(32, 1e-4, (), (), 0.01, edge, 0.1, False, 0.9, True)
    return RangeTest((cell,), 1e-3, 10.0, True, "Possible.")


def measured(
    trainer: Trainer,
    edge: float = 1.0,
    epochs: float = 10.0,
    listener: list[Event] | None = None,
    dimensions: Mapping[str, Dimension] = MappingProxyType({}),
    **options: object,
) -> MeasuredBaseline:
    told: list[Event] = [] if listener is None else listener
    setup = make_setup(Path(), {**SEARCHED, **dimensions}, **options)
    setup = replace(setup, base=replace(BASE, **setup.fixed))  # type: ignore[arg-type]
    session = session_of(trainer, listener=told.append)
    return measure_baseline(session, setup, epochs, range_test(edge))


def test_the_first_rates_lie_a_decade_below_the_lowest_edge() -> None:
    assert first_grid(range_test(1.0)) == pytest.approx([0.1, 0.03162], rel=1e-3)
    assert first_grid(None) == pytest.approx([0.0949, 0.03], rel=1e-3)


def with_best_rate(best: float) -> Trainer:
    """A surface whose accuracy falls with the distance from the best learning rate."""

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer(edge=1e9, noise=0.0)(job, on_point)
        return replace(trace, accuracy=0.9 - 0.1 * abs(math.log10(job.recipe.max_lr / best)))

    return trainer


def rates(found: MeasuredBaseline) -> list[float]:
    """The learning rates that were trained."""
    return sorted({round(t.recipe.max_lr, 4) for t in found.tuning})


@pytest.mark.parametrize(
    ("best", "tried"),
    [
        (0.1, [0.0316, 0.1, 0.3162]),
        (1.0, [0.0316, 0.1, 0.3162, 1.0, 3.1623]),
        (0.01, [0.0032, 0.01, 0.0316, 0.1]),
    ],
)
def test_learning_rates_are_added_until_the_best_lies_inside(
    best: float, tried: list[float]
) -> None:
    assert rates(measured(with_best_rate(best))) == tried


def test_at_most_six_rates_are_added() -> None:
    assert len(rates(measured(with_best_rate(1e9)))) == 8


def test_where_the_whole_grid_diverges_lower_rates_are_tried() -> None:
    assert measured(SurfaceTrainer(edge=0.005), epochs=200.0).recipe.max_lr < 0.005


def test_the_baseline_is_tuned_in_rate_then_weight_decay_then_seeds() -> None:
    found = measured(SurfaceTrainer())
    assert {t.recipe.weight_decay for t in found.tuning} == set(WEIGHT_DECAYS)
    assert found.recipe.weight_decay == 1e-4  # the surface's best
    assert found.recipe.schedule == "step"
    assert found.recipe.max_momentum == found.recipe.base_momentum == 0.9
    assert found.recipe.epochs == 10.0
    assert [t.recipe.seed for t in found.runs] == [FIRST_SEED + i for i in range(FRESH_SEEDS)]
    assert all(t.sealed is not None and len(t.curve.phase) >= 50 for t in found.runs)


def test_a_tuning_run_has_the_course_of_a_whole_one_and_ends_at_four_fifths() -> None:
    whole = Recipe(max_lr=0.3, epochs=10.0, schedule="step", max_momentum=0.9, base_momentum=0.9)
    short = cut_short(whole)
    assert short.epochs == 8.0
    assert tabulate(short, 80) == tabulate(whole, 100)[:80]
    assert {t.recipe.epochs for t in measured(SurfaceTrainer()).tuning} == {8.0}


def test_what_tuning_takes_in_whole_runs() -> None:
    """Three rates and two more weight decays at four fifths: four whole runs."""
    jobs: list[Job] = []

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        jobs.append(job)
        return with_best_rate(0.1)(job, on_point)

    measured(trainer)
    lengths = Counter(round(job.recipe.epochs, 3) for job in jobs)
    assert lengths == {8.0: 5, 10.0: FRESH_SEEDS}


def test_the_target_is_the_mean_less_the_margin_unless_given() -> None:
    quiet = SurfaceTrainer(noise=0.0)
    found = measured(quiet)
    assert found.margin == 0.002  # no spread: the smallest margin
    assert found.target == pytest.approx(found.accuracy - 0.002)
    wider = measured(quiet, criterion=Criterion(margin=0.01))
    assert wider.target == pytest.approx(found.accuracy - 0.01)
    assert measured(quiet, target=0.7).target == 0.7


def test_the_users_recipe_is_not_tuned() -> None:
    own = Recipe(max_lr=0.05, epochs=12.0, schedule="cosine", batch_size=16)
    found = measured(SurfaceTrainer(), baseline=own, baseline_epochs=None)
    assert (found.recipe, found.tuning) == (own, ())
    assert {replace(t.recipe, seed=0) for t in found.runs} == {own}


def test_recorded_runs_are_not_trained_at_all() -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        raise AssertionError("nothing may be trained")

    samples = tuple(1000.0 * i for i in range(1, 11))
    course = (0.3, 0.5, 0.6, 0.7, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9)
    curves = tuple(RunCurve(samples, course, end, 0.4) for end in (0.90, 0.91, 0.92))
    found = measured(trainer, baseline_curves=curves)
    assert found.accuracies == (0.90, 0.91, 0.92)
    assert found.recipe.max_lr == 0.4
    assert level_cost(found.curves, found.margin) == 5000.0
    assert found.margin == pytest.approx(0.01 * 2**0.5)  # their standard deviation is 0.01


def test_fresh_seeds_that_all_diverge_are_no_baseline() -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        return SurfaceTrainer(edge=3.0 if job.recipe.seed < FIRST_SEED else 1e-9)(job, on_point)

    with pytest.raises(NothingCompleted, match="No baseline run completed"):
        measured(trainer)


def test_fresh_seeds_that_diverge_are_counted_and_leave_no_spread() -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        return SurfaceTrainer(edge=3.0 if job.recipe.seed <= FIRST_SEED else 1e-9)(job, on_point)

    told: list[Event] = []
    found = measured(trainer, listener=told)
    assert (len(found.accuracies), found.diverged, found.sd) == (1, 2, None)
    text = next(event.text for event in told if isinstance(event, StepFinished))
    assert "(n = 1; 2 of 3 seeds diverged)" in text


def test_what_is_fixed_is_fixed_in_the_baseline_too() -> None:
    fixed = {"weight_decay": 0.0, "dropout": 0.1, "max_momentum": 0.95, "base_momentum": 0.85}
    found = measured(SurfaceTrainer(), dimensions={n: Range(v, v) for n, v in fixed.items()})
    assert len({t.recipe.max_lr for t in found.tuning}) >= 3
    for name, value in fixed.items():
        assert {getattr(t.recipe, name) for t in found.tuning} == {value}
