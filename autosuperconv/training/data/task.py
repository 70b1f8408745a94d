"""`TaskData`: a classification task as the training loop takes it, and how it is described."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

AUGMENTS = ("crop-flip", "crop-flip-cutout", "none")
SMALL_IMAGE = 64  # pixels a side: in larger images a shift by 4 pixels changes little
FLOAT32_STEP = 1e-7  # relative: a spread below it is rounding, so the channel is constant
UNBALANCED = 1.25  # times the odds in balanced classes; MNIST's largest class has 1.14
CHUNK = 4096  # samples a piece, so that 50,000 images are never held as float64 at once

Labels: TypeAlias = NDArray[np.int64]
Shape: TypeAlias = tuple[int, ...]  # of one sample


@dataclass(frozen=True, slots=True)
class TensorSplit:
    """One split, in memory.

    Args:
        x: (N, C, H, W) uint8 images, (N, F) float32 features, or any other float32 (N, ...).
        y: (N,) int64 in [0, classes).
    """

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)


Samples: TypeAlias = TensorSplit | Dataset[Any]


@dataclass(frozen=True, slots=True)
class TaskData:
    """A classification task: what to train on, search on and judge on.

    Args:
        train: a `TensorSplit`, or the user's own `Dataset`, streamed with its transforms.
        validation: what the search measures accuracy on.
        test: what the verdict measures accuracy on, and nothing before it.
        shape: of one sample: (C, H, W), (F,) or other.
        mean: of the training data, one a channel (or feature), on the scale x / 255 for uint8
            and as given for floats; 0 for streamed floats, which keep their own transforms.
        std: as `mean`; 1 where a channel is constant, so never 0.
        augment: "none"; "crop-flip": a crop after padding by 4, and a horizontal flip; or
            "crop-flip-cutout": then a square of half the side is filled with the mean.
        fingerprint: 16 hexadecimal digits: same data and splits, same digits; `augment` does not
            count.
        majority_accuracy: of a network that always answers the largest class, fraction of 1;
            None where the classes are balanced, so that it is about one over `classes`.
        notes: what was decided about the data on the way in, one sentence each.
    """

    name: str
    train: Samples
    validation: Samples
    test: Samples
    classes: int
    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    augment: str
    fingerprint: str
    majority_accuracy: float | None = None
    notes: tuple[str, ...] = ()


def normalised(x: Tensor, data: TaskData) -> Tensor:
    """A network's input. x: (B, *data.shape) -> float32 of the same shape, on x's device."""
    scaled = x.float() / 255 if x.dtype == torch.uint8 else x.float()
    per_channel = (-1,) + (1,) * (x.ndim - 2)
    mean = torch.tensor(data.mean, dtype=torch.float32, device=x.device).view(per_channel)
    std = torch.tensor(data.std, dtype=torch.float32, device=x.device).view(per_channel)
    return (scaled - mean) / std


def moments(x: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation along dimension 1. x: (N, C, ...)."""
    mean, std = _moments_of_bytes(x) if x.dtype == torch.uint8 else _moments_of_floats(x)
    std = torch.where(std <= FLOAT32_STEP * mean.abs(), 1.0, std)
    return tuple(mean.tolist()), tuple(std.tolist())


def _moments_of_bytes(x: Tensor) -> tuple[Tensor, Tensor]:
    """From histograms: ten times as fast as float64 sums on 45,000 32 x 32 images."""
    values = torch.arange(256, dtype=torch.float64) / 255
    counts = [torch.bincount(x[:, c].reshape(-1), minlength=256) for c in range(x.shape[1])]
    shares = torch.stack(counts).double() / (x.numel() // x.shape[1])
    mean = shares @ values
    squares = (values - mean[:, None]).square()
    return mean, (shares * squares).sum(1).sqrt()


def _moments_of_floats(x: Tensor) -> tuple[Tensor, Tensor]:
    others = [dim for dim in range(x.ndim) if dim != 1]
    per_channel = x.numel() // x.shape[1]
    mean = _sum_over(chunk.sum(others) for chunk in _doubles(x)) / per_channel
    centre = mean.view((1, -1) + (1,) * (x.ndim - 2))
    squares = _sum_over((chunk - centre).square().sum(others) for chunk in _doubles(x))
    return mean, (squares / per_channel).sqrt()


def _doubles(x: Tensor) -> Iterable[Tensor]:
    return (x[start : start + CHUNK].double() for start in range(0, len(x), CHUNK))


def _sum_over(parts: Iterable[Tensor]) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for part in parts:
        total = total + part
    return total


def majority_accuracy_of(y: Labels, classes: int) -> float | None:
    """The largest class's share, where its odds are clearly above those of balanced classes."""
    share = float(np.bincount(y, minlength=classes).max() / len(y))
    return share if share * (classes - 1) > UNBALANCED * (1 - share) else None


def usual_augment(shape: Shape, dtype: torch.dtype) -> str:
    """The default augmentation for samples of this kind.

    Small colour photographs get CIFAR-10's crop and flip. Gray images mostly show digits or
    letters, which a flip would falsify, so they get none; neither do features and larger images.
    """
    colour = dtype == torch.uint8 and len(shape) == 3 and shape[0] == 3
    return "crop-flip" if colour and max(shape[1:]) <= SMALL_IMAGE else "none"


def fingerprint(parts: Iterable[tuple[Samples, Labels]], classes: int) -> str:
    """16 hexadecimal digits of all values, shapes and labels, part by part.

    A streamed Dataset's samples may change from read to read (random transforms), so
    only its type, its length and its labels count.
    """
    digest = hashlib.blake2b(f"classes={classes}".encode(), digest_size=8)
    for samples, y in parts:
        if isinstance(samples, TensorSplit):
            digest.update(f"{samples.x.dtype} {tuple(samples.x.shape)}".encode())
            digest.update(samples.x.contiguous().numpy().data.cast("B"))
        else:
            digest.update(f"{type(samples).__qualname__} {len(y)}".encode())
        digest.update(np.ascontiguousarray(y).data.cast("B"))
    return digest.hexdigest()
