import copy

import pytest
import torch
from torch import Tensor, nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.channels_last import keep_gradient_layout
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.resnet import every_second

LAST = torch.channels_last


def images() -> Tensor:
    return torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def layouts_seen(net: nn.Module) -> list[bool]:
    """Whether the gradient that reaches each ReLU is channels-last."""
    seen: list[bool] = []

    def look(module: nn.Module, inputs: object, output: Tensor) -> None:
        output.register_hook(lambda g: seen.append(g.is_contiguous(memory_format=LAST)))

    for layer in net.modules():
        if isinstance(layer, nn.ReLU):
            layer.register_forward_hook(look)
    net(images().contiguous(memory_format=LAST)).sum().backward()
    return seen


class Sliced(nn.Module):
    """A user's net whose slice and mean give contiguous gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        hidden: Tensor = self.relu(self.norm(self.conv(x)))
        return hidden[:, :, ::2, ::2].mean((2, 3))


def test_gradients_of_any_net_stay_channels_last() -> None:
    torch.manual_seed(0)
    net = Sliced().to(memory_format=LAST)
    assert layouts_seen(copy.deepcopy(net)) == [False]
    keep_gradient_layout(net)
    assert layouts_seen(net) == [True]


def test_kept_layouts_change_no_gradient() -> None:
    torch.manual_seed(0)
    plain = Sliced().to(memory_format=LAST)
    kept = copy.deepcopy(plain)
    keep_gradient_layout(kept)
    for net in (plain, kept):
        net(images().contiguous(memory_format=LAST)).square().sum().backward()
    for a, b in zip(plain.parameters(), kept.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


@pytest.mark.parametrize("layout", [torch.contiguous_format, LAST])
def test_every_second_pixel_and_its_gradient(layout: torch.memory_format) -> None:
    x = torch.arange(15.0).view(1, 1, 3, 5).repeat(1, 2, 1, 1).contiguous(memory_format=layout)
    x.requires_grad_()
    half = every_second(x)
    assert half[0, 1].tolist() == [[0, 2, 4], [10, 12, 14]]
    (half * half.detach()).sum().backward()
    assert x.grad is not None
    assert x.grad[0, 1].tolist() == [[0, 0, 2, 0, 4], [0, 0, 0, 0, 0], [10, 0, 12, 0, 14]]


def test_a_channels_last_step_learns_what_a_contiguous_one_does() -> None:
    x, y = torch.randn(4, 3, 8, 8), torch.arange(4)
    losses = []
    for layout in ("contiguous", "channels_last"):
        learner = Learner(
            Recipe(max_lr=0.1),
            model_factory("resnet8", (3, 8, 8), 10),
            Engine(memory_format=layout),  # type: ignore[arg-type]
        )
        learner.model.train()
        batch = x.contiguous(memory_format=LAST) if layout == "channels_last" else x
        losses.append([learner.step(batch, y, LrMomentum(0.1, 0.9))[0].item() for _ in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
