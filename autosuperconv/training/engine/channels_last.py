"""Keep gradients in the memory layout of the images that they belong to."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LAST = torch.channels_last


def keep_gradient_layout(model: nn.Module) -> None:
    """Make gradients of channels-last outputs of the model's modules channels-last from now on.

    Some operations (mean, slicing) return gradients in rows of channels whatever layout their
    input had, and all gradients before them inherit it or mix both. On a CPU the gradient of a
    ReLU over two layouts takes ten to thirty times as long as over one. The values stay the same.
    """
    for module in model.modules():
        module.register_forward_hook(_watch)


def _watch(module: nn.Module, inputs: object, output: object) -> None:
    if (
        isinstance(output, Tensor)
        and output.dim() == 4
        and output.requires_grad
        and output.is_contiguous(memory_format=LAST)
        and not output.is_contiguous()
    ):
        output.register_hook(_channels_last)


def _channels_last(gradient: Tensor) -> Tensor:
    """The same values, copied only where the layout is another."""
    return gradient.contiguous(memory_format=LAST)
