"""The running statistics of normalisation layers, measured anew on given batches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a layer met.

    Args:
        n: values per channel (batch norm) or samples (instance norm) behind the statistics.
        mean: (C,) of them.
        var: (C,) unbiased.
    """

    n: int
    mean: Tensor
    var: Tensor


class MeasuredNorm:
    """Measures the statistics of one layer's inputs while batches pass through the network.

    A layer may be used several times in a pass, on different numbers of samples, or not at all:
    each value counts alike, and a layer that is not used keeps its statistics.
    """

    def __init__(self, layer: _NormBase) -> None:
        assert layer.running_mean is not None
        assert layer.running_var is not None
        assert layer.num_batches_tracked is not None
        self._layer, self._mean, self._var = layer, layer.running_mean, layer.running_var
        self._tracked, self._momentum = layer.num_batches_tracked, layer.momentum
        self._before = [t.clone() for t in (self._mean, self._var, self._tracked)]
        self._uses: list[Statistics] = []  # in the pass under way
        self._passes: list[Statistics] = []
        layer.reset_running_stats()  # a NaN would stay for ever
        layer.momentum = 1.0  # so each use leaves its own statistics
        self._hook = layer.register_forward_hook(self._see)
        self._last = self._mean.clone()

    def _see(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
        if inputs:
            self._add(self._values(inputs[0]))

    def _values(self, x: Tensor) -> int:
        pooled = isinstance(self._layer, _BatchNorm)
        return x.numel() // self._layer.num_features if pooled else len(x)

    def _add(self, n: int) -> None:
        self._uses.append(Statistics(n, self._mean.clone(), self._var.clone()))

    def end_pass(self, samples: int) -> None:
        """Call when a batch of so many samples has passed."""
        if not self._uses and not torch.equal(self._last, self._mean):
            self._add(samples)  # the layer was not called as a module: its last use is known
        if self._uses:
            between = isinstance(self._layer, _BatchNorm)
            self._passes.append(pooled(self._uses) if between else averaged(self._uses))
        self._uses = []
        self._last.copy_(self._mean)

    def finish(self, measured: bool) -> None:
        """Set the layer's statistics to those measured, or back to what they were."""
        self._hook.remove()
        self._layer.momentum = self._momentum
        for tensor, before in zip(
            (self._mean, self._var, self._tracked), self._before, strict=True
        ):
            tensor.copy_(before)
        if measured and self._passes:
            all_ = averaged(self._passes)
            self._mean.copy_(all_.mean)
            self._var.copy_(all_.var)


@contextlib.contextmanager
def measured_norms(layers: Sequence[_NormBase]) -> Iterator[list[MeasuredNorm]]:
    """Inside: the layers' inputs are measured. Afterwards: that is what their statistics are, or,
    after an error, what they were."""
    norms = [MeasuredNorm(layer) for layer in layers]
    measured = False
    try:
        yield norms
        measured = True
    finally:
        for norm in norms:
            norm.finish(measured)


def averaged(parts: Sequence[Statistics]) -> Statistics:
    """The mean of the parts, each weighted by its n, as running averages take it."""
    n = sum(part.n for part in parts)
    if len(parts) == 1:
        return parts[0]
    weights = [part.n / n for part in parts]
    mean = sum(w * part.mean for w, part in zip(weights, parts, strict=True))
    var = sum(w * part.var for w, part in zip(weights, parts, strict=True))
    assert isinstance(mean, Tensor)
    assert isinstance(var, Tensor)
    return Statistics(n, mean, var)


def pooled(parts: Sequence[Statistics]) -> Statistics:
    """The statistics of all values of the parts together: variance within plus between them."""
    if len(parts) == 1:
        return parts[0]
    mean = averaged(parts).mean
    n = sum(part.n for part in parts)
    squares = sum((part.n - 1) * part.var + part.n * (part.mean - mean) ** 2 for part in parts)
    assert isinstance(squares, Tensor)
    return Statistics(n, mean, squares / max(n - 1, 1))
