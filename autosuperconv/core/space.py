"""`SearchSpace`: which recipe fields are searched, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.errors import InvalidSpace, UnknownName


@dataclass(frozen=True, slots=True)
class Range:
    """An interval of real numbers; `log` searches its logarithm."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """A few values, rising."""

    values: tuple[int, ...]


Dimension = Range | Choices

DEFAULT_SPACE: Mapping[str, Dimension] = {
    "batch_size": Choices((128, 256, 512)),  # for much data; smaller for less (`default_space`)
    "dropout": Range(0.0, 0.5),
    "epochs": Range(2.0, 10.0, log=True),  # for the planned baseline; scaled with its length
    "max_lr": Range(1e-3, 10.0, log=True),
    "weight_decay": Range(1e-6, 1e-2, log=True),
}
KINDS = {field.name: field.type for field in fields(Recipe)}  # by name: "float", "int", ...
ANY = Recipe(max_lr=1.0)


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Recipe field -> where it is searched.

    Raises:
        UnknownName: a key is no recipe field.
        InvalidSpace: a range is reversed, or not positive where its logarithm is searched; or the
            field is no number, or a range of a whole number.
        InvalidRecipe: a value of the space is out of the field's range.
    """

    dimensions: Mapping[str, Dimension]

    def __post_init__(self) -> None:
        for field, dimension in self.dimensions.items():
            if field not in RECIPE_FIELDS:
                raise UnknownName("recipe field", field, RECIPE_FIELDS)
            check_kind(field, dimension)
            if isinstance(dimension, Range):
                check_range(field, dimension)
            elif not dimension.values:
                raise InvalidSpace(f"The choices of {field} must not be empty.")
            for value in ends(dimension):
                replace(ANY, **{field: value})  # type: ignore[arg-type]

    def without(self, field: str) -> SearchSpace:
        """The space with one dimension less."""
        return replace(self, dimensions={k: v for k, v in self.dimensions.items() if k != field})


def default_space(n_train: int) -> dict[str, Dimension]:
    """What is searched by default with so much data: the largest batch is 4 sqrt(n_train), rounded
    to a power of two between 8 and the largest of `DEFAULT_SPACE`."""
    sizes = DEFAULT_SPACE["batch_size"].values  # type: ignore[union-attr]
    largest = min(sizes[-1], 2 ** max(3, round(math.log2(4 * math.sqrt(n_train)))))
    fitting = Choices(tuple(size * largest // sizes[-1] for size in sizes))
    return {**DEFAULT_SPACE, "batch_size": fitting}


def ends(dimension: Dimension) -> tuple[float, float] | tuple[int, ...]:
    """The values that decide whether all of a dimension is allowed."""
    return (dimension.low, dimension.high) if isinstance(dimension, Range) else dimension.values


def fixed_value(dimension: Dimension) -> float | None:
    """The only value of a dimension; None where there are more."""
    values = ends(dimension)
    return values[0] if values[0] == values[-1] else None


def check_kind(field: str, dimension: Dimension) -> None:
    """Numbers have ranges, whole numbers have choices, and nothing else can be searched.

    Raises:
        InvalidSpace: with the field and what it takes.
    """
    kind = KINDS[field] if field != "seed" else ""
    if kind not in ("float", "int"):
        raise InvalidSpace(f"{field} cannot be searched. Set it in SearchOptions.base.")
    expected = Range if kind == "float" else Choices
    if not isinstance(dimension, expected):
        raise InvalidSpace(
            f"The dimension {field} must be given as {expected.__name__}, but got {dimension!r}."
        )


def check_range(field: str, range_: Range) -> None:
    """Refuse a reversed range, or one that is not positive where it must be.

    Raises:
        InvalidSpace: with the field, the rule and the values.
    """
    values = f"got {range_.low:g}:{range_.high:g}"
    if range_.low > range_.high:
        raise InvalidSpace(f"The range of {field} must be LOW:HIGH with LOW <= HIGH, but {values}.")
    if range_.log and range_.low <= 0 and range_.low != range_.high:
        remedy = f"Begin above 0, as in {range_.high / 1e5:g}:{range_.high:g}"
        if field != "max_lr":
            remedy += ", or give 0 alone to fix it there"
        raise InvalidSpace(
            f"The range of {field} must be above 0, because its logarithm is searched, but "
            f"{values}. {remedy}."
        )
    if range_.low < 0:
        raise InvalidSpace(f"The range of {field} must not be negative, but {values}.")


def share_of(dimension: Dimension, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where values lie in a dimension, its lower end at 0 and its upper one at 1."""
    low, high = ends(dimension)[0], ends(dimension)[-1]
    if low == high:
        return np.zeros(len(values))
    if dimension.log if isinstance(dimension, Range) else low > 0:
        return np.asarray(np.log(values / low) / math.log(high / low))
    return np.asarray((values - low) / (high - low))


def value_at(dimension: Dimension, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values at shares in [0, 1] of a dimension; choices have equal parts of it."""
    if isinstance(dimension, Choices):
        last = len(dimension.values) - 1
        index = np.minimum((shares * (last + 1)).astype(int), last)
        return np.asarray(np.array(dimension.values, dtype=float)[index])
    low, high = dimension.low, dimension.high
    if dimension.log:
        return np.clip(low * np.exp(shares * math.log(high / low)), low, high)
    return np.clip(low + shares * (high - low), low, high)
