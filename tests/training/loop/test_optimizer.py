"""Each optimizer by name, with the learning rate and momentum of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autosuperconv.core.recipe import OPTIMIZERS, Recipe
from autosuperconv.core.schedule import LrMomentum, tabulate
from autosuperconv.core.trace import Job
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.optimizer import BUILDERS, make_optimizer, set_lr_momentum
from autosuperconv.training.loop.step import Learner
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


class Skipping(nn.Module):
    """Leaves out its first layer in the first step, as layer drop may."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.steps = nn.Linear(4, 4), nn.Linear(4, 2), 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        out: Tensor = self.b(x if self.steps == 1 else self.a(x))
        return out


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam", "adamw"])
def test_a_layer_may_be_left_out_in_some_steps(optimizer: str) -> None:
    learner = Learner(Recipe(max_lr=0.1, optimizer=optimizer), Skipping, Engine())
    x, y = torch.ones(6, 4), torch.arange(6) % 2
    losses = [learner.step(x, y, LrMomentum(0.1, 0.9))[0].item() for _ in range(3)]
    assert losses[2] < losses[1]


def test_momentum_begins_with_the_first_gradient() -> None:
    # two steps of 0.1 * g with momentum 0.5: after the first 0.1 g, after the second 0.1 * 1.5 g
    weight = nn.Parameter(torch.tensor([1.0]))
    model = nn.Module()
    model.register_parameter("w", weight)
    optimizer = make_optimizer(Recipe(max_lr=0.1, max_momentum=0.5, weight_decay=0.0), model)
    set_lr_momentum(optimizer, LrMomentum(0.1, 0.5))
    seen = []
    for _ in range(2):
        weight.grad = torch.ones(1)
        optimizer.step()
        seen.append(weight.item())
    assert seen == pytest.approx([0.9, 0.75])
