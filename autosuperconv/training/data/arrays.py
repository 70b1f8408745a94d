"""The caller's own data as a `TaskData`: NumPy arrays, tensors, torch data sets."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from autosuperconv.errors import DataError
from autosuperconv.training.data.build import ROLES, build_task
from autosuperconv.training.data.split import Part, Parts, tensor_part
from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.data.torch_dataset import read_labels
from autosuperconv.training.engine.isolation import own_state


@runtime_checkable
class SupportsArray(Protocol):
    """What NumPy can convert to an array: its own arrays, tensors, data frames."""

    def __array__(self) -> NDArray[Any]: ...


UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)  # torch has few operations for these

Array: TypeAlias = SupportsArray | list[Any]
OnePart: TypeAlias = "tuple[Array, Array] | TensorSplit | Dataset[Any]"
Data: TypeAlias = "OnePart | tuple[OnePart, OnePart] | tuple[OnePart, OnePart, OnePart]"


def as_task_data(
    data: Data,
    *,
    name: str = "custom",
    classes: int | None = None,
    n_train: int | None = None,
    seed: int = 0,
    augment: str | None = None,
) -> TaskData:
    """The caller's own data.

    Args:
        data: one set, `(train, test)` or `(train, validation, test)`, each an `(x, y)` pair of
            NumPy arrays, tensors or data frames, or a torch Dataset. Missing splits are taken
            from train, stratified by class.
            x: features (N, F); images (N, C, H, W), (N, H, W, C) or (N, H, W), of uint8 or of
            wider integers from 0 to 255; or floats (N, ...) of any other shape, such as
            sequences (N, T, F). Floats (N, H, W, C) with 1 or 3 channels are images, too.
            y: (N,) integers from 0.
            A TensorDataset counts as its two tensors. Any other Dataset is streamed with its own
            transforms; a validation split taken from it has the same transforms.
        classes: number of classes; by default one more than the highest training label.
        n_train: keep this many training samples, stratified by class.
        seed: chooses them; nothing else depends on it.
        augment: "none", "crop-flip" or "crop-flip-cutout"; by default crop-flip for uint8 colour
            images up to 64 pixels a side, and none for everything else.

    Raises:
        DataError: the data do not suit classification; the message says what is wrong, where, and
            what to do.
    """
    with own_state():  # a data set's transforms may draw random numbers
        parts = _parts(data)
        return build_task(parts, name, classes=classes, n_train=n_train, seed=seed, augment=augment)


def _parts(data: object) -> Parts:
    if not isinstance(data, tuple) or _is_pair(data):
        return Parts(_part(data, "data"))
    if len(data) == 2:
        return Parts(_part(data[0], "train"), test=_part(data[1], "test"))
    if len(data) == 3:
        train, validation, test = (_part(d, role) for d, role in zip(data, ROLES, strict=True))
        return Parts(train, validation, test)
    raise DataError(
        f"data must be one set, (train, test) or (train, validation, test), but got {len(data)} "
        "entries."
    )


def _is_pair(data: tuple[object, ...]) -> bool:
    return len(data) == 2 and all(isinstance(d, SupportsArray | list) for d in data)


def _part(data: object, role: str) -> Part:
    if isinstance(data, TensorSplit):
        data = (data.x, data.y)
    if isinstance(data, TensorDataset) and len(data.tensors) == 2:
        data = data.tensors
    if isinstance(data, tuple) and _is_pair(data):
        return _resident_part(data[0], data[1], role)
    if isinstance(data, Dataset):
        return Part(data, read_labels(data, role))
    raise DataError(
        f"{role} must be an (x, y) pair of arrays or tensors, or a torch Dataset, but got "
        f"{type(data).__name__}. To load a data set by its name, call load_dataset."
    )


def _resident_part(x: object, y: object, role: str) -> Part:
    samples, labels = as_samples(x, f"{role} x"), as_labels(y, f"{role} y")
    if len(samples) != len(labels):
        raise DataError(
            f"{role} x and y must have the same length, but there are {len(samples)} samples and "
            f"{len(labels)} labels."
        )
    if len(labels) == 0:
        raise DataError(f"{role} must have at least one sample, but got none.")
    return tensor_part(samples, labels)


def _numbers(values: object, what: str) -> Tensor:
    """As a tensor of any numeric type."""
    if isinstance(values, Tensor):
        array = values.detach().cpu()
        complex_ = array.is_complex()
    else:
        try:
            plain = np.asarray(values)
        except ValueError as error:
            raise DataError(f"{what} must be a rectangular array of numbers: {error}.") from error
        complex_ = plain.dtype.kind not in "biuf"
    if complex_:
        kind = array.dtype if isinstance(values, Tensor) else plain.dtype
        raise DataError(
            f"{what} must be an array of numbers, but got dtype {kind}. Convert it, as in "
            "x.astype('float32')."
        )
    if isinstance(values, Tensor):
        return array
    if plain.dtype.itemsize > 8:  # long doubles, which torch does not have
        plain = plain.astype(np.float64)
    native = plain.astype(plain.dtype.newbyteorder("="), order="C", copy=not plain.flags.writeable)
    return torch.from_numpy(native)


def as_samples(x: object, what: str) -> Tensor:
    """Images as (N, C, H, W) uint8, everything else as float32; checked for NaN and infinity."""
    values = _numbers(x, what)
    if values.ndim < 2:
        raise DataError(
            f"{what} must have one dimension for the samples and at least one more, but has shape "
            f"{tuple(values.shape)}. Reshape a single feature with x.reshape(-1, 1)."
        )
    if 0 in values.shape[1:]:
        raise DataError(f"{what} must not be empty, but has shape {tuple(values.shape)}.")
    values = _as_bytes_or_floats(values)
    _check_finite(values, what)
    if values.dtype == torch.uint8 and values.ndim == 3:
        return values.unsqueeze(1)
    return values.permute(0, 3, 1, 2).contiguous() if _channels_last(values) else values


def _as_bytes_or_floats(values: Tensor) -> Tensor:
    """uint8 for images, those stored as wider integers included; float32 for everything else."""
    if values.ndim < 3 or values.is_floating_point() or values.dtype == torch.bool:
        return values.float()
    if values.dtype in UNSIGNED:
        values = values.long()
    if values.dtype != torch.uint8 and values.numel():
        low, high = values.aminmax()
        if low < 0 or high > 255:
            return values.float()
    return values.to(torch.uint8)


def _channels_last(x: Tensor) -> bool:
    """(N, H, W, C): 1 or 3 channels at the end, and not in front."""
    return (
        x.ndim == 4 and x.shape[3] in (1, 3) and x.shape[1] not in (1, 3) and min(x.shape[1:3]) > 3
    )


def _check_finite(x: Tensor, what: str) -> None:
    if not x.is_floating_point():
        return
    bad = ~torch.isfinite(x)
    count = int(bad.sum())
    if count:
        where = tuple(int(i) for i in bad.nonzero()[0])
        raise DataError(
            f"{what} must be finite, but {count} of its {x.numel()} values are NaN or infinite, "
            f"the first at index {where}: {x[where].item()}. Remove or replace them."
        )


def as_labels(y: object, what: str) -> Tensor:
    """(N,) int64, not yet checked against the number of classes."""
    values = _numbers(y, what)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"{what} must hold one label per sample, but has shape {tuple(values.shape)}. Convert "
            "one-hot labels with y.argmax(axis=1)."
        )
    if values.is_floating_point():
        raise DataError(
            f"{what} must be integers, but got dtype {values.dtype}. Convert class numbers with "
            "y.astype('int64'); regression is not supported."
        )
    return values.to(torch.int64)
