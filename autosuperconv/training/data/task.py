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

from autosuperconv.core.class_balance import ClassBalance, is_unbalanced
from autosuperconv.core.normalisation import Normalisation

AUGMENTS = ("crop-flip", "crop-flip-cutout", "none")
SMALL_IMAGE = 64  # pixels a side: in larger images a shift by 4 pixels changes little
MIXED = (
    "Splits must be all tensors or all torch Datasets, but they are mixed. Make the task with "
    "as_task_data, which takes both."
)
AXES = {"channel": 1, "feature": -1}  # of a batch, by what is normalised

Labels: TypeAlias = NDArray[np.int64]
Shape: TypeAlias = tuple[int, ...]  # of one sample


@dataclass(frozen=True, slots=True)
class TensorSplit:
    """One split, in memory.

    Args:
        x: (N, C, H, W) uint8 images, (N, F) float32 features, any other float32 (N, ...), or
            int64 of any shape, such as the numbers of tokens.
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
        mean: of the training data, one a channel or feature, on the scale x / 255 for uint8 and
            as stored for floats.
        std: as `mean`; 1 where a channel is constant, so never 0.
        augment: "none"; "crop-flip": a crop after padding by 4, and a horizontal flip; or
            "crop-flip-cutout": then a square of half the side is filled with the mean.
        fingerprint: 16 hexadecimal digits: same data and splits, same digits; `augment` does not
            count.
        balance: how large the largest class is in each split; None: not known, taken as balanced.
        normalise: what has its own mean and deviation: "channel", the first axis of a sample;
            "feature", the last; or "none", where inputs are as stored, bytes by 255.
        inputs: the same, with means and deviations on the scale of the caller's data.
        notes: what was decided about the data on the way in, one sentence each.
        class_names: by label; none where labels are numbers.
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
    balance: ClassBalance | None = None
    normalise: str = "channel"
    inputs: Normalisation = Normalisation()
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    def majority_on(self, split: str) -> float | None:
        """Majority-class accuracy on "train", "validation" or "test"; None where the classes are
        balanced, so that it is about one over `classes`."""
        if self.balance is None or not is_unbalanced(self.balance.train, self.classes):
            return None
        return max(self.balance.share_in(split), 1 / self.classes)


def normalised(x: Tensor, data: TaskData) -> Tensor:
    """A network's input, on x's device. x: (B, *data.shape) -> float32 of the same shape, or the
    same whole numbers."""
    if data.normalise == "none" and x.dtype != torch.uint8 and not x.is_floating_point():
        return x.long()
    floats = x if x.dtype == torch.float64 else x.float()
    scaled = floats / 255 if x.dtype == torch.uint8 else floats
    if data.normalise == "none":
        return scaled.float()
    mean, std = (shaped(v, data.normalise, scaled) for v in (data.mean, data.std))
    return ((scaled - mean) / std).float()


def shaped(values: tuple[float, ...], normalise: str, x: Tensor) -> Tensor:
    """Means or deviations as they broadcast over a batch x, of its type and on its device."""
    sides = [1] * x.ndim
    if normalise != "none":
        sides[AXES[normalise]] = len(values)
    return torch.tensor(values, dtype=x.dtype, device=x.device).view(sides)


def balance_of(train: Labels, validation: Labels, test: Labels) -> ClassBalance:
    """The shares of the class with the most training samples."""
    largest = int(np.bincount(train).argmax())
    shares = (float((y == largest).mean()) for y in (train, validation, test))
    return ClassBalance(largest, *shares)


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
