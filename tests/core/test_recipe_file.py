"""A recipe file is read without converting anything, and what is wrong is named with a remedy."""

from __future__ import annotations

import json
import math
import re

import pytest

from autosuperconv.core.normalisation import Normalisation
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recipe_file import read_recipe, recipe_text
from autosuperconv.errors import InvalidInput, InvalidRecipe, UnknownName


def test_a_written_recipe_is_read_as_it_was() -> None:
    recipe = Recipe(max_lr=0.3, milestones=(0.2, 0.4), div_factor=math.inf, seed=7)
    assert read_recipe(recipe_text(recipe, Normalisation())) == recipe


def test_a_label_is_for_the_reader_and_comes_first() -> None:
    text = recipe_text(Recipe(max_lr=0.3), Normalisation(), "as accurate as the baseline")
    assert next(iter(json.loads(text))) == "label"
    assert read_recipe(text) == Recipe(max_lr=0.3)
    assert "label" not in json.loads(recipe_text(Recipe(max_lr=0.3), Normalisation()))


WRONG = [
    ("epochs", "many", "a number"),
    ("epochs", [3], "a number"),
    ("weight_decay", None, "a number"),
    ("dropout", True, "a number"),
    ("max_lr", "Infinity", "a number"),
    ("batch_size", 32.7, "a whole number"),
    ("batch_size", "32", "a whole number"),
    ("seed", False, "a whole number"),
    ("schedule", None, "a text"),
    ("optimizer", 3, "a text"),
    ("milestones", "0.5", "a list of numbers"),
    ("milestones", ["a"], "a list of numbers"),
]


@pytest.mark.parametrize(("field", "value", "rule"), WRONG)
def test_a_value_of_another_type_is_refused_and_the_remedy_works(
    field: str, value: object, rule: str
) -> None:
    said = re.escape(f"Recipe.{field} must be {rule}, but got {json.dumps(value)}. Write it as in ")
    with pytest.raises(InvalidRecipe, match=said) as error:
        read_recipe(json.dumps({"max_lr": 0.1, field: value}))
    advised = str(error.value).partition("as in ")[2].removesuffix(".")
    assert read_recipe(f'{{"max_lr": 0.1, {advised}}}' if field != "max_lr" else f"{{{advised}}}")


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert read_recipe('{"max_lr": 1, "batch_size": 32.0}').batch_size == 32


def test_a_field_that_is_missing_unknown_or_given_twice_is_refused() -> None:
    with pytest.raises(InvalidRecipe, match=r'max_lr must be given\. Add it, as in "max_lr": 0\.1'):
        read_recipe('{"epochs": 3}')
    with pytest.raises(UnknownName, match="Did you mean 'weight_decay'"):
        read_recipe('{"max_lr": 0.1, "weight_decy": "x"}')
    with pytest.raises(InvalidInput, match="'max_lr' is twice"):
        read_recipe('{"max_lr": 0.1, "max_lr": 0.2}')


@pytest.mark.parametrize("text", ["", "not json", "[1]", "null", '"x"'])
def test_what_is_no_recipe_is_shown_one(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"The file must .* as \{") as error:
        read_recipe(text)
    assert read_recipe("{" + str(error.value).rpartition(" as {")[2].removesuffix("."))
