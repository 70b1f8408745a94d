"""The caller's own network, named as "package.module:factory"."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from autosuperconv.errors import AutosuperconvError, ModelError
from autosuperconv.importing import import_callable
from autosuperconv.training.data.task import Shape
from autosuperconv.training.models.check import required

TWO = (
    "A function with two arguments gets the shape of a sample and the number of classes; if these "
    "are not what it takes, write one that needs no arguments."
)


def import_and_build(name: str, shape: Shape, classes: int) -> Callable[[], nn.Module]:
    """A picklable factory; wherever it is called, in another process too, it imports by name.

    Raises:
        ModelError: no such module or attribute, or it needs other arguments than none or
            (shape, classes).
    """
    found = import_callable("--model", name, ModelError)
    if isinstance(found, nn.Module):
        module, _, attribute = name.partition(":")
        make = f"make_{attribute.replace('.', '_')}"
        raise ModelError(
            f"--model {name} is a network, {type(found).__name__}, not a function that builds one. "
            f"Add `import copy` and `def {make}(): return copy.deepcopy({attribute})` to {module}, "
            f"and give --model {module}:{make}."
        )
    arguments_of(found, name, shape, classes)
    return partial(build, name, shape, classes)


def build(name: str, shape: Shape, classes: int) -> nn.Module:
    """The network; an error says what the function was called with."""
    factory = import_callable("--model", name, ModelError)
    arguments = arguments_of(factory, name, shape, classes)
    try:
        model: nn.Module = factory(*arguments)
    except AutosuperconvError:
        raise
    except Exception as error:
        called = f"{shape}, {classes}" if arguments else ""
        raise ModelError(
            f"--model {name} cannot build a network: it was called as {name.partition(':')[2]}"
            f"({called}), which raised {type(error).__name__}: {str(error).rstrip('.')}. "
            + (TWO if arguments else "Call it in Python to see where.")
        ) from error
    return model


def arguments_of(
    factory: Callable[..., Any], name: str, shape: Shape, classes: int
) -> tuple[()] | tuple[Shape, int]:
    """What to call the factory with."""
    needed = required(factory)
    if len(needed) == 0:
        return ()
    if len(needed) == 2 and by_position(factory):
        return (shape, classes)
    module, _, attribute = name.partition(":")
    raise ModelError(
        f"--model {name} must be callable with no arguments or with (shape, classes), but needs "
        f"({', '.join(needed)}). Add a function that gives them to {module}, such as "
        f"`def make(shape, classes): return {attribute}(...)`, and give --model {module}:make."
    )


def by_position(factory: Callable[..., Any]) -> bool:
    """Whether two arguments can be given without their names."""
    try:
        inspect.signature(factory).bind(None, None)
    except TypeError:
        return False
    return True
