"""Optimizers by name, and the one place that sets their learning rate and momentum."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum

FUSED_ON = ("cpu", "cuda")


def make_optimizer(recipe: Recipe, model: nn.Module) -> Optimizer:
    """The recipe's optimizer over all parameters that take a gradient."""
    weights = [p for p in model.parameters() if p.requires_grad]
    fused = bool(weights) and all(_can_fuse(w) for w in weights)
    lr, decay, momentum = recipe.max_lr, recipe.weight_decay, recipe.max_momentum
    if recipe.optimizer == "adam":
        return Adam(weights, lr, (momentum, 0.999), weight_decay=decay, fused=fused)
    if recipe.optimizer == "adamw":
        return AdamW(weights, lr, (momentum, 0.999), weight_decay=decay, fused=fused)
    nesterov = recipe.optimizer == "nesterov" and momentum > 0
    return SGD(weights, lr, momentum, 0.0, decay, nesterov, fused=fused)


def set_lr_momentum(optimizer: Optimizer, now: LrMomentum) -> None:
    """Learning rate and momentum (Adam: beta1) of the next update."""
    for group in optimizer.param_groups:
        group["lr"] = now.lr
        if "betas" in group:
            group["betas"] = (now.momentum, group["betas"][1])
        else:
            group["momentum"] = now.momentum


def _can_fuse(weight: torch.Tensor) -> bool:
    return weight.device.type in FUSED_ON and weight.is_floating_point()
