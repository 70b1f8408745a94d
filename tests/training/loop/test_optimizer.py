"""Each optimizer by name, with the learning rate and momentum of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autosuperconv.core.recipe import OPTIMIZERS
from autosuperconv.core.schedule import tabulate
from autosuperconv.core.trace import Job
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.loop.optimizer import BUILDERS
from tests.training.loop.runs import SHORT, digits_trainer


class Spy:
    """Keeps rate and momentum as the optimizer has them at each update."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.momenta: list[float] = []
        self.made: list[torch.optim.Optimizer] = []

    def __call__(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        group = optimizer.param_groups[0]
        self.made.append(optimizer)
        self.rates.append(float(group["lr"]))
        self.momenta.append(float(group["betas"][0] if "betas" in group else group["momentum"]))


@pytest.fixture
def spy() -> Iterator[Spy]:
    watching = Spy()
    hook = register_optimizer_step_pre_hook(watching)
    yield watching
    hook.remove()


def test_every_optimizer_that_a_recipe_may_name_can_be_built() -> None:
    assert tuple(BUILDERS) == OPTIMIZERS


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_step_has_the_rate_and_momentum_of_the_table(
    optimizer: str, digits: TaskData, spy: Spy
) -> None:
    recipe = replace(SHORT, optimizer=optimizer, max_lr=0.01)
    trace = digits_trainer(digits)(Job(recipe))
    table = tabulate(recipe, trace.steps)
    assert spy.rates == pytest.approx([rate.lr for rate in table])
    assert spy.momenta == pytest.approx([rate.momentum for rate in table])
    shown = [table[step - 1] for step in trace.curve.step]
    assert list(trace.curve.lr) == [rate.lr for rate in shown]
    assert list(trace.curve.momentum) == [rate.momentum for rate in shown]


@pytest.mark.parametrize(
    ("optimizer", "kind", "nesterov"),
    [
        ("sgd", torch.optim.SGD, False),
        ("nesterov", torch.optim.SGD, True),
        ("adam", torch.optim.Adam, None),
        ("adamw", torch.optim.AdamW, None),
    ],
)
def test_each_optimizer_is_the_one_that_was_named(
    optimizer: str,
    kind: type,
    nesterov: bool | None,
    digits: TaskData,
    spy: Spy,
) -> None:
    recipe = replace(SHORT, optimizer=optimizer, max_lr=0.01, weight_decay=0.02, epochs=0.2)
    digits_trainer(digits)(Job(recipe))
    assert type(spy.made[0]) is kind
    group = spy.made[0].param_groups[0]
    assert group["weight_decay"] == 0.02
    assert group.get("nesterov") == nesterov


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns(optimizer: str, digits: TaskData) -> None:
    rate = 0.01 if optimizer.startswith("adam") else 0.3
    trace = digits_trainer(digits)(
        Job(replace(SHORT, optimizer=optimizer, max_lr=rate, epochs=4.0))
    )
    assert trace.completed
    assert trace.accuracy is not None
    assert trace.accuracy > 0.85
