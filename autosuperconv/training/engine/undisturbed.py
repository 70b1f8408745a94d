"""Leave a network as it was: its buffers, its modes, and the state that its code keeps.

Training must not depend on how often it is watched. A forward pass in evaluation mode may draw
random numbers, write buffers, count its calls, or fill a queue; all of it is set back afterwards.
"""

from __future__ import annotations

import contextlib
import operator
from collections import deque
from collections.abc import Iterator, Set
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autosuperconv.training.engine.generators import (
    FOREIGN,
    LONGEST,
    Restore,
    is_generator,
    kept_state,
    package_of,
)
from autosuperconv.training.engine.isolation import own_state

LARGEST = 2**26  # bytes of a tensor that is copied; larger ones are tables, which nobody writes
# of a module: hooks, weights and children are its structure, which no evaluation changes
STRUCTURE = vars(nn.Module()).keys() - {"_buffers", "training"}


@contextlib.contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Afterwards: the model's state and all random states are as they were.

    Only state that the model's modules reach by attributes, containers and objects of the same
    package is known; its weights are not copied. `probe.jobs` notices where that is not enough.
    """
    state = Snapshot(model)
    with own_state():
        try:
            yield
        finally:
            state.restore()


class Snapshot:
    """The state of a network, each object restored in place, so that all references stay valid."""

    def __init__(self, model: nn.Module) -> None:
        self._seen: dict[int, object] = {}  # kept alive, so that no other object has its id
        self._restore: list[Restore] = []
        self._own = {package_of(module) for module in model.modules()} - FOREIGN
        for module in model.modules():  # a scripted module does not hold its mode in Python
            self._restore.append(partial(_set_mode, module, module.training))
        for buffer in model.buffers():  # batch norm writes its own without a new version
            self._seen[id(buffer)] = buffer
            if not _shares_memory_with_itself(buffer):
                self._restore.append(partial(_write, buffer, buffer.detach().clone(), None))
        self._waiting: list[object] = [*model.modules()]
        while self._waiting:
            found = self._waiting.pop()
            if id(found) not in self._seen:
                self._seen[id(found)] = found
                with contextlib.suppress(Exception):  # what cannot be copied is left as it is
                    self._keep(found)

    @torch.no_grad()
    def restore(self) -> None:
        """Set everything back."""
        for restored in self._restore:
            with contextlib.suppress(Exception):  # the next one may still be
                restored()

    def _keep(self, found: object) -> None:
        match found:
            case Tensor():
                self._keep_tensor(found)
            case np.ndarray():
                if found.flags.writeable and found.nbytes <= LARGEST:
                    self._restore.append(partial(np.copyto, found, found.copy()))
            case list() | deque() | set() | dict():
                self._keep_container(found)
            case tuple():
                self._waiting += found
            case nn.Module():
                self._keep_attributes(found, STRUCTURE)
            case _:
                if is_generator(found):
                    self._restore.append(kept_state(found))
                elif package_of(found) in self._own:
                    self._keep_attributes(found, frozenset())

    def _keep_tensor(self, found: Tensor) -> None:
        if not isinstance(found, nn.Parameter) and found.numel() <= LARGEST // 4:
            version = None if found.is_inference() else found._version
            self._restore.append(partial(_write, found, found.detach().clone(), version))

    def _keep_container(self, found: list[Any] | deque[Any] | set[Any] | dict[Any, Any]) -> None:
        if len(found) > LONGEST:
            return
        before = dict(found) if isinstance(found, dict) else list(found)
        self._waiting += before.values() if isinstance(before, dict) else before
        self._restore.append(partial(_refill, found, before))

    def _keep_attributes(self, found: object, besides: Set[str]) -> None:
        try:
            attributes = vars(found)
        except TypeError:  # it has none
            return
        before = {name: value for name, value in attributes.items() if name not in besides}
        self._waiting += before.values()
        self._restore.append(partial(_set_attributes, attributes, before, besides))


def _set_mode(module: nn.Module, training: bool) -> None:
    if module.training != training:
        module.training = training


def _shares_memory_with_itself(tensor: Tensor) -> bool:
    """Expanded: such a tensor cannot be written in place."""
    if tensor.layout != torch.strided:
        return False
    return any(n > 1 and s == 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True))


def _write(tensor: Tensor, before: Tensor, version: int | None) -> None:
    if version is not None and tensor._version == version:
        return
    if tensor.shape == before.shape:
        tensor.detach().copy_(before)
    else:
        tensor.data = before


def _refill(found: Any, before: list[Any] | dict[Any, Any]) -> None:
    if isinstance(before, dict):
        kept = len(found) == len(before) and all(found.get(k) is v for k, v in before.items())
    else:
        kept = len(found) == len(before) and all(map(operator.is_, found, before))
    if kept:
        return
    found.clear()
    if isinstance(found, list | deque):
        found.extend(before)
    else:
        found.update(before)


def _set_attributes(now: dict[str, Any], before: dict[str, Any], besides: Set[str]) -> None:
    for name in now.keys() - before.keys() - besides:
        del now[name]
    now.update(before)
