"""A factor's fields, its value in words, and what is no factor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.tradeoff import FACTORS, with_values
from autosuperconv.core.tradeoff.factors import NEVER, _factors, factor_value
from autosuperconv.errors import UnknownName

RECIPE = Recipe(max_lr=1.4, max_momentum=0.95, base_momentum=0.85, weight_decay=2e-3)


def test_every_field_of_a_recipe_is_in_one_factor_or_never_in_any() -> None:
    """Made anew here: mutants of what runs at import are not seen in the constant."""
    assert _factors() == FACTORS
    assert list(FACTORS) == sorted(FACTORS)
    inside = [name for names in FACTORS.values() for name in names]
    assert sorted([*inside, *NEVER]) == sorted(RECIPE_FIELDS)
    assert FACTORS["momentum"] == ("max_momentum", "base_momentum")
    assert FACTORS["dropout"] == ("dropout",)


def test_a_factor_of_two_values_is_written_as_a_range_and_of_equal_ones_once() -> None:
    assert factor_value(RECIPE, "momentum") == "0.95 to 0.85"
    assert factor_value(replace(RECIPE, base_momentum=0.95), "momentum") == "0.95"
    assert factor_value(RECIPE, "weight_decay") == "2e-3"


def test_an_unknown_factor_is_called_one() -> None:
    with pytest.raises(UnknownName, match="factor 'drop_out'"):
        with_values(RECIPE, RECIPE, ["drop_out"])


def test_a_factor_that_is_a_name_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTORS, "optimizer", ("optimizer",))
    assert factor_value(RECIPE, "optimizer") == "sgd"
