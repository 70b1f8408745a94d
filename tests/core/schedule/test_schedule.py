"""Schedules by hand-worked numbers, what is refused, and schedules of the user's own."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import (
    SCHEDULES,
    LrMomentum,
    build_schedule,
    progress_at,
    tabulate,
)
from autosuperconv.errors import InvalidInput, InvalidRecipe, UnknownName

HERE = __name__


def lrs(recipe: Recipe, steps: int) -> list[float]:
    return [rate.lr for rate in tabulate(recipe, steps)]


def test_progress_is_0_at_the_first_step_and_1_at_the_last() -> None:
    assert [progress_at(step, 5) for step in range(5)] == [0, 0.25, 0.5, 0.75, 1]
    assert progress_at(0, 1) == 0


def test_the_registry_is_in_alphabetical_order() -> None:
    assert list(SCHEDULES) == sorted(SCHEDULES)


def test_one_triangle_rises_from_a_thirtieth_to_the_top_and_falls_back() -> None:
    recipe = Recipe(3.0, schedule="triangular", div_factor=30)
    assert lrs(recipe, 5) == pytest.approx([0.1, 1.55, 3.0, 1.55, 0.1])
    momentum = [rate.momentum for rate in tabulate(recipe, 5)]
    assert momentum == pytest.approx([0.95, 0.90, 0.85, 0.90, 0.95])


def test_1cycle_rises_falls_towards_zero_and_ends_in_a_tail_at_base_over_1000() -> None:
    # The ImageNet run of 1803.09820: 0.05 to 1.0, stepsize 95,000 of 200,000, tail at 5e-5.
    recipe = Recipe(1.0, div_factor=20, pct_start=0.475, pct_tail=0.05)
    at = (0, 47_500, 95_000, 142_500, 189_990, 190_000, 195_000, 200_000)
    schedule = build_schedule(recipe, 200_001)
    rates = [schedule(i / 200_000) for i in at]
    fall = 1 - 94_990 / 95_000
    expected = [0.05, 0.525, 1.0, 0.5, fall, 5e-5, 5e-5, 5e-5]
    assert [rate.lr for rate in rates] == pytest.approx(expected)
    momentum = [0.95, 0.90, 0.85, 0.90, 0.95, 0.95, 0.95, 0.95]
    assert [rate.momentum for rate in rates] == pytest.approx(momentum, abs=2e-5)


def test_1cycle_falls_no_lower_than_its_tail() -> None:
    table = lrs(Recipe(1.0, div_factor=10, final_div_factor=2), 101)
    assert min(table) == table[-1] == 0.05
    assert table[88:91] == pytest.approx([2 / 45, 0.05, 0.05], abs=0.006)


def test_1cycle_without_a_tail_reaches_its_floor_at_the_last_step() -> None:
    recipe = Recipe(1.0, pct_start=0.5, pct_tail=0.0)
    assert lrs(recipe, 5) == pytest.approx([0.1, 0.55, 1.0, 0.5, 1e-4])


def test_a_cycle_that_starts_at_its_top_only_falls() -> None:
    recipe = Recipe(1.0, pct_start=0.0, pct_tail=0.2)
    assert lrs(recipe, 6) == pytest.approx([1.0, 0.75, 0.5, 0.25, 1e-4, 1e-4])


def test_triangular2_halves_the_height_of_each_cycle() -> None:
    recipe = Recipe(0.9, schedule="triangular2", cycles=3, div_factor=9)
    assert lrs(recipe, 7) == pytest.approx([0.1, 0.9, 0.1, 0.5, 0.1, 0.3, 0.1])


def test_exp_range_shrinks_the_height_by_gamma_over_the_run() -> None:
    recipe = Recipe(1.1, schedule="exp_range", cycles=2, div_factor=11, gamma=0.0625)
    # Peaks at 1/4 and 3/4 of the run: 0.0625 ** (1/4) = 0.5 and ** (3/4) = 0.125.
    assert lrs(recipe, 5) == pytest.approx([0.1, 0.6, 0.1, 0.225, 0.1])


def test_sgdr_periods_double_and_restart_at_the_top() -> None:
    table = lrs(Recipe(1.0, schedule="sgdr", cycles=3, cycle_mult=2), 14)
    half = 0.5
    assert table[:6] == pytest.approx([1, half, 1, 0.853553, half, 0.146447], abs=1e-6)
    assert table[6] == 1
    assert table[10] == pytest.approx(half)


def test_sgdr_restarts_on_each_step_where_a_restart_is_due() -> None:
    for cycles in range(2, 50):
        table = lrs(Recipe(1.0, schedule="sgdr", cycles=cycles), cycles * 7)
        assert [i for i, lr in enumerate(table) if lr == 1.0] == list(range(0, cycles * 7, 7))


def test_sgdr_restarts_on_a_step_that_only_a_fractional_period_leads_to() -> None:
    # 21 periods of 87 / 21 steps: the 8th and the 15th begin on steps 29 and 58.
    table = lrs(Recipe(1.0, schedule="sgdr", cycles=21), 87)
    assert [i for i, lr in enumerate(table) if lr == 1.0] == [0, 29, 58]


def test_a_step_schedule_falls_on_the_step_nearest_its_milestone() -> None:
    table = lrs(Recipe(1.0, schedule="step", milestones=(0.07, 0.5), gamma=0.5), 100)
    assert [i for i in range(1, 100) if table[i] != table[i - 1]] == [7, 50]
    assert (table[6], table[7], table[50]) == (1.0, 0.5, 0.25)


def test_an_exponential_range_test_rises_by_equal_factors() -> None:
    recipe = Recipe(10.0, schedule="lr_range_exponential", div_factor=1e4)
    assert lrs(recipe, 5) == pytest.approx([0.001, 0.01, 0.1, 1, 10])


def test_a_linear_range_test_can_start_at_zero() -> None:
    recipe = Recipe(3.0, schedule="lr_range_linear", div_factor=math.inf)
    assert lrs(recipe, 5) == [0.0, 0.75, 1.5, 2.25, 3.0]


def test_warm_up_is_gradual_or_constant() -> None:
    gradual = Recipe(1.0, schedule="warmup_linear", pct_start=0.5)
    assert lrs(gradual, 5) == pytest.approx([0.1, 0.55, 1, 1, 1])
    constant = Recipe(1.0, schedule="warmup_constant", pct_start=0.5)
    assert lrs(constant, 6) == pytest.approx([0.1, 0.1, 0.1, 1, 1, 1])


def test_a_level_lasts_at_least_one_step() -> None:
    warm_up = Recipe(1.0, schedule="warmup_constant", pct_start=0.01)
    assert lrs(warm_up, 4) == [0.1, 1.0, 1.0, 1.0]
    decay = Recipe(1.0, schedule="step", milestones=(0.01,))
    assert lrs(decay, 4) == [1.0, 0.1, 0.1, 0.1]


def test_warm_up_of_no_length_starts_at_the_top() -> None:
    for name in ("warmup_constant", "warmup_cosine", "warmup_linear"):
        assert lrs(Recipe(1.0, schedule=name, pct_start=0.0), 4)[0] == 1.0


@pytest.mark.parametrize(
    "name", ["constant", "cosine", "linear", "lr_range_linear", "sgdr", "step"]
)
def test_a_schedule_without_a_cycle_holds_momentum(name: str) -> None:
    assert {rate.momentum for rate in tabulate(Recipe(1.0, schedule=name), 9)} == {0.95}


def test_momentum_may_cycle_the_other_way_round() -> None:
    recipe = Recipe(1.0, schedule="triangular", max_momentum=0.9, base_momentum=0.99)
    assert [rate.momentum for rate in tabulate(recipe, 3)] == pytest.approx([0.9, 0.99, 0.9])


def test_schedules_differ_where_their_recipes_do() -> None:
    for name in SCHEDULES:
        recipe = Recipe(1.0, schedule=name)
        assert build_schedule(recipe, 9) != build_schedule(Recipe(2.0, schedule=name), 9)


def test_an_unknown_schedule_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(
        UnknownName, match=r"Unknown schedule 'triangle'. Did you mean 'triangular'"
    ):
        build_schedule(Recipe(1.0, schedule="triangle"), 9)


def test_a_run_of_no_step_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 1 step, but got 0"):
        build_schedule(Recipe(1.0), 0)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            Recipe(1.0, div_factor=0.5),
            "div_factor must be at least 1 for schedule '1cycle', .* 0.5",
        ),
        (Recipe(1.0, final_div_factor=0.5), "final_div_factor must be at least 1 .* 0.5"),
        (Recipe(1.0, pct_start=0.8, pct_tail=0.3), "pct_tail must be at most 1 - pct_start = 0.2"),
        (Recipe(1.0, schedule="step", gamma=2.0), "gamma must be at most 1 .*'step', but got 2.0"),
        (
            Recipe(1.0, schedule="lr_range_exponential", div_factor=math.inf),
            "div_factor must be finite .* but got inf",
        ),
    ],
)
def test_a_recipe_that_does_not_fit_its_schedule_is_refused(recipe: Recipe, message: str) -> None:
    with pytest.raises(InvalidRecipe, match=f"Recipe.{message}"):
        build_schedule(recipe, 9)


def test_the_core_needs_no_torch() -> None:
    code = "import sys, autosuperconv.core.schedule; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def falling(progress: float) -> float:
    return 1 - progress


def with_momentum(progress: float) -> LrMomentum:
    return LrMomentum(0.5, progress / 2)


def wordy(progress: float) -> str:
    return "fast"


def negative(progress: float) -> float:
    return 0.5 - progress


def test_a_users_function_gives_the_factor_of_max_lr() -> None:
    table = tabulate(Recipe(2.0, schedule=f"{HERE}:falling"), 3)
    assert table == [LrMomentum(2.0, 0.95), LrMomentum(1.0, 0.95), LrMomentum(0.0, 0.95)]


def test_a_users_function_may_give_the_whole_rate() -> None:
    table = tabulate(Recipe(2.0, schedule=f"{HERE}:with_momentum"), 3)
    assert table == [LrMomentum(0.5, 0.0), LrMomentum(0.5, 0.25), LrMomentum(0.5, 0.5)]


def test_a_users_schedule_is_a_value_too() -> None:
    schedule = build_schedule(Recipe(2.0, schedule=f"{HERE}:falling"), 9)
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert repr(schedule) == f"UserSchedule(name='{HERE}:falling', max_lr=2.0, momentum=0.95)"


@pytest.mark.parametrize("name", ["no_such_package.lr:up", f"{HERE}:fallin", ":up"])
def test_a_users_function_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"--schedule .*{name}"):
        build_schedule(Recipe(1.0, schedule=name), 9)


@pytest.mark.parametrize(("function", "value"), [("wordy", "'fast'"), ("negative", "-0.5")])
def test_a_users_function_that_gives_no_rate_is_told_so(function: str, value: str) -> None:
    recipe = Recipe(1.0, schedule=f"{HERE}:{function}")
    with pytest.raises(InvalidInput, match=f"must return a factor .* returned {value} at progress"):
        build_schedule(recipe, 9)(1.0)
