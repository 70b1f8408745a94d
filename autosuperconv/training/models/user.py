"""The caller's own network, named as "package.module:factory"."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from autosuperconv.errors import ModelError
from autosuperconv.training.data.task import Shape


def import_and_build(spec: str, shape: Shape, classes: int) -> Callable[[], nn.Module]:
    """A picklable factory; it imports again where it is called, in another process say.

    Raises:
        ModelError: no such module or attribute, or it needs other arguments than none or
            (shape, classes).
    """
    arguments_of(import_factory(spec), spec, shape, classes)
    return partial(build, spec, shape, classes)


def build(spec: str, shape: Shape, classes: int) -> nn.Module:
    factory = import_factory(spec)
    model: nn.Module = factory(*arguments_of(factory, spec, shape, classes))
    return model


def import_factory(spec: str) -> Callable[..., Any]:
    module_name, _, attribute = spec.partition(":")
    if not module_name or not attribute:
        raise ModelError(f"model must be written package.module:factory, but got {spec!r}.")
    module = _import_module(module_name, spec)
    found: Any = module
    for name in attribute.split("."):
        found = getattr(found, name, None)
    if not callable(found):
        what = "has no attribute" if found is None else "has, but cannot call,"
        raise ModelError(f"model {spec!r}: module {module_name!r} {what} {attribute!r}.")
    factory: Callable[..., Any] = found
    return factory


def _import_module(name: str, spec: str) -> Any:
    """The current folder counts, as with `python -m`; an installed command leaves it out."""
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise ModelError(
                f"model {spec!r}: there is no module {error.name!r}. It must be installed, or lie "
                f"in the current folder, {os.getcwd()}."
            ) from error
        raise ModelError(f"model {spec!r}: importing {name!r} failed: {error}.") from error
    except Exception as error:
        raise ModelError(
            f"model {spec!r}: importing {name!r} failed: {type(error).__name__}: {error}."
        ) from error


def arguments_of(
    factory: Callable[..., Any], spec: str, shape: Shape, classes: int
) -> tuple[()] | tuple[Shape, int]:
    """What to call the factory with."""
    needed = _needed(factory)
    if len(needed) == 0:
        return ()
    if len(needed) == 2 and all(p.kind is not p.KEYWORD_ONLY for p in needed):
        return (shape, classes)
    names = ", ".join(p.name for p in needed)
    raise ModelError(
        f"model {spec!r} must be callable with no arguments or with (shape, classes), but needs "
        f"({names})."
    )


def _needed(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    return [
        p
        for p in inspect.signature(factory).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
