"""What a search is forecast to take, and how its budget is fitted to the time given."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from autosuperconv.core.plan import BaselineKind, Budget
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.forecast import forecast, mean_epochs
from autosuperconv.tuning.steps.plan import make_plan
from autosuperconv.tuning.steps.sweep_design import SweepCell, SweepGrid
from autosuperconv.tuning.store.session import Session
from tests.surface import BUDGET, make_setup
from tests.tuning.steps.computed import session_of

RATES = {32: 1000.0}  # so a second an epoch
GRID = SweepGrid(tuple(SweepCell(32, wd) for wd in (1e-6, 1e-5, 1e-4, 1e-3)))
BASE = Recipe(max_lr=1.0, batch_size=32)


def setup_of(
    n_train: int, curve: int = 0, validation: int = 0, test: int = 0, statistics: int = 0
) -> Setup:
    return replace(
        make_setup(Path(), dimensions={}),
        base=BASE,
        n_train=n_train,
        curve_cost=curve,
        n_validation=validation,
        n_test=test,
        statistics=statistics,
    )


SETUP = setup_of(n_train=1000)
forecast_of = partial(forecast, setup=SETUP, speeds=RATES, grid=GRID, workers=1)
TWO_BATCHES = replace(SETUP, dimensions={"batch_size": Choices((16, 32))})


def seconds(budget: Budget, workers: int = 1) -> float:
    return sum(f.seconds for f in forecast(budget, SETUP, RATES, GRID, workers))


def test_the_mean_length_of_a_log_uniform_draw() -> None:
    assert mean_epochs(replace(BUDGET, epochs_low=2.0, epochs_high=2.0)) == 2.0
    assert mean_epochs(
        replace(BUDGET, epochs_low=1.0, epochs_high=2.718281828459045)
    ) == pytest.approx(1.718281828)


def test_the_forecast_by_hand() -> None:
    budget = replace(
        BUDGET, trials=10, baseline_epochs=20.0, epochs_low=2.0, epochs_high=2.0, seeds=3
    )
    steps = {f.step: f for f in forecast(budget, SETUP, RATES, GRID, workers=1)}
    assert steps["range test"].runs == 6  # four cells, two of them twice
    assert steps["range test"].seconds == pytest.approx(6 * 1.6)  # 50 steps of 32
    # six runs of four fifths, then three whole ones
    assert steps["baseline"].seconds == pytest.approx((6 * 0.8 + 3) * 20)
    assert steps["study"].seconds == pytest.approx(10 * 2)
    # T_B at 12 epochs: cycles of 2.4 and 6. Three recipes on two seeds at both lengths, three rates
    # of the control, ten runs of both cycles and of the control; two more of the baseline
    asked, control = 6 * (2.4 + 6), 3 * 2.4
    assert steps["confirmation"].seconds == pytest.approx(
        asked + control + 10 * (2.4 + 6 + 2.4) + 2 * 20
    )
    assert steps["ablation"].seconds == pytest.approx(15 * 6)


def test_workers_share_the_work() -> None:
    assert seconds(BUDGET, workers=2) == pytest.approx(seconds(BUDGET) / 2)


def test_evaluation_is_a_third_of_training() -> None:
    budget = replace(BUDGET, trials=10, epochs_low=2.0, epochs_high=2.0)
    setup = setup_of(n_train=1000, curve=300, validation=600, test=900)
    study = next(f for f in forecast(budget, setup, RATES, GRID, 1) if f.step == "study")
    # four on the way with the least subsets, 128 + 200 samples, of which there are only 300
    assert study.seconds == pytest.approx(10 * 2 + (40 * 300 + 10 * 600) / 3 / 1000)


def test_the_cycles_that_are_confirmed_follow_the_expected_cost_to_level() -> None:
    budget = replace(BUDGET, epochs_low=2.0, epochs_high=2 * math.e, baseline_epochs=20.0)
    steps = {f.step: f for f in forecast(budget, SETUP, RATES, GRID, 1)}
    assert steps["study"].epochs == pytest.approx(20 * 2 * (math.e - 1))
    assert steps["ablation"].epochs == pytest.approx(15 * 0.6 * 20 / 2)  # at half of T_B
    given = replace(budget, fixed_cycles=True)
    steps = {f.step: f for f in forecast(given, SETUP, RATES, GRID, 1)}
    assert steps["ablation"].epochs == pytest.approx(15 * 2 * math.e)


def test_a_baseline_of_the_users_own_is_not_tuned_and_a_recorded_one_not_trained() -> None:
    def epochs(kind: BaselineKind) -> float:
        budget = replace(BUDGET, baseline_epochs=20.0, baseline=kind)
        return next(
            f for f in forecast(budget, SETUP, RATES, GRID, 1) if f.step == "baseline"
        ).epochs

    assert epochs(BaselineKind.GIVEN) == 3 * 20
    assert epochs(BaselineKind.RECORDED) == 0


def test_what_is_measured_at_the_end_of_a_run_is_counted() -> None:
    setup = setup_of(n_train=1000, curve=0, validation=600, test=900, statistics=300)
    budget = replace(BUDGET, trials=10, baseline_epochs=20.0, epochs_low=2.0, epochs_high=2.0)
    steps = {f.step: f for f in forecast(budget, setup, RATES, GRID, 1)}
    trained = (6 * 0.8 + 3) * 20
    on_both = 9 * 900 + 3 * 900  # all of them on validation data, three on the test split too
    assert steps["baseline"].seconds == pytest.approx(trained + on_both / 3 / 1000)
    assert steps["ablation"].seconds == pytest.approx(15 * 6 + 15 * 1200 / 3 / 1000)


def test_longer_trials_are_evaluated_on_more() -> None:
    setup = setup_of(n_train=10_000, curve=1512, validation=0, test=0)
    budget = replace(BUDGET, trials=1, epochs_low=5.0, epochs_high=5.0)
    study = next(f for f in forecast(budget, setup, RATES, GRID, 1) if f.step == "study")
    # a tenth of 50,000 trained, three evaluated for one trained, four times: 3,750 each
    assert study.seconds == pytest.approx(50 + 4 * 1512 / 3 / 1000)


def planned(session: Session, budget: Budget = replace(BUDGET, trials=12)) -> tuple[float, int]:
    plan = make_plan(session, budget, TWO_BATCHES, GRID, ("because",))
    return plan.budget.baseline_epochs, plan.budget.trials


def test_a_resumed_plan_is_kept_though_the_time_is_another() -> None:
    session = session_of(SurfaceTrainer())
    first = planned(session)
    session = replace(session, deadline=session.clock() + 1.0)
    assert planned(session) == first


def test_more_trials_may_be_planned_later_but_not_fewer() -> None:
    session = session_of(SurfaceTrainer())
    planned(session)
    assert planned(session, replace(BUDGET, trials=20))[1] == 20
    assert planned(session, replace(BUDGET, trials=15))[1] == 20


def test_the_plan_measures_throughput_and_seed_noise() -> None:
    session = session_of(SurfaceTrainer(noise=0.003))
    plan = make_plan(session, BUDGET, TWO_BATCHES, GRID, ("because",))
    assert plan.samples_per_second == {"16": pytest.approx(1e6), "32": pytest.approx(1e6)}
    assert plan.seed_noise is not None
    assert 0.0001 < plan.seed_noise < 0.01
    assert plan.choices == ("because",)


def test_the_evaluation_at_the_end_of_a_timing_run_counts_and_no_other() -> None:
    session = session_of(SurfaceTrainer())
    setup = setup_of(n_train=1000, curve=1300, validation=600, test=900, statistics=300)
    plan = make_plan(session, BUDGET, setup, GRID, ())
    # 24 steps of 32 in 768 microseconds, and 900 evaluated samples are worth 300 trained ones
    assert plan.samples_per_second == {"32": pytest.approx(1e6 * (768 + 300) / 768, abs=1)}


def test_where_the_short_cycle_diverges_there_is_no_seed_noise() -> None:
    session = session_of(SurfaceTrainer(edge=0.05))
    plan = make_plan(session, BUDGET, SETUP, GRID, ())
    assert plan.seed_noise is None


def test_a_short_run_that_diverges_leaves_the_seed_noise_unmeasured_and_the_plan_says_so() -> None:
    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        return SurfaceTrainer(edge=1e-9 if job.recipe.seed == 901 else 3.0)(job, on_point)

    plan = make_plan(session_of(trainer), BUDGET, SETUP, GRID, ("because",))
    assert plan.seed_noise is None
    why = "The seed noise was not measured: 1 of 3 short runs at max_lr 0.1 diverged."
    assert plan.choices == ("because", why)
