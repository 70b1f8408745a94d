"""The house rules that a machine can check, read off the package's source text."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import autosuperconv

PACKAGE = Path(autosuperconv.__file__).parent
LONGEST_FILE = 300
LONGEST_FUNCTION = 50

# A command has the name of the function of the Python API that it calls.
SHARED_ON_PURPOSE = {"judge", "range_test", "search", "train"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> dict[str, ast.Module]:
    """Path below the package -> its syntax tree."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def functions() -> Iterator[tuple[str, Function]]:
    """Every function and method of the package, those inside of others included."""
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{path}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring and the decorators."""
    first = function.body[0]
    text = ast.get_docstring(function, clean=False)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if text is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def unannotated(function: Function) -> list[str]:
    """Arguments without a type (self and cls have none), and "return"."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    every = [*named, *(a for a in (given.vararg, given.kwarg) if a is not None)]
    missing = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
    return missing if function.returns is not None else [*missing, "return"]


def test_no_two_public_functions_or_classes_share_a_name() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for path, tree in modules().items():
        for node in tree.body:
            if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(path)
    shared = {name: sorted(paths) for name, paths in places.items() if len(paths) > 1}
    new = {n: p for n, p in shared.items() if n not in SHARED_ON_PURPOSE}
    assert new == {}


def test_no_file_is_too_long_to_be_read_in_one_go() -> None:
    lines = {str(p): len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert {path: n for path, n in lines.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {where: length(function) for where, function in functions()}
    assert len(lengths) > 500
    assert {where: n for where, n in lengths.items() if n > LONGEST_FUNCTION} == {}


def test_every_function_has_types_for_its_arguments_and_its_result() -> None:
    missing = {where: unannotated(function) for where, function in functions()}
    assert {where: names for where, names in missing.items() if names} == {}


def test_the_measures_used_here_see_what_they_are_to_see() -> None:
    text = 'def f(a, *b: int, c=1):\n    """One line,\n    and another."""\n\n    return a\n'
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert length(function) == 3
    assert unannotated(function) == ["a", "c", "return"]
