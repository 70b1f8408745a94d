"""The learning rate that the curvature suggests during training, in two ways, for any model.

Along the path: "simplified Hessian-free optimization" (Smith & Topin, 1708.07120, section 5,
eq. 8), from three successive weight vectors, absolute values summed over all weights. Along the
gradient: g'g / g'Hg, one over the curvature in the gradient's direction, by a Hessian-vector
product on one batch. Neither changes the run.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from autosuperconv.core.range_test.curvature import ALPHA, START, curvature_lr
from autosuperconv.training.engine.undisturbed import undisturbed

SAMPLES = 64  # of a batch, behind one Hessian-vector product
EVERY = 3  # evaluations from one Hessian-vector product to the next, which is expensive


class PathCurvature:
    """Eq. 8 from step to step, as a moving average over the weights; buffers (batch-norm
    statistics) do not count."""

    def __init__(self, model: nn.Module) -> None:
        self._weights = [w for w in model.parameters() if w.requires_grad]
        self._last = self._snapshot()
        self._step: Tensor | None = None
        self.average = START

    def take(self, lr: float) -> float | None:
        """Call after every update with its learning rate; returns the newest estimate, None
        after the first step.

        Each estimate enters the moving average (`average`) with weight 0.1.
        """
        now = self._snapshot()
        step = now - self._last
        estimate = None
        if self._step is not None:
            moved, bent = self._step.abs().sum(), (self._step - step).abs().sum()
            estimate = curvature_lr(lr, moved.item(), bent.item())
        if estimate is not None:
            self.average = ALPHA * estimate + (1 - ALPHA) * self.average
        self._last, self._step = now, step
        return estimate

    def _snapshot(self) -> Tensor:
        return torch.cat([w.detach().reshape(-1) for w in self._weights])


def gradient_curvature_lr(
    model: nn.Module, x: Tensor, y: Tensor, label_smoothing: float = 0.0
) -> float | None:
    """g'g / g'Hg on one batch: the learning rate at which a step along the gradient of the batch's
    loss reaches the minimum of its parabola. None where the loss does not curve upwards.

    Args:
        x: (B, ...) a network's input, of which the first 64 samples are used. y: (B,) labels.
    """
    weights = [w for w in model.parameters() if w.requires_grad]
    with undisturbed(model):
        model.train()
        scores = model(x[:SAMPLES])
        loss = functional.cross_entropy(scores, y[:SAMPLES], label_smoothing=label_smoothing)
        return curvature_of(loss, weights)


def curvature_of(loss: Tensor, weights: Sequence[Tensor]) -> float | None:
    """g'g / g'Hg of a scalar loss; None where it is not positive and finite."""
    gradient = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    used = [(w, g) for w, g in zip(weights, gradient, strict=True) if g is not None]
    squared = sum((g.detach() ** 2).sum() for _, g in used)
    product = sum((g * g.detach()).sum() for _, g in used)
    if not isinstance(product, Tensor) or product.grad_fn is None:
        return None
    along = torch.autograd.grad(product, [w for w, _ in used], allow_unused=True)
    curved = sum(
        (g.detach() * h).sum() for (_, g), h in zip(used, along, strict=True) if h is not None
    )
    value = float(squared) / float(curved) if float(curved) > 0 else 0.0
    return value if 0 < value < float("inf") else None


def gradient_norm(model: nn.Module) -> float:
    """L2 norm of the gradients that the last step left."""
    norms = [w.grad.detach().norm() for w in model.parameters() if w.grad is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0
