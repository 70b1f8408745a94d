"""Optimizers by name, and the one place that sets their learning rate and momentum.

A new optimizer is a function and a line in `BUILDERS`, and its name in `core.recipe.OPTIMIZERS`, so
that a recipe can be checked without torch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum

FUSED_ON = ("cpu", "cuda")


def adam(recipe: Recipe, weights: list[Tensor], fused: bool) -> Optimizer:
    """Its beta1 is the recipe's momentum."""
    betas = recipe.max_momentum, 0.999
    return Adam(weights, recipe.max_lr, betas, weight_decay=recipe.weight_decay, fused=fused)


def adamw(recipe: Recipe, weights: list[Tensor], fused: bool) -> Optimizer:
    """Adam with decoupled weight decay."""
    betas = recipe.max_momentum, 0.999
    return AdamW(weights, recipe.max_lr, betas, weight_decay=recipe.weight_decay, fused=fused)


def nesterov(recipe: Recipe, weights: list[Tensor], fused: bool) -> Optimizer:
    """SGD that looks ahead; without momentum there is nothing to look along."""
    return _sgd(recipe, weights, fused, nesterov=recipe.max_momentum > 0)


def sgd(recipe: Recipe, weights: list[Tensor], fused: bool) -> Optimizer:
    """SGD with momentum."""
    return _sgd(recipe, weights, fused, nesterov=False)


BUILDERS: dict[str, Callable[[Recipe, list[Tensor], bool], Optimizer]] = {
    "adam": adam,
    "adamw": adamw,
    "nesterov": nesterov,
    "sgd": sgd,
}


def make_optimizer(recipe: Recipe, model: nn.Module) -> Optimizer:
    """The recipe's optimizer over all parameters that take a gradient."""
    weights: list[Tensor] = [p for p in model.parameters() if p.requires_grad]
    fused = bool(weights) and all(_can_fuse(w) for w in weights)
    optimizer = BUILDERS[recipe.optimizer](recipe, weights, fused)
    if fused and isinstance(optimizer, SGD) and recipe.max_momentum > 0:
        for weight in weights:  # fused SGD fails where only some weights have a momentum yet
            optimizer.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return optimizer


def set_lr_momentum(optimizer: Optimizer, now: LrMomentum) -> None:
    """Learning rate and momentum (Adam: beta1) of the next update."""
    for group in optimizer.param_groups:
        group["lr"] = now.lr
        if "betas" in group:
            group["betas"] = (now.momentum, group["betas"][1])
        else:
            group["momentum"] = now.momentum


def _sgd(recipe: Recipe, weights: list[Tensor], fused: bool, nesterov: bool) -> Optimizer:
    momentum, decay = recipe.max_momentum, recipe.weight_decay
    return SGD(weights, recipe.max_lr, momentum, 0.0, decay, nesterov, fused=fused)


def _can_fuse(weight: torch.Tensor) -> bool:
    return weight.device.type in FUSED_ON and weight.is_floating_point()
