"""The factors in which a winner and a baseline are compared. Import these from `core.tradeoff`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autosuperconv.core import format as wording
from autosuperconv.core.recipe import Recipe
from autosuperconv.errors import UnknownName

FACTORS: dict[str, tuple[str, ...]] = {
    "batch_size": ("batch_size",),
    "dropout": ("dropout",),
    "label_smoothing": ("label_smoothing",),
    "max_lr": ("max_lr",),
    "momentum": ("max_momentum", "base_momentum"),
    "weight_decay": ("weight_decay",),
}

# The direction in which a change removes regularization: -1 a smaller value, +1 a larger one.
GIVES_WAY = {"batch_size": 1, "dropout": -1, "label_smoothing": -1, "weight_decay": -1}


def put_back(winner: Recipe, baseline: Recipe, factor: str) -> Recipe | None:
    """The winner with one factor at the baseline's value; None where they agree in it.

    Raises:
        UnknownName: no such factor.
    """
    changed = with_values(winner, baseline, [factor])
    return None if changed == winner else changed


def with_values(recipe: Recipe, source: Recipe, factors: Iterable[str]) -> Recipe:
    """A recipe with some factors at the values of another one.

    Raises:
        UnknownName: no such factor.
    """
    changes: dict[str, Any] = {}
    for factor in factors:
        if factor not in FACTORS:
            raise UnknownName("factor", factor, FACTORS)
        changes |= {name: getattr(source, name) for name in FACTORS[factor]}
    return replace(recipe, **changes)


def value_text(recipe: Recipe, factor: str) -> str:
    """A factor's value in a recipe, e.g. "2e-3" or "0.95 to 0.85"."""
    values = [wording.number(getattr(recipe, name)) for name in FACTORS[factor]]
    return values[0] if len(set(values)) == 1 else " to ".join(values)


def factor_name(factor: str) -> str:
    """A factor, or another recipe field, in words."""
    return factor if factor == "max_lr" else factor.replace("_", " ")
