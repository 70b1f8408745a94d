"""The plan, the baseline's grid, the control and the choice of the winner."""

from __future__ import annotations

import math
from dataclasses import replace

import optuna
import pytest

from autosuperconv.core.plan import Budget
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.types import Cell
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace, Trainer
from autosuperconv.errors import InvalidInput, NothingCompleted
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.baseline import (
    FRESH_SEEDS,
    WEIGHT_DECAYS,
    first_grid,
    tune_baseline,
)
from autosuperconv.tuning.steps.confirmation import by_seed, run_curve, tune_control
from autosuperconv.tuning.steps.objective import Objective
from autosuperconv.tuning.steps.plan import (
    SampleCounts,
    budget_within,
    forecast,
    make_plan,
    mean_epochs,
)
from autosuperconv.tuning.steps.sweep_design import SweepCell, SweepGrid
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.studies import open_study
from tests.surface import BUDGET

COUNTS = SampleCounts(n_train=1000, curve=0, validation=0, test=0)
RATES = {32: 1000.0}  # so a second an epoch
GRID = SweepGrid(tuple(SweepCell(32, wd) for wd in (1e-6, 1e-5, 1e-4, 1e-3)))
BASE = Recipe(max_lr=1.0, batch_size=32)
COST = Objective("cost", target=0.9, n_train=1000, worst_epochs=4.0)


def session_of(trainer: Trainer, workers: int = 1) -> Session:
    storage = optuna.storages.InMemoryStorage()
    study, run_store = open_study(storage, "s", {}, "minimize")
    executor = InProcess(trainer)
    executor.size = workers
    return Session(study, run_store, executor, lambda event: None, "")


def seconds(budget: Budget, workers: int = 1) -> float:
    return sum(f.seconds for f in forecast(budget, COUNTS, RATES, GRID, workers))


def test_the_mean_length_of_a_log_uniform_draw() -> None:
    assert mean_epochs(replace(BUDGET, epochs_low=2.0, epochs_high=2.0)) == 2.0
    assert mean_epochs(
        replace(BUDGET, epochs_low=1.0, epochs_high=2.718281828459045)
    ) == pytest.approx(1.718281828)


def test_the_forecast_by_hand() -> None:
    budget = replace(
        BUDGET, trials=10, baseline_epochs=20.0, epochs_low=2.0, epochs_high=2.0, seeds=3
    )
    steps = {f.step: f for f in forecast(budget, COUNTS, RATES, GRID, workers=1)}
    assert steps["range test"].runs == 6  # four cells, two of them twice
    assert steps["range test"].seconds == pytest.approx(6 * 1.6)  # 50 steps of 32
    assert steps["baseline"].seconds == pytest.approx(10 * 20)
    assert steps["study"].seconds == pytest.approx(10 * 2)
    # shortlist 3 x 2, three control rates, candidate and control on 3 seeds; baseline on 3
    assert steps["confirmation"].seconds == pytest.approx((6 + 3 + 6) * 2 + 3 * 20)
    assert steps["ablation"].seconds == pytest.approx(11 * 3 * 2)


def test_workers_share_the_work() -> None:
    assert seconds(BUDGET, workers=2) == pytest.approx(seconds(BUDGET) / 2)


def test_evaluation_is_a_third_of_training() -> None:
    budget = replace(BUDGET, trials=10, epochs_low=2.0, epochs_high=2.0)
    counts = SampleCounts(n_train=1000, curve=300, validation=600, test=900)
    study = next(f for f in forecast(budget, counts, RATES, GRID, 1) if f.step == "study")
    # four on the way with the least subsets, 128 + 200 samples, of which there are only 300
    assert study.seconds == pytest.approx(10 * 2 + (40 * 300 + 10 * 600) / 3 / 1000)


def test_the_steps_after_the_study_expect_a_winner_longer_than_the_mean() -> None:
    budget = replace(BUDGET, epochs_low=2.0, epochs_high=2 * math.e, baseline_epochs=20.0)
    steps = {f.step: f for f in forecast(budget, COUNTS, RATES, GRID, 1)}
    mean = 2 * (math.e - 1)
    winner = (mean + 2 * math.e) / 2
    assert steps["study"].epochs == pytest.approx(20 * mean)
    assert steps["ablation"].epochs == pytest.approx(33 * winner)
    assert steps["confirmation"].epochs == pytest.approx(15 * winner + 60)


def test_what_recalibrates_batch_norm_is_evaluated_at_the_end_too() -> None:
    counts = SampleCounts(n_train=1000, curve=0, validation=600, test=900, statistics=300)
    budget = replace(BUDGET, trials=10, baseline_epochs=20.0, epochs_low=2.0, epochs_high=2.0)
    steps = {f.step: f for f in forecast(budget, counts, RATES, GRID, 1)}
    assert steps["baseline"].seconds == pytest.approx(200 + 10 * 900 / 3 / 1000)
    assert steps["ablation"].seconds == pytest.approx(66 + 33 * 1200 / 3 / 1000)


def test_longer_trials_are_evaluated_on_more() -> None:
    counts = SampleCounts(n_train=10_000, curve=1512, validation=0, test=0)
    budget = replace(BUDGET, trials=1, epochs_low=5.0, epochs_high=5.0)
    study = next(f for f in forecast(budget, counts, RATES, GRID, 1) if f.step == "study")
    # a tenth of 50,000 trained, three evaluated for one trained, four times: 3,750 each
    assert study.seconds == pytest.approx(50 + 4 * 1512 / 3 / 1000)


def test_a_budget_that_fits_is_left_alone() -> None:
    budget = BUDGET
    assert budget_within(budget, COUNTS, RATES, GRID, 1, None) == budget
    assert budget_within(budget, COUNTS, RATES, GRID, 1, 1e6) == budget


def test_trials_go_first_then_lengths() -> None:
    budget = BUDGET
    fewer = budget_within(budget, COUNTS, RATES, GRID, 1, seconds(budget) - 10)
    assert fewer.trials < 20
    assert fewer.baseline_epochs == 30.0
    shorter = budget_within(budget, COUNTS, RATES, GRID, 1, 300)
    assert shorter.trials == 12
    assert shorter.baseline_epochs < 30
    assert shorter.epochs_high / shorter.baseline_epochs == pytest.approx(1 / 3)
    assert seconds(shorter) <= 300


def test_lengths_that_the_user_gave_are_kept() -> None:
    kept = budget_within(replace(BUDGET, fixed=True), COUNTS, RATES, GRID, 1, seconds(BUDGET) * 0.9)
    assert kept.baseline_epochs == 30.0


def test_a_timeout_that_is_too_short_is_refused_with_what_it_would_take() -> None:
    with pytest.raises(InvalidInput, match=r"--timeout is too short: 1 s.*takes about \d+ s here"):
        budget_within(BUDGET, COUNTS, RATES, GRID, 1, 1.0)


def planned(session: Session, budget: Budget = replace(BUDGET, trials=12)) -> tuple[float, int]:
    plan = make_plan(session, budget, BASE, (16, 32), COUNTS, GRID, ("because",))
    return plan.budget.baseline_epochs, plan.budget.trials


def test_a_resumed_plan_is_kept_though_the_time_is_another() -> None:
    session = session_of(SurfaceTrainer())
    first = planned(session)
    session = replace(session, deadline=0.0)
    assert planned(session) == first


def test_more_trials_may_be_planned_later_but_not_fewer() -> None:
    session = session_of(SurfaceTrainer())
    planned(session)
    assert planned(session, replace(BUDGET, trials=20))[1] == 20
    assert planned(session, replace(BUDGET, trials=15))[1] == 20


def test_the_plan_measures_throughput_and_seed_noise() -> None:
    session = session_of(SurfaceTrainer(noise=0.003))
    plan = make_plan(session, BUDGET, BASE, (16, 32), COUNTS, GRID, ("because",))
    assert plan.samples_per_second == {"16": pytest.approx(1e6), "32": pytest.approx(1e6)}
    assert plan.seed_noise is not None
    assert 0.0001 < plan.seed_noise < 0.01
    assert plan.choices == ("because",)


def test_the_evaluation_at_the_end_of_a_timing_run_counts_and_no_other() -> None:
    session = session_of(SurfaceTrainer())
    counts = SampleCounts(n_train=1000, curve=1300, validation=600, test=900, statistics=300)
    plan = make_plan(session, BUDGET, BASE, (32,), counts, GRID, ())
    # 24 steps of 32 in 768 microseconds, and 900 evaluated samples are worth 300 trained ones
    assert plan.samples_per_second == {"32": pytest.approx(1e6 * (768 + 300) / 768, abs=1)}


def test_where_the_short_cycle_diverges_there_is_no_seed_noise() -> None:
    session = session_of(SurfaceTrainer(edge=0.05))
    plan = make_plan(session, BUDGET, BASE, (32,), COUNTS, GRID, ())
    assert plan.seed_noise is None


def range_test(edge: float) -> RangeTest:
    cell = Cell(32, 1e-4, (), (), 0.01, edge, 0.1, False, 0.9, True)
    return RangeTest((cell,), 1e-3, 10.0, True, "Possible.")


def test_the_first_grid_lies_below_the_lowest_edge_by_half_decades() -> None:
    assert first_grid(range_test(1.0)) == pytest.approx([0.3162, 0.1, 0.03162, 0.01], rel=1e-3)
    assert first_grid(None) == pytest.approx([0.3, 0.0949, 0.03, 0.00949], rel=1e-3)


def with_best_rate(best: float) -> Trainer:
    """A surface whose accuracy falls with the distance of the rate to the best one."""

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


def test_a_run_that_broke_before_it_was_evaluated_is_a_curve_at_chance() -> None:
    curve = run_curve(SurfaceTrainer(edge=1e-9)(Job(Recipe(max_lr=1.0), "test")))
    assert curve.diverged
    assert curve.accuracy == (0.1,)
    assert curve.final_accuracy == 0.1
    assert curve.samples[0] > 0


def test_a_run_that_came_to_nothing_counts_as_chance() -> None:
    broken = SurfaceTrainer(edge=1e-9)(Job(Recipe(max_lr=1.0, seed=5)))
    assert by_seed([broken]) == {5: 0.1}
    assert by_seed([replace(broken, majority_accuracy=0.9)]) == {5: 0.9}
    assert run_curve(replace(broken, majority_accuracy=0.9)).chance == 0.9
