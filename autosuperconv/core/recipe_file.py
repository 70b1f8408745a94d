"""`recipe.json`: a recipe, what was shown of it, and how its network's inputs were normalised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from autosuperconv.core.normalisation import Normalisation
from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.serialization import INFINITY, from_dict, to_dict
from autosuperconv.errors import InvalidInput, InvalidRecipe, UnknownName

INPUTS, LABEL = "inputs", "label"
KINDS: Mapping[str, str] = {
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "tuple[float, ...]": "a list of numbers",
}
"""What a field's value must be, by its type."""
EXAMPLE_LR = 0.1
RECIPE_FILE = "recipe.json"
"""Of the recommended recipe."""


def recipe_file(role: str) -> str:
    """E.g. "recipe-baseline.json", "recipe-candidate-5.json"."""
    return f"recipe-{role.replace(':', '-')}.json"


def recipe_text(recipe: Recipe, inputs: Normalisation, label: str = "") -> str:
    """The file's text.

    Args:
        recipe: to write.
        inputs: how they were normalised where it was measured.
        label: what it is and what was shown of it, for the reader; left out where it is empty.
    """
    about = {LABEL: label} if label else {}
    return json.dumps({**about, **to_dict(recipe), INPUTS: to_dict(inputs)}, indent=2) + "\n"


def read_recipe(text: str) -> Recipe:
    """The recipe alone: the data at hand decide anew how inputs are normalised.

    Raises:
        InvalidInput: it is no JSON, or no recipe.
    """
    try:
        read = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"The file must be JSON, but line {error.lineno}, column {error.colno} is not: "
            f'{error.msg}. Write a recipe as {{"max_lr": 0.1, "epochs": 10}}.'
        ) from None
    if not isinstance(read, dict):
        raise InvalidInput(
            f"The file must hold one object with the fields of a recipe, but got {read!r:.60}. "
            'Write it as {"max_lr": 0.1, "epochs": 10}.'
        )
    for said in (INPUTS, LABEL):
        read.pop(said, None)
    check_fields(read)
    return from_dict(Recipe, read)


def check_fields(read: Mapping[str, Any]) -> None:
    """Refuse what is no field, what is missing, and values of another type: none is converted.

    Raises:
        UnknownName: no such field.
        InvalidRecipe: with the field, its type and a value that would do.
    """
    for name in read:
        if name not in RECIPE_FIELDS:
            raise UnknownName("recipe field", name, RECIPE_FIELDS)
    for field in fields(Recipe):
        example = EXAMPLE_LR if field.default is MISSING else field.default
        remedy = f'"{field.name}": {json.dumps(example)}'
        if field.name not in read:
            if field.default is MISSING:
                raise InvalidRecipe(f"Recipe.{field.name} must be given. Add it, as in {remedy}.")
            continue
        value = read[field.name]
        infinite = field.name == "div_factor" and value == INFINITY
        if not (infinite or is_of(value, str(field.type))):
            raise InvalidRecipe(
                f"Recipe.{field.name} must be {KINDS[str(field.type)]}, but got "
                f"{json.dumps(value):.60}. "
                f"Write it as in {remedy}."
            )


def is_of(value: object, kind: str) -> bool:
    """Whether a value read from JSON has the type of a field, nothing lost by it."""
    match kind:
        case "int":
            return is_number(value) and float(value).is_integer()  # type: ignore[arg-type]
        case "float":
            return is_number(value)
        case "str":
            return isinstance(value, str)
    return isinstance(value, list) and all(map(is_number, value))


def is_number(value: object) -> bool:
    """True and false are none, though Python counts with them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each of its fields given once."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"Each field must be given once, but {name!r} is twice. Remove one.")
    return dict(pairs)
