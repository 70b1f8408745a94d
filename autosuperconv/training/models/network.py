"""What a search needs of a network: to set its dropout, and a fingerprint of its layers."""

from __future__ import annotations

import hashlib
import re

from torch import nn

from autosuperconv.errors import ModelError

DROPOUTS = (
    nn.AlphaDropout,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.FeatureAlphaDropout,
)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


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
    """Whether the layer drops values itself, without a dropout layer."""
    if isinstance(layer, nn.RNNBase):
        return layer.num_layers > 1
    return isinstance(layer, nn.MultiheadAttention)


def network_fingerprint(model: nn.Module) -> str:
    """16 hexadecimal digits: same layers, sizes and trained weights, same digits.

    The values of the weights, the code of `forward` and dropout do not count. Dropout is set to 0
    in the model: a recipe sets it anyway.
    """
    set_dropout(model, 0.0)
    weights = [f"{n} {tuple(p.shape)} {p.requires_grad}" for n, p in model.named_parameters()]
    text = "\n".join([ADDRESS.sub("", repr(model)), *weights])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
