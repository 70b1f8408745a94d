"""Dimensions of a single value: fixed in every run, not searched."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.format import listed, number
from autosuperconv.core.space import Dimension, Range, fixed_value
from autosuperconv.core.tradeoff import factor_name


def as_point(dimension: Dimension) -> Dimension:
    """A range of one value has no scale: 0 has no logarithm."""
    if isinstance(dimension, Range) and fixed_value(dimension) is not None:
        return replace(dimension, log=False)
    return dimension


def about_fixed(requested: dict[str, Dimension]) -> tuple[str, ...]:
    """What has a single value, in one sentence, and what a fixed learning rate means."""
    values = {name: fixed_value(d) for name, d in requested.items()}
    fixed = {n: v for n, v in values.items() if v is not None and n not in ("max_lr", "epochs")}
    notes = []
    if fixed:
        named = listed([f"{factor_name(name)} {number(v)}" for name, v in fixed.items()])
        notes.append(f"Fixed in every run, sweeps and baseline included: {named}.")
    if (lr := values.get("max_lr")) is not None:
        notes.append(
            f"max_lr is fixed at {number(lr)} for the cycles. The range test sweeps up to it, and "
            "the baseline's learning rate is tuned all the same."
        )
    return tuple(notes)
