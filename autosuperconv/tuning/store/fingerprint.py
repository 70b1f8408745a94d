"""A search's fingerprint, compared with the one that a study stores, field by field.

The fingerprint holds whatever makes two searches the same: data, model, space, seed and so on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Fingerprint = Mapping[str, Any]
NOWHERE = (None, None, None)


def differences(stored: Fingerprint, requested: Fingerprint) -> list[str]:
    """One clause for each field that differs, e.g. "max_lr: stored 0.001:10 (log scale), requested
    1:3 (log scale)"; ranges and lists are written as on the command line."""
    before, now = places(stored), places(requested)
    clauses = []
    for name in sorted(before | now):
        pairs = zip(before.get(name, NOWHERE), now.get(name, NOWHERE), strict=True)
        differing = [(field_text(old), field_text(new)) for old, new in pairs if old != new]
        if differing:
            clauses.append("{}: stored {}, requested {}".format(name, *differing[0]))
    return clauses


def places(fingerprint: Fingerprint) -> dict[str, tuple[Any, ...]]:
    """Field -> its values at the top level, in the space and in the base recipe. A field may stand
    in several of them; the first in which two fingerprints differ explains the difference best."""
    plain = json.loads(json.dumps(fingerprint))  # tuples become lists, as in the storage
    base, space = plain.pop("base", {}), plain.pop("space", {})
    names = plain | space | base
    return {name: tuple(part.get(name) for part in (plain, space, base)) for name in names}


def field_text(value: Any) -> str:
    """A field's value in a few characters."""
    match value:
        case None:
            return "no value"
        case {"low": low, "high": high}:
            return f"{low:g}:{high:g}" + (" (log scale)" if value.get("log") else "")
        case {"values": values}:
            return ",".join(map(str, values))
        case [*parts]:
            return ":".join(map(str, parts))
    return str(value)
