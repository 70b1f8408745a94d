"""LeNet and the perceptron."""

from __future__ import annotations

import pytest

from autosuperconv.errors import ModelError
from autosuperconv.training.models import model_factory
from tests.training.samples import parameters


def test_lenet_on_mnist_has_caffes_size() -> None:
    by_hand = (25 * 20 + 20) + (20 * 25 * 50 + 50) + (800 * 500 + 500) + (500 * 10 + 10)
    assert parameters("lenet", (1, 28, 28)) == by_hand == 431_080


def test_the_perceptron_has_two_hidden_layers_of_256() -> None:
    assert parameters("mlp", (12,), 3) == (12 * 256 + 256) + (256 * 256 + 256) + (256 * 3 + 3)


def test_lenet_refuses_tiny_images_and_torchvision_five_channels() -> None:
    with pytest.raises(ModelError, match="at least 8 x 8, but got 7 x 9"):
        model_factory("lenet", (1, 7, 9), 3)()
    with pytest.raises(ModelError, match="1 or 3 channels, but got 5"):
        model_factory("resnet18", (5, 32, 32), 3)()
