"""What a search asks, compared with what a stored study was asked, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

NOWHERE = (None, None, None)


def differences(stored: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """One clause for each field that differs, e.g. "max_lr: 0.001:10 (log scale) there, 1:3 (log
    scale) here"; ranges and lists are written as on the command line."""
    there, here = places(stored), places(asked)
    clauses = []
    for name in sorted(there | here):
        pairs = zip(there.get(name, NOWHERE), here.get(name, NOWHERE), strict=True)
        differing = [(said(old), said(new)) for old, new in pairs if old != new]
        if differing:
            clauses.append("{}: {} there, {} here".format(name, *differing[0]))
    return clauses


def places(question: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Field -> its value as it was asked for, in the space and in the base: the first of them that
    differs tells best what was asked otherwise."""
    plain = json.loads(json.dumps(question))  # tuples become lists, as in the storage
    base, space = plain.pop("base", {}), plain.pop("space", {})
    names = plain | space | base
    return {name: tuple(part.get(name) for part in (plain, space, base)) for name in names}


def said(value: Any) -> str:
    """A field's value in a few characters."""
    match value:
        case None:
            return "not given"
        case {"low": low, "high": high}:
            return f"{low:g}:{high:g}" + (" (log scale)" if value.get("log") else "")
        case {"values": values}:
            return ",".join(map(str, values))
        case [*parts]:
            return ":".join(map(str, parts))
    return str(value)
