"""torchvision's classification models by their names, without pretrained weights.

torchvision is imported only when one of them is used.
"""

from __future__ import annotations

from torch import Tensor, nn

from autosuperconv.errors import ModelError
from autosuperconv.training.data.task import Shape
from autosuperconv.training.models.resnet import channels_of

# These return a tuple in training unless their auxiliary classifiers are left out.
WITH_AUXILIARIES = frozenset({"googlenet", "inception_v3"})


def torchvision_names() -> list[str]:
    import torchvision

    names: list[str] = torchvision.models.list_models(module=torchvision.models)
    return names


def torchvision_net(name: str, shape: Shape, classes: int) -> nn.Module:
    """The model; gray images are repeated to the three channels that it takes.

    Raises:
        ModelError: the samples are not images of 1 or 3 channels, or have the wrong size for it.
    """
    channels = channels_of(shape)
    if channels not in (1, 3):
        raise ModelError(
            f"{name} takes images of 1 or 3 channels, but got {channels}. Take resnet8 or another "
            "network that is built for any number of them."
        )
    net = _built(name, shape, classes)
    return nn.Sequential(GrayToColour(), net) if channels == 1 else net


def _built(name: str, shape: Shape, classes: int) -> nn.Module:
    import torchvision

    get = torchvision.models.get_model
    if name in WITH_AUXILIARIES:
        net = get(name, weights=None, num_classes=classes, aux_logits=False, init_weights=True)
    elif name.startswith("vit_"):  # its position embedding is made for one image size
        net = get(name, weights=None, num_classes=classes, image_size=_side(name, shape))
    else:
        net = get(name, weights=None, num_classes=classes)
    assert isinstance(net, nn.Module)
    return net


def _side(name: str, shape: Shape) -> int:
    """vit_b_16 cuts the image into patches of 16 pixels."""
    side, patch = shape[1], int(name.rsplit("_", 1)[1])
    if shape[1] != shape[2] or side % patch:
        raise ModelError(
            f"{name} takes square images of a multiple of {patch} pixels, but got "
            f"{shape[1]} x {shape[2]}. A folder's images get another size with "
            f"--image-size {max(patch, round(min(shape[1:]) / patch) * patch)}."
        )
    return side


class GrayToColour(nn.Module):
    """(B, 1, H, W) -> (B, 3, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.expand(-1, 3, -1, -1)
