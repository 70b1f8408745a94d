"""The factors in which a winner and a baseline are compared. Import these from `core.tradeoff`.

Every recipe field is a factor, so a new search dimension is ablated without being listed here.
What is never one is in `NEVER`: a comparison keeps the winner's value of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from autosuperconv.core import format as fmt
from autosuperconv.core.recipe import Recipe
from autosuperconv.errors import UnknownName

JOINT = "+"  # between factors that are changed together, in their name

NEVER: dict[str, str] = {
    "cycle_mult": "only the schedule reads it",
    "cycles": "only the schedule reads it",
    "div_factor": "only the schedule reads it",
    "epochs": "the comparison is at the winner's length",
    "final_div_factor": "only the schedule reads it",
    "gamma": "only the schedule reads it",
    "milestones": "only the schedule reads it",
    "optimizer": "a learning rate of one optimizer says nothing of another's",
    "pct_start": "only the schedule reads it",
    "pct_tail": "only the schedule reads it",
    "schedule": "the comparison is under the winner's schedule",
    "seed": "runs are paired by it",
}
"""Fields that are no factor, and why."""


def _factors() -> dict[str, tuple[str, ...]]:
    """Factor -> its fields, in alphabetical order; fields that name the same factor are one."""
    found: dict[str, tuple[str, ...]] = {}
    for field in fields(Recipe):
        if field.name not in NEVER:
            name = field.metadata.get("factor", field.name)
            found[name] = (*found.get(name, ()), field.name)
    return dict(sorted(found.items()))


FACTORS = _factors()
DIRECTIONS: dict[str, int] = {
    field.name: field.metadata.get("weaker", 0) for field in fields(Recipe)
}
"""Field -> the direction in which a change removes regularization; 0: it is none, or not known."""


def revert(winner: Recipe, baseline: Recipe, factor: str) -> Recipe | None:
    """The winner with one factor at the baseline's value; None where they agree in it.

    Raises:
        UnknownName: no such factor.
    """
    changed = with_values(winner, baseline, [factor])
    return None if changed == winner else changed


def changed_factors(winner: Recipe, baseline: Recipe) -> tuple[str, ...]:
    """The factors in which the two differ."""
    return tuple(factor for factor in FACTORS if revert(winner, baseline, factor) is not None)


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


def gave_way(winner: Recipe, baseline: Recipe, factor: str) -> bool:
    """Whether the change from baseline to winner removed regularization; a factor of several
    fields counts by the last of them."""
    name = FACTORS[factor][-1]
    direction = DIRECTIONS[name]
    if direction == 0:
        return False
    return bool((getattr(winner, name) - getattr(baseline, name)) * direction > 0)


def factor_value(recipe: Recipe, factor: str) -> str:
    """A factor's value in a recipe, e.g. "2e-3" or "0.95 to 0.85"."""
    found = (getattr(recipe, name) for name in FACTORS[factor])
    values = [value if isinstance(value, str) else fmt.number(value) for value in found]
    return values[0] if len(set(values)) == 1 else " to ".join(values)


def factor_name(factor: str) -> str:
    """A factor, several that are changed together, or another recipe field, in words."""
    names = factor.split(JOINT)
    return f" {JOINT} ".join(n if n == "max_lr" else n.replace("_", " ") for n in names)
