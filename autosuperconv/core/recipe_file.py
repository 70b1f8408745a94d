"""`recipe.json`: a recipe, and how the inputs of its network were normalised."""

from __future__ import annotations

import json

from autosuperconv.core.normalisation import Normalisation
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_dict, from_json, to_dict

INPUTS = "inputs"


def recipe_text(recipe: Recipe, inputs: Normalisation) -> str:
    """The file's text."""
    return json.dumps({**to_dict(recipe), INPUTS: to_dict(inputs)}, indent=2) + "\n"


def read_recipe(text: str) -> Recipe:
    """The recipe alone: the data at hand decide anew how inputs are normalised.

    Raises:
        InvalidInput: it is no JSON, or no recipe.
    """
    try:
        read = json.loads(text)
    except ValueError:
        return from_json(Recipe, text)  # says what is wrong
    if isinstance(read, dict):
        read.pop(INPUTS, None)
    return from_dict(Recipe, read)
