"""The sweeps: which are made, when they end, what is kept, and what they are said to have cost."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from autosuperconv.core.class_balance import ClassBalance
from autosuperconv.core.curve import Point, as_curve
from autosuperconv.core.events import Step
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.space import Dimension, Range
from autosuperconv.core.trace import Job, OnPoint, PruneTraining, StopReason, Trace
from autosuperconv.pipeline.steps import sweep_range
from autosuperconv.tuning.steps.range_test import (
    SweepWatch,
    read_cell,
    run_range_test,
    sweep_job,
)
from autosuperconv.tuning.steps.sweep_design import SweepCell, make_grid, plan_sweeps
from tests.surface import SPACE, make_setup, surface_work

CLASSES, N = 10, 1000


@dataclass
class Sweeper:
    """A net that learns from rate 0.003 on and loses its accuracy at `breaks`, and says so slowly:
    its loss stays finite."""

    breaks: Callable[[Job], float] = lambda job: 0.5
    jobs: list[Job] = field(default_factory=list)

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        self.jobs.append(job)
        schedule = build_schedule(job.recipe, 1000)
        points: list[Point] = []
        stopped = StopReason.COMPLETED
        detail = ""
        for phase in job.phases:
            points.append(self._point(job, phase, schedule(phase).lr))
            try:
                if on_point is not None:
                    on_point(points[-1])
            except PruneTraining as why:
                stopped, detail = StopReason.PRUNED, str(why)
                break
        last = points[-1]
        end = last.accuracy if stopped == StopReason.COMPLETED else None
        return Trace(
            *(job.recipe, job.measured_on, as_curve(points), end, None, stopped, detail),
            *(CLASSES, 500, last.step, last.samples, 1.0),
        )

    def _point(self, job: Job, phase: float, lr: float) -> Point:
        accuracy = 0.8 if 0.003 <= lr <= self.breaks(job) else 0.1
        samples = round(phase * job.recipe.epochs * N)
        step = samples // job.recipe.batch_size
        epoch = phase * job.recipe.epochs
        return Point(step, phase, epoch, samples, lr, 0.85, 1.0, accuracy=accuracy)


@dataclass
class Commonest(Sweeper):
    """Names the commonest class whatever the rate, and learns a little more in the middle."""

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        return replace(super().__call__(job, on_point), majority_accuracy=0.9)

    def _point(self, job: Job, phase: float, lr: float) -> Point:
        point = super()._point(job, phase, lr)
        return replace(point, accuracy=0.97 if 0.05 <= lr <= 0.3 else 0.9)


def swept(folder: Path, trainer: Sweeper, bounded: bool = False, **changed: object) -> RangeTest:
    setup = make_setup(folder, **changed)  # type: ignore[arg-type]
    with surface_work(folder, setup, trainer) as work:
        return sweep_range(work, bounded=bounded)


def edge_of(factor: float) -> Callable[[Job], float]:
    """Nets that break at a rate that grows with the batch size."""
    return lambda job: factor * job.recipe.batch_size / 16


def test_each_cell_is_swept_once_and_the_cheapest_twice(tmp_path: Path) -> None:
    trainer = Sweeper(edge_of(0.5))
    found = swept(tmp_path, trainer)
    assert [len(cell.curves) for cell in found.cells] == [2, 1, 1, 1]
    assert {job.recipe.seed for job in trainer.jobs} == {0, 1}
    assert [set(cell.seeds) for cell in found.cells] == [{0, 1}, {1}, {1}, {0}]
    assert found.possible is True


def test_a_sweep_ends_once_its_accuracy_is_lost_and_says_why(tmp_path: Path) -> None:
    trainer = Sweeper(edge_of(0.5))
    whole = [t for cell in swept(tmp_path, trainer).cells for t in cell.curves]
    highest = max(max(curve.lr) for curve in whole)
    assert 0.5 < highest < 5.0
    watch = SweepWatch()
    with pytest.raises(PruneTraining, match=r"accuracy is lost for good above learning rate 0.363"):
        watch_all(watch, trainer, trainer.jobs[0])
    assert len(watch.lr) < 25


def watch_all(watch: SweepWatch, trainer: Sweeper, job: Job) -> None:
    points: list[Point] = []
    trainer(job, points.append)
    for point in points:
        watch(point)


def test_a_sweep_of_unbalanced_classes_is_watched_by_their_majority(tmp_path: Path) -> None:
    """.1 after .8 is no loss where .9 is had for nothing."""
    skewed = ClassBalance(largest=0, train=0.9, validation=0.9, test=0.9)
    trainers = {None: Sweeper(edge_of(0.5)), skewed: Sweeper(edge_of(0.5))}
    for balance, trainer in trainers.items():
        setup = replace(make_setup(tmp_path / str(balance is None)), balance=balance)
        with surface_work(setup.out, setup, trainer) as work:
            sweep_range(work)
            traces = [trace for _, trace in work.session.run_store.of(Step.RANGE_TEST)]
        ended = {trace.stopped_because for trace in traces}
        assert (StopReason.PRUNED in ended) is (balance is None)


def test_an_ended_sweep_is_not_taken_for_a_diverged_one(tmp_path: Path) -> None:
    trainer = Sweeper(edge_of(0.5))
    cell = swept(tmp_path, trainer).cells[0]
    assert all("diverges" not in reading.reason for reading in cell.readings)
    assert cell.edge == pytest.approx(0.4, rel=0.3)
    assert cell.stopped == (StopReason.PRUNED,) * 2


def test_the_watch_travels_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(SweepWatch())) == SweepWatch()


def test_what_was_trained_and_saved_is_counted(tmp_path: Path) -> None:
    trainer = Sweeper(edge_of(0.5))
    cost = swept(tmp_path, trainer).cost
    assert cost is not None
    full = sum(round(job.recipe.epochs * N) for job in trainer.jobs)
    assert (cost.cells, cost.repeats, cost.ended_early) == (4, 1, 5)
    assert cost.samples + cost.saved == pytest.approx(full, abs=len(trainer.jobs))
    assert 0 < cost.saved < full / 2
    assert cost.work <= cost.share * cost.budget
    assert cost.edge_spread is not None


def test_a_cell_that_never_breaks_is_swept_again_a_decade_further(tmp_path: Path) -> None:
    trainer = Sweeper(lambda job: 30.0 if job.recipe.batch_size == 32 else 0.5)
    found = swept(tmp_path, trainer)
    assert [len(cell.curves) for cell in found.cells] == [1, 1, 2, 2]
    assert found.highest_lr == 100.0
    assert found.cost is not None
    assert found.cost.extended == 2
    for cell in found.cells[2:]:
        assert not cell.edge_is_bound
        assert cell.edge == pytest.approx(25.0, rel=0.3)
        assert cell.possible is True


def test_where_even_that_does_not_break_the_edge_is_a_bound(tmp_path: Path) -> None:
    found = swept(tmp_path, Sweeper(lambda job: math.inf))
    again = [cell for cell in found.cells if len(cell.curves) == 2]
    assert again
    assert all(cell.edge_is_bound and cell.edge == pytest.approx(100.0) for cell in again)


def test_a_range_that_was_asked_for_is_not_left(tmp_path: Path) -> None:
    space: dict[str, Dimension] = {**SPACE, "max_lr": Range(0.005, 2.0, log=True)}
    trainer = Sweeper(lambda job: math.inf)
    found = swept(tmp_path, trainer, bounded=True, dimensions=space)
    assert (found.lowest_lr, found.highest_lr) == (0.005, 2.0)
    recipes = [job.recipe for job in trainer.jobs]
    assert {r.max_lr for r in recipes} == {2.0}
    assert {round(r.max_lr / r.div_factor, 6) for r in recipes} == {0.005}


def test_a_linear_sweep_starts_at_zero_and_is_read_alike(tmp_path: Path) -> None:
    trainer = Sweeper(lambda job: 1.0)
    found = swept(tmp_path, trainer, sweep="linear")
    assert {job.recipe.schedule for job in trainer.jobs} == {"lr_range_linear"}
    assert {job.recipe.div_factor for job in trainer.jobs} == {math.inf}
    assert (found.sweep, found.lowest_lr, found.planned_lr) == ("linear", 0.0, 3.0)
    assert all(cell.edge == pytest.approx(0.96, abs=0.13) for cell in found.cells)


def test_momenta_are_swept_where_they_are_searched(tmp_path: Path) -> None:
    space: dict[str, Dimension] = {**SPACE, "base_momentum": Range(0.0, 0.9)}
    trainer = Sweeper(lambda job: 1.0 - job.recipe.max_momentum)
    found = swept(tmp_path, trainer, dimensions=space, range_test_share=0.5)
    assert len(found.cells) == 8
    for cell in found.cells:
        assert cell.momentum is not None
        assert cell.edge == pytest.approx(1 - cell.momentum, rel=0.35)


def test_a_range_test_is_made_once_and_then_read(tmp_path: Path) -> None:
    first = swept(tmp_path, Sweeper())
    again = Sweeper()
    assert swept(tmp_path, again) == first
    assert again.jobs == []


def test_one_of_another_kind_is_made_anew(tmp_path: Path) -> None:
    swept(tmp_path, Sweeper())
    again = Sweeper()
    assert swept(tmp_path, again, sweep="linear").sweep == "linear"
    assert again.jobs


def test_equal_steps_and_equal_factors_find_one_edge_of_a_real_net(tmp_path: Path) -> None:
    """A perceptron on digits breaks at about half a unit of rate, however that is raised. (Nets
    with batch norm stand more where it is raised more slowly.)"""
    from autosuperconv.training.data import load_dataset
    from autosuperconv.training.engine import Engine
    from autosuperconv.training.loop.trainer import TorchTrainer
    from autosuperconv.training.models import model_factory

    data = load_dataset("digits", tmp_path, None, 0)
    trainer = TorchTrainer(
        data, model_factory("mlp", data.shape, data.classes), Engine("cpu", threads=1)
    )
    edges = {}
    for kind in ("exponential", "linear"):
        setup = make_setup(tmp_path, sweep=kind, out=tmp_path / kind)
        grid = make_grid(setup)
        plan = plan_sweeps(grid, trainer.n_train, 0, 1e9)
        jobs = [
            sweep_job(Recipe(1.0), plan, SweepCell(32, 1e-4), repeat, False, trainer.n_train)
            for repeat in (False, True)
        ]
        traces = [trainer(job, SweepWatch()) for job in jobs]
        edges[kind] = read_cell(SweepCell(32, 1e-4), traces).edge
    exponential, linear = edges["exponential"], edges["linear"]
    assert exponential is not None
    assert linear is not None
    assert abs(math.log10(exponential / linear)) < 0.45


def test_what_early_ends_save_buys_back_cells_that_were_left_out(tmp_path: Path) -> None:
    space: dict[str, Dimension] = {**SPACE, "base_momentum": Range(0.5, 0.9)}
    setup = make_setup(tmp_path, dimensions=space)
    with surface_work(tmp_path, setup, Sweeper(lambda job: 0.05)) as work:
        plan = plan_sweeps(make_grid(setup), N, 0, 9 * 3_300.0)
        found = run_range_test(work.session, setup.base, plan, N, 0)
    assert len(plan.cells) == 2  # 640 and 1,280 samples, and 1,280 for a second seed
    assert found.cost is not None
    assert len(found.cells) > len(plan.cells)
    assert found.cost.left_out == 8 - len(found.cells)
    assert found.cost.repeats >= 1
    assert found.cost.work <= plan.allowance


def test_the_cells_come_back_in_the_order_of_their_worth(tmp_path: Path) -> None:
    space: dict[str, Dimension] = {**SPACE, "base_momentum": Range(0.5, 0.9)}
    order = make_grid(make_setup(tmp_path, dimensions=space)).by_priority()
    assert [(c.batch_size, c.weight_decay, c.momentum) for c in order[:4]] == [
        (16, 1e-5, 0.5),
        (32, 1e-5, 0.5),
        (16, 1e-5, 0.9),
        (16, 1e-3, 0.5),
    ]


def test_falling_back_to_the_commonest_class_is_no_success(tmp_path: Path) -> None:
    found = swept(tmp_path, Commonest())
    assert not found.possible
    assert all(cell.edge == pytest.approx(0.3, rel=0.3) for cell in found.cells)


def test_the_highest_rate_is_what_the_sweeps_got_to_and_the_range_is_known_all_the_same(
    tmp_path: Path,
) -> None:
    found = swept(tmp_path, Sweeper(edge_of(0.5)))
    assert found.highest_lr == max(max(curve.lr) for cell in found.cells for curve in cell.curves)
    assert found.planned_lr is not None
    assert found.highest_lr < found.planned_lr
    again = Sweeper(edge_of(0.5))
    assert swept(tmp_path, again) == found
    assert again.jobs == []
