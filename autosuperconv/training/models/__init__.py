"""Networks by name, and what the training loop must know of any network.

A name is a key of `MODELS`; "wrn-N-K", a wide ResNet; a classification model of torchvision; or
"package.module:factory", the caller's own. Every registered function takes the shape of a
sample and the number of classes, and its network takes normalised floats (B, *shape) and
returns (B, classes) logits.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from torch import nn

from autosuperconv.errors import ModelError, UnknownName
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.resnet import Shape, cifar_resnet, wide_resnet
from autosuperconv.training.models.small import lenet, mlp
from autosuperconv.training.models.torchvision import torchvision_names, torchvision_net
from autosuperconv.training.models.user import import_and_build

__all__ = [
    "MODELS",
    "ModelFactory",
    "check_model",
    "declares_dropout",
    "model_factory",
    "network_fingerprint",
    "set_dropout",
]

ModelFactory: TypeAlias = Callable[[], nn.Module]

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

WIDE = re.compile(r"wrn-(\d+)-(\d+)")
DROPOUTS = (
    nn.AlphaDropout,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.FeatureAlphaDropout,
)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def model_factory(name: str, shape: Shape, classes: int) -> ModelFactory:
    """A picklable function of no arguments that builds the network anew.

    "package.module:factory" is called with nothing if it needs nothing, or with (shape, classes)
    if it needs two arguments; the current folder is searched too.

    Raises:
        UnknownName: no such network.
        ModelError: the caller's factory cannot be imported; the network does not take `shape`.
    """
    if ":" in name:
        return import_and_build(name, shape, classes)
    if name in MODELS:
        return partial(MODELS[name], shape, classes)
    if wide := WIDE.fullmatch(name):
        return partial(wide_resnet, shape, classes, int(wide[1]), int(wide[2]))
    available = torchvision_names()
    if name in available:
        return partial(torchvision_net, name, shape, classes)
    raise _unknown(name, available)


def _unknown(name: str, available: list[str]) -> UnknownName:
    """Torchvision's eighty names are suggested from, but not all printed."""
    own = [*MODELS, "wrn-N-K", "package.module:factory"]
    every = [*own, "wrn-16-4", "wrn-28-10", *available]
    near = difflib.get_close_matches(name, every, n=1, cutoff=0.5)
    known = every if near else [*own, "any classification model of torchvision"]
    return UnknownName("model", name, known)


def declares_dropout(model: nn.Module) -> bool:
    """Whether `set_dropout` would change anything."""
    return any(isinstance(m, DROPOUTS) or _drops_inside(m) for m in model.modules())


def set_dropout(model: nn.Module, p: float) -> None:
    """Set the probability of every dropout layer, and of dropout inside attention and between
    the layers of a recurrent network.

    Raises:
        ModelError: the probability is not in [0, 1).
    """
    if not 0 <= p < 1:
        raise ModelError(f"dropout must be in [0, 1), but got {p}.")
    for layer in model.modules():
        if isinstance(layer, DROPOUTS):
            layer.p = p
        elif _drops_inside(layer):
            layer.dropout = p  # type: ignore[assignment]  # a float, which forward reads


def _drops_inside(layer: nn.Module) -> bool:
    """Whether it drops out values itself, without a layer for it."""
    if isinstance(layer, nn.RNNBase):
        return layer.num_layers > 1
    return isinstance(layer, nn.MultiheadAttention)


def network_fingerprint(model: nn.Module) -> str:
    """16 hexadecimal digits: same layers, sizes and trained weights, same digits.

    The values of the weights and the code of `forward` have no part in it, nor has dropout, which
    a recipe sets: the model is left with none.
    """
    set_dropout(model, 0.0)
    weights = [f"{n} {tuple(p.shape)} {p.requires_grad}" for n, p in model.named_parameters()]
    text = "\n".join([ADDRESS.sub("", repr(model)), *weights])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
