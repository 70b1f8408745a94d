"""torchvision's networks by their names."""

from __future__ import annotations

import re

import pytest

from autosuperconv.errors import ModelError
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.check import check_model
from tests.training.samples import images, parameters

IMAGE = (3, 32, 32)


def test_torchvision_networks_come_by_name_and_take_gray_images() -> None:
    data = images(1, 64, 64)
    check_model(model_factory("mobilenet_v3_small", data.shape, data.classes), data)


def test_torchvision_networks_with_auxiliary_outputs_return_one_tensor() -> None:
    data = images(3, 32, 32)
    check_model(model_factory("googlenet", data.shape, data.classes), data)


def test_a_vision_transformer_is_made_for_the_images_at_hand() -> None:
    assert parameters("vit_b_16", IMAGE) > 80e6
    with pytest.raises(ModelError, match="multiple of 16 pixels, but got 8 x 8"):
        model_factory("vit_b_16", (1, 8, 8), 10)()


def test_a_torchvision_network_unfit_for_small_images_says_so() -> None:
    data = images(1, 8, 8)
    with pytest.raises(ModelError, match=r"shape \(1, 8, 8\): RuntimeError.* too small.*resnet20"):
        check_model(model_factory("alexnet", data.shape, data.classes), data)


def test_the_size_that_a_vision_transformer_asks_for_is_one_that_it_takes() -> None:
    with pytest.raises(ModelError) as refusal:
        model_factory("vit_b_16", (3, 71, 71), 10)()
    found = re.search(r"--image-size (\d+)\.", str(refusal.value))
    assert found is not None
    assert found[1] == "64"
    assert parameters("vit_b_16", (3, int(found[1]), int(found[1]))) > 80e6
