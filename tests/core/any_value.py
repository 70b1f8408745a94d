"""Strategies for any dataclass of the core, made from the types of its fields."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from autosuperconv.core.curve import COLUMNS, Curve
from autosuperconv.core.options import SWEEPS, SearchOptions
from autosuperconv.core.recipe import OPTIMIZERS, Recipe
from autosuperconv.core.space import Choices, Range

MOST = 2  # entries of a tuple or a mapping

finite = st.floats(allow_nan=False, allow_infinity=False)
above_0 = st.floats(1e-9, 1e9)
below_1 = st.floats(0.0, 0.999)

recipes = st.builds(
    Recipe,
    max_lr=above_0,
    epochs=above_0,
    batch_size=st.integers(1, 4096),
    weight_decay=st.floats(0.0, 1.0),
    dropout=below_1,
    max_momentum=below_1,
    base_momentum=below_1,
    label_smoothing=below_1,
    optimizer=st.sampled_from(OPTIMIZERS),
    schedule=st.sampled_from(["1cycle", "cosine", "mine:f"]),
    seed=st.integers(0, 2**31),
    div_factor=above_0 | st.just(float("inf")),
    final_div_factor=above_0,
    pct_start=st.floats(0.0, 1.0),
    pct_tail=below_1,
    cycles=st.integers(1, 9),
    cycle_mult=st.integers(1, 9),
    gamma=above_0,
    milestones=st.lists(st.floats(0.01, 0.99), max_size=3, unique=True).map(sorted).map(tuple),
)

options = st.builds(
    SearchOptions,
    study_name=st.none() | st.text(max_size=8),
    out=st.none() | st.sampled_from([Path("out"), Path("/tmp/a folder/out")]),
    trials=st.integers(1, 999),
    timeout=st.none() | above_0,
    epochs=st.none() | st.sampled_from([(1.0, 4.0), (2.5, 2.5)]),
    target=st.none() | st.floats(0.01, 0.99),
    max_seeds=st.none() | st.integers(3, 9),
    space=st.sampled_from([{}, {"dropout": Range(0.0, 0.1), "batch_size": Choices((8, 16))}]),
    base=recipes,
    sweep=st.sampled_from(SWEEPS),
)


def curves_of(points: int) -> st.SearchStrategy[Curve]:
    """Curves of so many points; any column may be empty."""
    hints = get_type_hints(Curve)
    columns = {name: _column(get_args(hints[name])[0], points) for name in COLUMNS}
    return st.builds(Curve, **columns)


def _column(entry: Any, points: int) -> st.SearchStrategy[Any]:
    full = st.lists(any_value(entry), min_size=points, max_size=points).map(tuple)
    return st.just(()) | full


OWN: dict[type, st.SearchStrategy[Any]] = {
    Recipe: recipes,
    SearchOptions: options,
    Curve: st.integers(0, MOST).flatmap(lambda points: curves_of(points)),
    bool: st.booleans(),
    float: finite,
    int: st.integers(-(2**53), 2**53),
    str: st.text(max_size=8),
    type(None): st.none(),
}


def any_value(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it stands in an annotation: a dataclass, a tuple of floats, ..."""
    if kind in OWN:
        return OWN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in CONTAINERS:
        return CONTAINERS[origin](inner)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert is_dataclass(kind), f"no values are known for {kind}"
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: any_value(hints[f.name]) for f in fields(kind) if f.init})


def _any_tuple(inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if inner[-1] is Ellipsis:
        return st.lists(any_value(inner[0]), max_size=MOST).map(tuple)
    return st.tuples(*map(any_value, inner))


def _any_mapping(inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.dictionaries(any_value(inner[0]), any_value(inner[1]), max_size=MOST)


def _any_of(inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(*map(any_value, inner))


CONTAINERS: dict[Any, Callable[[tuple[Any, ...]], st.SearchStrategy[Any]]] = {
    Literal: st.sampled_from,
    Mapping: _any_mapping,
    Union: _any_of,
    dict: _any_mapping,
    tuple: _any_tuple,
    types.UnionType: _any_of,
}
