"""The networks known by name. A new one is a function and a line in `MODELS`.

Importing this module imports neither torch nor torchvision: the command line reads the names for
its help. Each function imports what it needs, takes the shape of a sample and the number of
classes, and builds a network from normalised floats (B, *shape) to (B, classes) logits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from autosuperconv.errors import UnknownName, known_name, nearest_names

if TYPE_CHECKING:
    from torch import nn

    from autosuperconv.training.data.task import Shape

ModelFactory: TypeAlias = "Callable[[], nn.Module]"

SMALL_IMAGE = 64  # pixels a side, up to which a network made for CIFAR's 32 x 32 is the better one
DEFAULT_RULE = (
    f"mlp for tables of features, lenet for gray 28 x 28 images, resnet8 for other images up to "
    f"{SMALL_IMAGE} pixels a side, resnet18 for larger ones"
)
WIDE = re.compile(r"wrn[-_ ]?(\d+)[-_ ](\d+)", re.IGNORECASE)


def lenet(shape: Shape, classes: int) -> nn.Module:
    """LeNet as in Caffe's MNIST example."""
    from autosuperconv.training.models.small import build_lenet

    return build_lenet(shape, classes)


def mlp(shape: Shape, classes: int) -> nn.Module:
    """A perceptron with two hidden layers."""
    from autosuperconv.training.models.small import build_mlp

    return build_mlp(shape, classes)


def cifar_resnet(shape: Shape, classes: int, depth: int) -> nn.Module:
    """He et al.'s residual networks for small images."""
    from autosuperconv.training.models.resnet import build_cifar_resnet

    return build_cifar_resnet(shape, classes, depth)


MODELS: dict[str, Callable[[Shape, int], nn.Module]] = {
    "lenet": lenet,
    "mlp": mlp,
    "resnet110": partial(cifar_resnet, depth=110),
    "resnet20": partial(cifar_resnet, depth=20),
    "resnet32": partial(cifar_resnet, depth=32),
    "resnet44": partial(cifar_resnet, depth=44),
    "resnet56": partial(cifar_resnet, depth=56),
    "resnet8": partial(cifar_resnet, depth=8),
}


def default_model(shape: Shape) -> str:
    """The model for samples of this shape where nobody names one, by `DEFAULT_RULE`."""
    if len(shape) != 3:
        return "mlp"
    if shape == (1, 28, 28):
        return "lenet"
    for_torchvision = shape[0] in (1, 3)  # channels, which its networks cannot do without
    return "resnet18" if for_torchvision and max(shape[1:]) > SMALL_IMAGE else "resnet8"


def model_factory(name: str, shape: Shape, classes: int) -> ModelFactory:
    """A picklable function of no arguments that builds the network anew.

    "package.module:factory" is called with nothing if it needs nothing, or with (shape, classes)
    if it needs two arguments; the current folder is searched too.

    Raises:
        UnknownName: no such network.
        ModelError: the caller's factory cannot be imported; the network does not take `shape`.
    """
    from autosuperconv.training.models.resnet import wide_resnet
    from autosuperconv.training.models.torchvision import torchvision_net
    from autosuperconv.training.models.user import import_and_build

    name = model_name(name)
    if ":" in name:
        return import_and_build(name, shape, classes)
    if name in MODELS:
        return partial(MODELS[name], shape, classes)
    if wide := WIDE.fullmatch(name):
        return partial(wide_resnet, shape, classes, int(wide[1]), int(wide[2]))
    return partial(torchvision_net, name, shape, classes)


def model_name(name: str) -> str:
    """A model's name as it is known, whichever way it is spelt.

    Raises:
        UnknownName: no such network.
    """
    from autosuperconv.training.models.torchvision import torchvision_names

    if isinstance(name, str) and ":" in name:
        return name
    if found := known_name(name, MODELS):
        return found
    if isinstance(name, str) and (wide := WIDE.fullmatch(name)):
        return f"wrn-{wide[1]}-{wide[2]}"
    available = torchvision_names()
    if found := known_name(name, available):
        return found
    raise _unknown(name, available)


def _unknown(name: object, available: list[str]) -> UnknownName:
    """Torchvision's eighty names are suggested from, but not all printed."""
    own = [*MODELS, "wrn-N-K", "package.module:factory"]
    every = [*own, "wrn-16-4", "wrn-28-10", *available]
    known = every if nearest_names(name, every) else [*own, "any other model of torchvision"]
    return UnknownName("model", name, known)
