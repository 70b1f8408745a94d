"""The learning rate that the curvature suggests during training, in two ways, for any model.

Along the path: "simplified Hessian-free optimization" (Smith & Topin, 1708.07120, section 5,
eq. 8), from three successive weight vectors, absolute values summed over all weights. Along the
gradient: g'g / g'Hg, one over the curvature in the gradient's direction, by a Hessian-vector
product on one batch. Neither changes the run, and what a network does not allow to be measured is
left out: fused attention and `nn.EmbeddingBag`, for two, have no second derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from autosuperconv.core.format import reason_of
from autosuperconv.core.range_test.curvature import ALPHA, START, curvature_lr
from autosuperconv.training.engine.undisturbed import undisturbed

SAMPLES = 64  # of a batch, behind one Hessian-vector product
T = TypeVar("T")
PATH = "The learning rate that the curvature along the path suggests"
GRADIENT = "The learning rate that the curvature along the gradient suggests"
NORM = "The gradient's norm"
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


class NoSecondDerivative(Exception):
    """The curvature along the gradient would be wrong: a part of it cannot be differentiated."""


class CurvatureWatch:
    """Measures curvature beside one run.

    Args:
        model: that is trained.
        label_smoothing: of its loss.
    """

    def __init__(self, model: nn.Module, label_smoothing: float) -> None:
        self._model, self._label_smoothing = model, label_smoothing
        self._left_out: dict[str, str] = {}
        self._batch: tuple[Tensor, Tensor] | None = None
        self._evaluations = 0
        self._path = self._measured(PATH, lambda: PathCurvature(model))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out and why, one sentence each."""
        return tuple(f"{what} is not measured: {why}." for what, why in self._left_out.items())

    def take(self, batch: tuple[Tensor, Tensor], lr: float) -> None:
        """Call after every update, with its batch and learning rate."""
        self._batch = batch
        if self._path is not None:
            path = self._path
            self._measured(PATH, lambda: path.take(lr))

    def columns(self, evaluated: bool) -> dict[str, float | None]:
        """The columns of a point of the curve.

        Args:
            evaluated: the point has an evaluation; every third of them measures curvature along
                the gradient.
        """
        due = evaluated and self._evaluations % EVERY == 0
        self._evaluations += evaluated
        return {
            "grad_norm": self._measured(NORM, lambda: gradient_norm(self._model)),
            "path_lr": None if self._path is None or PATH in self._left_out else self._path.average,
            "gradient_lr": self._measured(GRADIENT, self._gradient_lr) if due else None,
        }

    def _gradient_lr(self) -> float | None:
        assert self._batch is not None
        return gradient_curvature_lr(self._model, *self._batch, self._label_smoothing)

    def _measured(self, what: str, measure: Callable[[], T]) -> T | None:
        """None, from the first error on: a side measurement must not end the run."""
        if what in self._left_out:
            return None
        try:
            return measure()
        except Exception as error:
            self._left_out[what] = reason_of(error)
            return None


def gradient_curvature_lr(
    model: nn.Module, x: Tensor, y: Tensor, label_smoothing: float = 0.0
) -> float | None:
    """g'g / g'Hg on one batch: the learning rate at which a step along the gradient of the batch's
    loss reaches the minimum of its parabola. None where the loss does not curve upwards.

    Args:
        x: (B, ...) a network's input, of which the first 64 samples are used. y: (B,) labels.

    Raises:
        NoSecondDerivative: it would leave out weights that are trained.
    """
    weights = [w for w in model.parameters() if w.requires_grad]
    trained = [w for w in weights if w.grad is not None]  # by the last step
    with undisturbed(model):
        model.train()
        scores = model(x[:SAMPLES])
        loss = functional.cross_entropy(scores, y[:SAMPLES], label_smoothing=label_smoothing)
        return curvature_of(loss, trained or weights)


def curvature_of(loss: Tensor, weights: Sequence[Tensor]) -> float | None:
    """g'g / g'Hg of a scalar loss; None where it is not positive and finite.

    Raises:
        NoSecondDerivative: a weight has no gradient here, or one that is not differentiable.
    """
    found = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    gradient = [g for g in found if g is not None]
    if len(gradient) < len(weights):
        raise NoSecondDerivative("it does not reach all weights that are trained")
    if not any(g.requires_grad for g in gradient):
        return None
    if not all(g.requires_grad for g in gradient) or _has_no_second_derivative(gradient):
        raise NoSecondDerivative("a function of the network can be differentiated only once")
    product = sum((g * g.detach()).sum() for g in gradient)
    assert isinstance(product, Tensor)
    along = torch.autograd.grad(product, weights, allow_unused=True)
    pairs = zip(gradient, along, strict=True)
    squared = float(sum((g.detach() ** 2).sum() for g in gradient))
    curved = float(sum((g.detach() * h).sum() for g, h in pairs if h is not None))
    value = squared / curved if curved > 0 else 0.0
    return value if 0 < value < float("inf") else None


def _has_no_second_derivative(gradient: Sequence[Tensor]) -> bool:
    """Whether a `once_differentiable` function is behind it: PyTorch lets it drop out silently."""
    waiting = [g.grad_fn for g in gradient]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if node.name() == "torch::autograd::Error":
            return True
        following = {following for following, _ in node.next_functions} - seen
        seen |= following
        waiting += following
    return False


def gradient_norm(model: nn.Module) -> float:
    """L2 norm of the gradients that the last step left."""
    norms = [w.grad.detach().norm() for w in model.parameters() if w.grad is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0
