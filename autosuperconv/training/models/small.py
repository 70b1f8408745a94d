"""Two small networks: LeNet for images, a perceptron for anything."""

from __future__ import annotations

import math

from torch import nn

from autosuperconv.errors import ModelError
from autosuperconv.training.data.task import Shape
from autosuperconv.training.models.resnet import channels_of

HIDDEN = 256
UNPADDED_SIDE = 16  # below it, two unpadded 5x5 convolutions and two poolings leave no pixel


def build_lenet(shape: Shape, classes: int) -> nn.Module:
    """LeNet as in Caffe's MNIST example: 20 and 50 5x5 filters, then 500 units.

    431,080 parameters on 28 x 28 with 10 classes. Images under 16 pixels are padded. Dropout,
    off by default, before the last layer.

    Raises:
        ModelError: the samples are not images, or are under 8 pixels a side.
    """
    channels = channels_of(shape)
    if min(shape[1:]) < 8:
        raise ModelError(
            f"lenet needs images of at least 8 x 8, but got {shape[1]} x {shape[2]}. Use mlp."
        )
    pad = 0 if min(shape[1:]) >= UNPADDED_SIDE else 2
    height, width = (_after_pools(side, pad) for side in shape[1:])
    return nn.Sequential(
        nn.Conv2d(channels, 20, 5, padding=pad),
        nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5, padding=pad),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(50 * height * width, 500),
        nn.ReLU(inplace=True),
        nn.Dropout(0.0),
        nn.Linear(500, classes),
    )


def _after_pools(side: int, pad: int) -> int:
    for _ in range(2):
        side = (side - 4 + 2 * pad) // 2
    return side


def build_mlp(shape: Shape, classes: int) -> nn.Module:
    """Two hidden layers of 256 units, each with dropout, off by default; takes any shape."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), HIDDEN),
        nn.ReLU(inplace=True),
        nn.Dropout(0.0),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(inplace=True),
        nn.Dropout(0.0),
        nn.Linear(HIDDEN, classes),
    )
