"""Measure a model: first batch-norm statistics, then loss and accuracy on the device."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _NormBase

from autosuperconv.training.engine import Engine, autocast
from autosuperconv.training.feed.batches import Batch
from autosuperconv.training.loop.norm_statistics import measured_norms


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Iterable[Batch], engine: Engine) -> None:
    """Replace the running statistics of every normalisation layer by those of these batches.

    Training is not affected: it uses the statistics of its own batches. A layer that the network
    keeps in evaluation mode while it trains (frozen batch norm), or does not use here, keeps its
    statistics.
    """
    model.train()
    layers = [
        m
        for m in model.modules()
        if isinstance(m, _NormBase)
        and m.track_running_stats
        and m.running_mean is not None
        and m.training
    ]
    if not layers:
        return
    model.eval()
    for layer in layers:
        layer.train()
    with measured_norms(layers) as norms, autocast(engine):
        for x, _ in batches:
            model(x)
            for norm in norms:
                norm.end_pass(len(x))


@torch.no_grad()
def evaluate(model: nn.Module, batches: Iterable[Batch], engine: Engine) -> tuple[float, float]:
    """(mean cross-entropy, accuracy as a fraction of 1) over all samples of the batches."""
    model.eval()
    sums = torch.zeros(2, device=engine.device)
    count = 0
    for x, y in batches:
        with autocast(engine):
            scores = model(x)
        loss = functional.cross_entropy(scores.float(), y, reduction="sum")
        sums += torch.stack((loss, (scores.argmax(1) == y).sum()))
        count += len(y)
    loss_sum, correct = sums.tolist()
    return loss_sum / count, correct / count


def end_problem(
    loss: float, accuracy: float, classes: int, n: int, majority: float | None = None
) -> str:
    """Why the run counts as diverged at its end, or "": the loss over n samples is not finite,
    or the accuracy is no better than chance.

    A network of NaN always answers the first class, which may be the largest: so the loss counts.

    Args:
        majority: majority-class accuracy on the same samples, where the classes are unbalanced. It
            is that of a constant answer, so it has no sampling noise beside them.
    """
    if not math.isfinite(loss):
        return "the loss at the end is not finite"
    chance = 1 / classes
    by_chance = chance + 3 * math.sqrt(chance * (1 - chance) / n)
    if majority is not None and by_chance < accuracy <= majority + 0.5 / n < 1:
        return (
            f"the accuracy at the end, {100 * accuracy:.1f} %, is no better than giving every "
            f"sample the largest class ({100 * majority:.1f} %)"
        )
    if accuracy > min(by_chance, 1 - 1 / n):  # if there are few samples, all correct is enough
        return ""
    return f"the accuracy at the end, {100 * accuracy:.1f} %, is no better than chance"
