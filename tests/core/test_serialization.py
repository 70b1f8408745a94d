"""What is kept as JSON reads back as it was, numbers that JSON does not have included."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from autosuperconv.core.events import Step
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report, StepCost
from autosuperconv.core.serialization import digest, from_json, to_dict, to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Job, StopReason, Trace
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.verdict import Verdict
from autosuperconv.errors import InvalidInput
from tests.core.any_value import any_value, recipes

FROM_ZERO = Recipe(max_lr=3.0, schedule="lr_range_linear", div_factor=math.inf)


def refuse(name: str) -> float:
    raise AssertionError(f"{name} is not strict JSON")


def test_a_linear_sweep_from_zero_survives_its_json_form() -> None:
    text = to_json(FROM_ZERO)
    assert json.loads(text, parse_constant=refuse)["div_factor"] == "Infinity"
    assert from_json(Recipe, text) == FROM_ZERO


def test_it_does_so_inside_of_another_value_too() -> None:
    job = Job(FROM_ZERO, phases=(0.5, 1.0))
    assert from_json(Job, to_json(job)) == job
    assert digest(job) != digest(Job(replace(FROM_ZERO, div_factor=1e9), phases=(0.5, 1.0)))


def test_a_finite_recipe_is_kept_as_before() -> None:
    """Resumed studies find their runs by this digest."""
    assert digest(Recipe(max_lr=1.0)) == "1ee80f6f81640e67"


@pytest.mark.parametrize("text", ['"infinite"', '"-Infinity x"', "[]"])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"Recipe.div_factor"):
        from_json(Recipe, f'{{"max_lr": 1, "div_factor": {text}}}')


@pytest.mark.parametrize("text", ['"Infinity"', "null", "NaN"])
def test_a_rate_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"Recipe.max_lr must be finite, but got"):
        from_json(Recipe, f'{{"max_lr": {text}}}')


def test_a_measurement_that_is_not_finite_is_null() -> None:
    assert to_dict({"loss": math.inf, "accuracy": math.nan}) == {"loss": None, "accuracy": None}


def test_steps_and_stop_reasons_are_plain_texts_in_json_and_come_back_as_enums() -> None:
    cost = StepCost(Step.RANGE_TEST, runs=6, samples=100, seconds=1.5)
    text = to_json(cost)
    assert text == '{"step": "range test", "runs": 6, "samples": 100, "seconds": 1.5}'
    assert from_json(StepCost, text).step is Step.RANGE_TEST
    assert to_dict(StopReason.OUT_OF_MEMORY) == "out-of-memory"


def test_a_step_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"StepCost\.step"):
        from_json(StepCost, '{"step": "confirm", "runs": 1, "samples": 1, "seconds": 1}')


STORED = (Job, Plan, RangeTest, Recipe, Report, Setup, Trace, Tradeoff, Verdict)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_whatever_is_stored_comes_back_equal_from_strict_json(kind: type) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(value=any_value(kind))
    def comes_back(value: object) -> None:
        text = to_json(value)
        json.loads(text, parse_constant=refuse)
        again = from_json(kind, text)
        assert again == value
        assert digest(again) == digest(value)

    comes_back()


@settings(deadline=None)
@given(first=recipes, second=recipes)
def test_recipes_have_one_digest_only_where_they_are_equal(first: Recipe, second: Recipe) -> None:
    assert (digest(first) == digest(second)) == (first == second)
