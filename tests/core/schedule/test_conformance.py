"""What holds for every schedule of the registry, whatever the recipe."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import SCHEDULES, build_schedule, progress_at, shapes, tabulate

ROUNDING = 1e-12
EVALUABLE = {name: getattr(shapes, name) for name in dir(shapes) if name[0].isupper()}


def shares(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False)


RECIPES = st.builds(
    Recipe,
    max_lr=shares(1e-5, 100.0),
    max_momentum=shares(0.0, 0.999),
    base_momentum=shares(0.0, 0.999),
    div_factor=shares(1.0, 1e6),
    final_div_factor=shares(1.0, 1e6),
    pct_start=shares(0.0, 0.5),
    pct_tail=shares(0.0, 0.5),
    cycles=st.integers(1, 12),
    cycle_mult=st.integers(1, 3),
    gamma=shares(1e-4, 1.0),
    milestones=st.lists(shares(0.01, 0.99), max_size=4, unique=True).map(sorted).map(tuple),
)
every_schedule = pytest.mark.parametrize("name", SCHEDULES)


@every_schedule
@settings(deadline=None)
@given(recipe=RECIPES, steps=st.integers(1, 80))
def test_every_rate_is_above_0_and_at_most_max_lr(name: str, recipe: Recipe, steps: int) -> None:
    recipe = replace(recipe, schedule=name)
    for rate in tabulate(recipe, steps):
        assert 0 < rate.lr <= recipe.max_lr * (1 + ROUNDING)


@every_schedule
@settings(deadline=None)
@given(recipe=RECIPES, steps=st.integers(1, 80))
def test_momentum_stays_between_its_bounds(name: str, recipe: Recipe, steps: int) -> None:
    recipe = replace(recipe, schedule=name)
    low, high = sorted((recipe.base_momentum, recipe.max_momentum))
    for rate in tabulate(recipe, steps):
        assert low * (1 - ROUNDING) <= rate.momentum <= high * (1 + ROUNDING)


@pytest.mark.parametrize("name", sorted(SCHEDULES.keys() - {"exp_range"}))
@settings(max_examples=20, deadline=None)
@given(
    recipe=RECIPES,
    pct_start=shares(0.02, 0.45),
    cycles=st.integers(1, 5),
    steps=st.integers(2000, 3000),
)
def test_max_lr_is_reached(
    name: str, recipe: Recipe, pct_start: float, cycles: int, steps: int
) -> None:
    recipe = replace(recipe, schedule=name, pct_start=pct_start, cycles=cycles)
    # Between two steps at worst: one step of the steepest rise, 1 / (0.02 x 2,000), is missed.
    assert max(rate.lr for rate in tabulate(recipe, steps)) >= 0.97 * recipe.max_lr


@settings(max_examples=20, deadline=None)
@given(recipe=RECIPES, steps=st.integers(2000, 3000))
def test_exp_range_decays_from_the_first_step_so_it_stays_below_max_lr(
    recipe: Recipe, steps: int
) -> None:
    recipe = replace(recipe, schedule="exp_range", div_factor=10.0, gamma=0.1)
    peak = max(rate.lr for rate in tabulate(recipe, steps))
    first = 0.1 ** (0.5 / recipe.cycles)
    assert peak == pytest.approx(recipe.max_lr * (0.1 + 0.9 * first), rel=0.03)


@every_schedule
@settings(deadline=None)
@given(recipe=RECIPES, steps=st.integers(1, 80))
def test_a_schedule_is_a_value(name: str, recipe: Recipe, steps: int) -> None:
    recipe = replace(recipe, schedule=name)
    schedule = build_schedule(recipe, steps)
    assert schedule == build_schedule(recipe, steps)
    assert hash(schedule) == hash(build_schedule(recipe, steps))
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert eval(repr(schedule), EVALUABLE) == schedule


@every_schedule
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_runs_have_a_rate_at_every_step(name: str, steps: int) -> None:
    assert len(tabulate(Recipe(1.0, schedule=name, cycles=5), steps)) == steps


@every_schedule
def test_the_table_is_the_schedule_at_each_steps_progress(name: str) -> None:
    recipe = Recipe(1.0, schedule=name)
    schedule = build_schedule(recipe, 7)
    assert tabulate(recipe, 7) == [schedule(progress_at(step, 7)) for step in range(7)]


@every_schedule
def test_every_schedule_says_what_it_is(name: str) -> None:
    assert (SCHEDULES[name].__doc__ or "").endswith((".", ".\n    "))
