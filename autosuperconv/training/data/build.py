"""From parts to a `TaskData`: check labels, make the missing splits, describe the data."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autosuperconv.core.format import printable
from autosuperconv.errors import DataError, one_of
from autosuperconv.training.data.checked import kind_of_numbers
from autosuperconv.training.data.normalise import (
    about_scale,
    in_float32,
    kind_of,
    refuse_constant,
    statistics,
)
from autosuperconv.training.data.split import Divided, Part, Parts, divide
from autosuperconv.training.data.task import (
    AUGMENTS,
    Labels,
    TaskData,
    TensorSplit,
    balance_of,
    fingerprint,
    usual_augment,
)
from autosuperconv.training.data.torch_dataset import first_sample

ROLES = ("train", "validation", "test")


def build_task(
    parts: Parts,
    name: str,
    *,
    classes: int | None = None,
    n_train: int | None = None,
    seed: int = 0,
    augment: str | None = None,
    normalise: str | None = None,
) -> TaskData:
    """Check the labels, make the missing splits, and describe the training data."""
    name = printable(name)
    augment = None if augment is None else one_of("augmentation", augment, AUGMENTS)
    classes = _check_classes(parts, classes, name)
    divided = divide(parts, classes, n_train, seed, name)
    shape, dtype = _common_shape(divided)
    kind = kind_of(normalise, shape, dtype)
    known = statistics(divided.train, kind, classes)
    if known.equal:
        raise refuse_constant(name)
    if augment not in (None, "none") and len(shape) != 3:
        raise DataError(
            f"augment must be none for samples that are not (C, H, W) images, but got {augment!r} "
            f"for shape {shape}."
        )
    streams = not isinstance(divided.train.samples, TensorSplit)
    usual = "none" if streams else usual_augment(shape, dtype)
    every = (divided.train, divided.validation, divided.test)
    splits, scale = in_float32([part.samples for part in every], known.found)
    return TaskData(
        name=name,
        train=splits[0],
        validation=splits[1],
        test=splits[2],
        classes=classes,
        shape=shape,
        mean=scale.mean,
        std=scale.std,
        augment=augment or usual,
        fingerprint=fingerprint(zip(splits, (part.y for part in every), strict=True), classes),
        balance=balance_of(*(part.y for part in every)),
        normalise=kind,
        inputs=known.found,
        class_names=tuple(map(printable, parts.class_names)),
        notes=tuple(map(printable, (*parts.notes, *about_scale(known, dtype, streams)))),
    )


def _check_classes(parts: Parts, classes: int | None, name: str) -> int:
    """The number of classes, after the labels of every part were checked against it."""
    given = classes is not None
    y = parts.train.y
    count = max(int(y.max()) + 1, 1) if classes is None else classes
    _check_range(y, count, f"{name!r} train", given)
    present = np.unique(y)
    if len(present) < 2:
        raise DataError(
            f"{name!r} must have samples of at least 2 classes, but all {len(y)} training labels "
            f"are {present[0]}. Add samples of another class."
        )
    if not given and len(present) < count:
        gap = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError(
            f"Labels must run from 0 without gaps, but no training sample of {name!r} has class "
            f"{gap}, and the highest class is {count - 1}. Renumber them, as in "
            f"numpy.unique(y, return_inverse=True)[1], or pass classes={count} "
            "to as_task_data."
        )
    for part, role in ((parts.validation, "validation"), (parts.test, "test")):
        if part is not None:
            _check_range(part.y, count, f"{name!r} {role}", given)
    return count


def _check_range(y: Labels, classes: int, what: str, given: bool) -> None:
    """Args: given: the number of classes was."""
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if len(wrong):
        rule = f"in [0, {classes})" + ("" if given else ", the classes of the training data")
        more = "" if y.min() < 0 else f", or pass classes={int(y.max()) + 1} to as_task_data"
        remedy = (
            "Renumber them from 0, as in numpy.unique(y, return_inverse=True)[1]"
            if y.min() < 0
            else "Remove these samples"
        )
        raise DataError(
            f"{what} labels must be {rule}, but {len(wrong)} are not; the first, at index "
            f"{wrong[0]}, is {y[wrong[0]]}. {remedy}{more}."
        )


def _common_shape(divided: Divided) -> tuple[tuple[int, ...], torch.dtype]:
    """Shape and type of one sample, which all three parts must share; all floats are one type."""
    parts = (divided.train, divided.validation, divided.test)
    first = [_one(part, role) for part, role in zip(parts, ROLES, strict=True)]
    for sample, role in zip(first, ROLES, strict=True):
        if (sample.shape, kind_of_numbers(sample)) != (first[0].shape, kind_of_numbers(first[0])):
            raise DataError(
                f"{role} samples must have the training samples' shape and type, "
                f"{tuple(first[0].shape)} {first[0].dtype}, but have {tuple(sample.shape)} "
                f"{sample.dtype}."
            )
    return tuple(first[0].shape), first[0].dtype


def _one(part: Part, role: str) -> Tensor:
    if isinstance(part.samples, TensorSplit):
        return part.samples.x[0]
    return first_sample(part.samples, role)
