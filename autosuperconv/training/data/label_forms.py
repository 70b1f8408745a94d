"""Labels that are not one class a sample: what they are, and what to do."""

from __future__ import annotations

import torch
from torch import Tensor

from autosuperconv.errors import DataError

NEAR = 1e-3  # how far probabilities may sum from 1


def several_labels(values: Tensor, what: str) -> DataError:
    """The error for labels (N, ...) with more than one number a sample."""
    return DataError(
        f"{what} must hold one label per sample, but has shape {tuple(values.shape)}. "
        f"{_kind(values)}"
    )


def _kind(values: Tensor) -> str:
    if values.ndim == 0:
        return "Give an array with one label for each sample."
    if values.ndim > 2:
        return (
            "A label for every pixel or position (segmentation, tagging) is not supported: the "
            "accuracy of whole samples is compared."
        )
    if len(values) == 1:
        return "If these are the labels of all samples, give y.reshape(-1)."
    sums = values.double().sum(1)
    if bool(((values == 0) | (values == 1)).all()):
        if bool((sums == 1).all()):
            return "Convert one-hot labels with y.argmax(axis=1)."
        return (
            "Several classes for one sample (multi-label) are not supported. To tell one of them "
            "from the rest, give y[:, 0] or another column."
        )
    if bool((values >= 0).all()) and bool(((sums - 1).abs() < NEAR).all()):
        return (
            "Probabilities (soft labels) are not supported. To train on each sample's most "
            "probable class, give y.argmax(axis=1)."
        )
    if values.is_floating_point():
        return "Several numbers to predict (regression) are not supported: labels are classes."
    return "Several labels for one sample are not supported. Give one of them, such as y[:, 0]."


def no_whole_numbers(values: Tensor, y: object, what: str) -> DataError:
    """The error for labels (N,) that are floats."""
    start = f"{what} must be integers, but got dtype {values.dtype}"
    missing = torch.nonzero(~torch.isfinite(values))
    if len(missing):
        at = int(missing[0])
        return DataError(
            f"{start}, and the label at index {at} is {values[at].item()}. Remove the samples "
            "without a label, or give them one."
        )
    if bool((values == values.round()).all()):
        return DataError(f"{start}. They are whole numbers: give {_whole(y)}.")
    first = values[values != values.round()][0].item()
    return DataError(
        f"{start}, such as {first:g}. Numbers to predict (regression) are not supported. For "
        "classes of values, give numpy.digitize(y, limits)."
    )


def _whole(y: object) -> str:
    if isinstance(y, Tensor):
        return "y.long()"
    return "numpy.asarray(y).astype('int64')" if isinstance(y, list) else "y.astype('int64')"
