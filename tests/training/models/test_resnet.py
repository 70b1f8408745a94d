"""Residual networks: sizes, shortcuts and first weights as in the papers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autosuperconv.errors import ModelError
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.resnet import BasicBlock
from tests.training.samples import parameters

IMAGE = (3, 32, 32)


# He et al. 2015, table 6, in millions
@pytest.mark.parametrize(
    ("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)]
)
def test_the_cifar_resnets_have_the_papers_size(depth: int, millions: float) -> None:
    digits = 1 if depth == 110 else 2
    assert round(parameters(f"resnet{depth}") / 1e6, digits) == millions


# Zagoruyko & Komodakis 2016, table 4 and 5, in millions
@pytest.mark.parametrize(
    ("name", "millions"),
    [("wrn-40-4", 8.9), ("wrn-16-8", 11.0), ("wrn-28-10", 36.5)],
)
def test_wide_resnets_have_the_papers_size(name: str, millions: float) -> None:
    assert parameters(name) / 1e6 == pytest.approx(millions, rel=0.01)


def test_the_shortcut_takes_every_second_pixel_and_pads_channels_with_zeros() -> None:

    x = torch.arange(2 * 4 * 4.0).view(1, 2, 4, 4)
    out = BasicBlock(2, 4).shortcut(x)
    assert out.shape == (1, 4, 2, 2)
    assert out[0, :, 0, 0].tolist() == [0.0, 0.0, 16.0, 0.0]
    assert out[0, 1].flatten().tolist() == [0.0, 2.0, 8.0, 10.0]


def test_weights_start_with_he_variance() -> None:
    torch.manual_seed(0)
    convolutions = [
        m for m in model_factory("resnet56", IMAGE, 10)().modules() if isinstance(m, nn.Conv2d)
    ]
    last = convolutions[-1].weight  # fan-in 64 x 9
    assert last.std().item() == pytest.approx((2 / 576) ** 0.5, rel=0.02)


@pytest.mark.parametrize("name", ["wrn-15-2", "wrn-4-1", "wrn-16-0"])
def test_impossible_wide_resnets_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match=rf"other 6n \+ 4.*but got {name}\."):
        model_factory(name, IMAGE, 10)()
