"""JSON round-trip of the core's dataclasses: strict JSON (no NaN), unknown fields refused.

JSON has no number that is not finite. What was measured and is none becomes null, and NaN when it
is read. A recipe is asked for, not measured: its one field that may be infinite, `div_factor`, is
the text "Infinity", which reads back as it was.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_unstructure_fn, override

from autosuperconv.core.recipe import Recipe
from autosuperconv.errors import InvalidInput, UnknownName

T = TypeVar("T")

INFINITY = "Infinity"


def _read_float(value: Any, _: type) -> float:
    if value is None:
        return math.nan
    return math.inf if value == INFINITY else float(value)


_converter = Converter(forbid_extra_keys=True)
_converter.register_unstructure_hook(float, lambda x: x if math.isfinite(x) else None)
_converter.register_structure_hook(float, _read_float)
_converter.register_unstructure_hook_func(lambda cls: cls is Path, Path.as_posix)
_converter.register_structure_hook(Path, lambda text, _: Path(text))
_converter.register_unstructure_hook(
    Recipe,
    make_dict_unstructure_fn(
        Recipe,
        _converter,
        div_factor=override(unstruct_hook=lambda x: INFINITY if x == math.inf else x),
    ),
)


def to_dict(value: object) -> Any:
    """A dataclass as nested dicts and lists; see above for floats that are not finite."""
    return _converter.unstructure(value)


def to_json(value: object, indent: int | None = None) -> str:
    """A dataclass as strict JSON text."""
    return json.dumps(to_dict(value), indent=indent, allow_nan=False)


def from_dict(cls: type[T], data: object) -> T:
    """The inverse of `to_dict`.

    Raises:
        InvalidInput: a field is missing, unknown or of the wrong type; the message names it.
    """
    if not isinstance(data, dict):
        raise InvalidInput(f"Not a {cls.__name__}: expected an object, but got {data!r:.60}.")
    known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    for name in data:
        if name not in known:
            raise UnknownName(f"{cls.__name__} field", name, known)
    try:
        return _converter.structure(data, cls)
    except BaseValidationError as error:
        wrong = error.split(InvalidInput)[0]
        if wrong is not None:
            raise _first(wrong) from None
        problems = "; ".join(transform_error(error, path=cls.__name__))
        raise InvalidInput(f"Not a {cls.__name__}: {problems}.") from None


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    """The first error in a group, at whatever depth."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def from_json(cls: type[T], text: str) -> T:
    """The inverse of `to_json`.

    Raises:
        InvalidInput: the text is not JSON, or not that of a `cls`.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"Not JSON: {error}.") from None
    return from_dict(cls, data)


def digest(value: object) -> str:
    """Sixteen hexadecimal digits that name a value: equal values, equal digests."""
    text = json.dumps(to_dict(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
