"""Random generators that belong to an object, beside the global ones."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from torch.utils.data import Dataset

LONGEST = 10_000  # items of a container that is looked through; longer ones are data
FOREIGN = {*sys.stdlib_module_names, "torch", "numpy"}  # whose objects are left alone
Restore: TypeAlias = Callable[[], object]
Drawn: TypeAlias = torch.Generator | np.random.RandomState | np.random.Generator | random.Random


def package_of(found: object) -> str:
    """Where an object's class comes from."""
    return type(found).__module__.partition(".")[0]


def is_generator(found: object) -> bool:
    """Whether it is a random generator whose state can be read and set."""
    kinds = (torch.Generator, np.random.RandomState, np.random.Generator, random.Random)
    return isinstance(found, kinds) and not isinstance(found, random.SystemRandom)


def generators_in(data: object) -> list[Drawn]:
    """The random generators that a data set and its transforms hold."""
    seen: dict[int, object] = {}
    waiting, held = [data], []
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen[id(found)] = found
        if is_generator(found):
            held.append(found)
        elif isinstance(found, list | tuple | dict):
            if len(found) <= LONGEST:
                waiting += found.values() if isinstance(found, dict) else found
        elif isinstance(found, Dataset) or package_of(found) not in FOREIGN:
            with contextlib.suppress(TypeError):  # it has no attributes
                waiting += vars(found).values()
    return held  # type: ignore[return-value]  # by `is_generator`


def kept_state(generator: object) -> Restore:
    """A function that sets a random generator back to what it is now."""
    match generator:
        case torch.Generator():
            return partial(generator.set_state, generator.get_state())
        case np.random.RandomState():
            return partial(generator.set_state, generator.get_state(legacy=True))
        case np.random.Generator():
            bits = generator.bit_generator
            return partial(setattr, bits, "state", bits.state)
        case random.Random():
            return partial(generator.setstate, generator.getstate())
    raise TypeError(f"{type(generator).__name__} is no random generator")


def seed_generator(generator: Drawn, seed: int) -> None:
    """Start a random generator anew."""
    match generator:
        case torch.Generator():
            generator.manual_seed(seed)
        case np.random.RandomState():
            generator.seed(seed % 2**32)
        case np.random.Generator():
            bits = generator.bit_generator
            bits.state = type(bits)(seed).state
        case random.Random():
            generator.seed(seed)


@contextlib.contextmanager
def seeded(generators: Sequence[Drawn], seed: int) -> Iterator[None]:
    """Inside: each generator starts from a seed of its own. Afterwards: as they were."""
    restore = [kept_state(generator) for generator in generators]
    try:
        for number, generator in enumerate(generators, 1):
            seed_generator(generator, seed + number)
        yield
    finally:
        for restored in restore:
            restored()
