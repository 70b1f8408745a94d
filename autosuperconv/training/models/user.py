"""The caller's own network, named as "package.module:factory"."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from autosuperconv.errors import ModelError
from autosuperconv.importing import import_callable
from autosuperconv.training.data.task import Shape


def import_and_build(name: str, shape: Shape, classes: int) -> Callable[[], nn.Module]:
    """A picklable factory; wherever it is called, in another process too, it imports by name.

    Raises:
        ModelError: no such module or attribute, or it needs other arguments than none or
            (shape, classes).
    """
    arguments_of(import_callable("--model", name, ModelError), name, shape, classes)
    return partial(build, name, shape, classes)


def build(name: str, shape: Shape, classes: int) -> nn.Module:
    factory = import_callable("--model", name, ModelError)
    model: nn.Module = factory(*arguments_of(factory, name, shape, classes))
    return model


def arguments_of(
    factory: Callable[..., Any], name: str, shape: Shape, classes: int
) -> tuple[()] | tuple[Shape, int]:
    """What to call the factory with."""
    parameters = inspect.signature(factory).parameters.values()
    rest = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p for p in parameters if p.default is p.empty and p.kind not in rest]
    if len(needed) == 0:
        return ()
    if len(needed) == 2 and all(p.kind is not p.KEYWORD_ONLY for p in needed):
        return (shape, classes)
    names = ", ".join(p.name for p in needed)
    raise ModelError(
        f"--model {name} must be callable with no arguments or with (shape, classes), but needs "
        f"({names}). Give the others a default, or wrap it in a function."
    )
