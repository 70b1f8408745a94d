"""A row for each place in the package that raises one of its errors."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import autosuperconv

PACKAGE = Path(autosuperconv.__file__).parent
OTHERS = {"NoSecondDerivative", "PruneTraining", "StorageInternalError", "_first", "error"}
"""Besides Python's own: which no user is told, or which are turned into an error of the package."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message.

    Args:
        site: where it is raised: the file, the function, and the how-manieth raise there.
        trigger: brings it about.
        says: its advice, in its words; the rule, where that says what to write instead.
        follow: does what it says, and raises nothing.
        nothing: why there is nothing to follow here.
    """

    site: str
    trigger: Callable[[], object]
    says: str
    follow: Callable[[], object] | None = None
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A `raise`.

    Args:
        name: as in `Row.site`.
        file: its path.
        lines: the first and the last of the statement.
    """

    name: str
    file: Path
    lines: tuple[int, int]


def sites() -> Iterator[Site]:
    """Every `raise` of the package that a user may read."""
    for file in sorted(PACKAGE.rglob("*.py")):
        yield from _within(ast.parse(file.read_text()), file, "", {})


def _within(node: ast.AST, file: Path, function: str, counts: dict[str, int]) -> Iterator[Site]:
    for child in ast.iter_child_nodes(node):
        inner = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.Raise) and child.exc is not None and not _is_other(child.exc):
            counts[function] = counts.get(function, 0) + 1
            name = f"{file.relative_to(PACKAGE).as_posix()} {function} {counts[function]}"
            yield Site(name, file, (child.lineno, child.end_lineno or child.lineno))
        yield from _within(child, file, inner, counts)


def _is_other(raised: ast.expr) -> bool:
    named = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(named, ast.Name) and (named.id in OTHERS or named.id in vars(builtins))


def raised_at(error: BaseException) -> tuple[Path, int]:
    """File and line of the `raise` of an error."""
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return Path(trace.tb_frame.f_code.co_filename), trace.tb_lineno


def call(function: Callable[..., object], *args: Any, **kwargs: Any) -> Callable[[], object]:
    """The call, not yet made."""
    return partial(function, *args, **kwargs)
