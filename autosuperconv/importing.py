"""What a user names as `package.module:attribute`, imported."""

from __future__ import annotations

import inspect
import os
import pkgutil
import sys
from collections.abc import Callable
from typing import Any

from autosuperconv.errors import InvalidInput, nearest_names

MOST_NAMED = 10  # functions in one sentence


def import_callable(
    option: str, name: str, refused: type[InvalidInput] = InvalidInput
) -> Callable[..., Any]:
    """The function or class that the user has named, imported.

    The current folder is searched too, as with `python -m`. A worker process that imports the
    same name finds the same function.

    Args:
        option: the command-line option that takes the name, such as "--model"; for the messages.
        name: written package.module:attribute.
        refused: the class of the error.

    Raises:
        InvalidInput: the name is not written so, the module or the attribute does not exist, the
            module cannot be imported, or the attribute cannot be called.
    """
    module, _, attribute = name.partition(":")
    if not (_is_dotted(module) and _is_dotted(attribute)) or module.endswith(".py"):
        raise refused(
            f"{option} takes a name of yours written package.module:function, but got {name!r}. "
            f"{_rewritten(module, attribute)}"
        )
    if problem := _import_problem(module):
        raise refused(f"{option} {name}: {problem}")
    try:
        found = pkgutil.resolve_name(name)
    except AttributeError as error:
        raise refused(
            f"{option} {name}: module {module!r} has no {attribute!r}. "
            f"{_offered(module, attribute)}"
        ) from error
    if not callable(found):
        raise refused(
            f"{option} {name} must be a function or a class, but {attribute!r} is of type "
            f"{type(found).__name__}. {_offered(module, attribute)}"
        )
    function: Callable[..., Any] = found
    return function


def _rewritten(module: str, attribute: str) -> str:
    """A path, `.py` and parentheses as the name that is meant."""
    path = module.replace("\\", "/").removesuffix(".py").removeprefix("./")
    called = attribute.partition("(")[0]
    if _is_dotted(path.replace("/", ".")) and _is_dotted(called):
        return f"Write {path.replace('/', '.')}:{called}."
    return "Write the module's name with dots, a colon, and the function's name."


def _offered(module: str, attribute: str) -> str:
    """The functions and classes of a module that could be meant."""
    own = pkgutil.resolve_name(f"{module}:")
    names = [
        name
        for name, value in vars(own).items()
        if inspect.isroutine(value) or inspect.isclass(value)
        if value.__module__ == own.__name__
    ]
    if near := nearest_names(attribute, names):
        return f"Did you mean {module}:{near[0]}?"
    if names:
        return f"It defines {', '.join(sorted(names)[:MOST_NAMED])}."
    return f"It defines no function; add one, `def make(...): ...`, and give {module}:make."


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _import_problem(module: str) -> str:
    """Import the module; what went wrong and what to do about it, or ""."""
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:  # an installed command leaves it out
        sys.path.append(here)
    try:
        pkgutil.resolve_name(f"{module}:")
    except Exception as error:  # the module is the user's: importing it can raise anything
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module}.".startswith(f"{missing}."):  # or a package around it
            return (
                f"there is no module {missing!r}. Install it, or change to the folder that "
                f"holds it; the current folder is {here}."
            )
        return (
            f"importing module {module!r} failed with {type(error).__name__}: {error}. Run "
            f"`python -c 'import {module}'` to see where."
        )
    return ""
