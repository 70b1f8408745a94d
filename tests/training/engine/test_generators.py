"""Random generators that a data set holds: found, seeded for a while, and left as they were."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, Subset

from autosuperconv.training.engine.generators import (
    LONGEST,
    generators_in,
    is_generator,
    kept_state,
    seeded,
)

MADE: dict[str, Any] = {
    "torch": lambda: torch.Generator().manual_seed(3),
    "older numpy": lambda: np.random.RandomState(3),
    "numpy": lambda: np.random.default_rng(3),
    "numpy, Philox": lambda: np.random.Generator(np.random.Philox(3)),
    "numpy, MT19937": lambda: np.random.Generator(np.random.MT19937(3)),
    "random": lambda: random.Random(3),
}


def drawn(generator: Any) -> float:
    if isinstance(generator, torch.Generator):
        return float(torch.rand((), generator=generator))
    if isinstance(generator, np.random.RandomState):
        return generator.random_sample()
    return float(generator.random())


@pytest.mark.parametrize("kind", MADE)
def test_a_seed_gives_the_same_numbers_and_nothing_is_taken_from_the_owner(kind: str) -> None:
    generator, untouched = MADE[kind](), MADE[kind]()
    drawn(generator)
    drawn(untouched)
    found = []
    for seed in (0, 0, 1, 2**31):
        with seeded([generator], seed):
            found.append(drawn(generator))
    assert found[0] == found[1]
    assert len(set(found)) == 3
    with suppress(OSError), seeded([generator], 0):
        drawn(generator)
        raise OSError("unreadable")
    assert drawn(generator) == drawn(untouched)


class Owner(Dataset[int]):
    """Holds generators in all the ways that data sets do."""

    def __init__(self) -> None:
        self.own = [make() for make in MADE.values()]
        self.rng, *rest = self.own
        self.transforms = (rest[0], {"a": rest[1], "b": [rest[2], Transform(rest[3])]})
        self.again = self.rng
        self.last, self.me = rest[4], self
        self.system, self.shared = random.SystemRandom(), np.random
        self.samples = [random.Random(0)] * (LONGEST + 1)


class Transform:
    """Of the caller's own package."""

    def __init__(self, rng: Any) -> None:
        self.rng = rng


def test_all_generators_of_a_data_set_are_found_once() -> None:
    owner = Owner()
    for data in (owner, Subset(owner, [0]), (owner, owner)):
        assert {id(found) for found in generators_in(data)} == set(map(id, owner.own))
        assert len(generators_in(data)) == len(owner.own)
    assert generators_in(np.zeros(3)) == []


def test_what_has_no_state_is_no_generator() -> None:
    assert not is_generator(random.SystemRandom())
    with pytest.raises(TypeError, match="ndarray is no random generator"):
        kept_state(np.zeros(3))
