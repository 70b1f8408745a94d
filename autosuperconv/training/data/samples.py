"""Samples from arrays: which numbers they are, and on which axis their channels lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autosuperconv.core.format import counted
from autosuperconv.errors import DataError
from autosuperconv.training.data.no_numbers import no_numbers

UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)  # torch has few operations for these
LARGEST_WHOLE = 2**63 - 1  # of torch's int64
EXACT = 2**53  # above it, float64 has no longer every whole number
MOST_CHANNELS = 16  # of images whose channels are on the last axis; 13 are Sentinel-2's bands


@dataclass(frozen=True, slots=True)
class Taken:
    """Samples as they are stored.

    Args:
        x: (N, C, H, W) uint8 images; or float32, float64 or int64 (N, ...).
        note: what they were taken for, where their shape could mean something else.
    """

    x: Tensor
    note: str = ""


def numbers(values: object, what: str) -> Tensor:
    """As a tensor of any numeric type.

    Raises:
        DataError: these are no numbers.
    """
    if isinstance(values, Tensor):
        if values.is_complex():
            raise no_numbers(values, values.dtype, what)
        values = dense_tensor(values, what)
        if values.dtype not in UNSIGNED:
            return values
    array = as_array(values, what)
    if array.dtype.kind not in "biuf":
        raise no_numbers(array, array.dtype, what)
    if array.dtype == np.uint64 and array.size and array.max() > LARGEST_WHOLE:
        raise DataError(
            f"{what} must be at most {LARGEST_WHOLE}, but has the value {array.max()}. Number its "
            f"values from 0, as in numpy.unique({what[-1]}, return_inverse=True)[1]"
            f"{'' if array.ndim == 1 else f'.reshape({what[-1]}.shape)'}."
        )
    if array.dtype.itemsize > 8:  # long doubles, which torch does not have
        array = array.astype(np.float64)
    native = array.astype(array.dtype.newbyteorder("="), order="C", copy=not array.flags.writeable)
    return torch.from_numpy(native)


def dense_tensor(values: Tensor, what: str) -> Tensor:
    """A tensor on the CPU that holds one number for each entry, none narrower than a half.

    Raises:
        DataError: it is sparse, quantized, nested or without values.
    """
    for kind, found, remedy in (
        ("nested", values.is_nested, "Pad the samples to one length, x.to_padded_tensor(0.0)"),
        ("sparse", values.layout != torch.strided, "Give x.to_dense()"),
        ("quantized", values.is_quantized, "Give x.dequantize()"),
        ("without values (meta)", values.is_meta, "Give a tensor on the CPU"),
    ):
        if found:
            raise DataError(f"{what} must be a dense tensor, but it is {kind}. {remedy}.")
    values = values.detach().cpu()
    return values.float() if values.is_floating_point() and values.itemsize == 1 else values


def as_array(values: object, what: str) -> NDArray[Any]:
    """As an array of any kind.

    Raises:
        DataError: its rows have several lengths, or some of its values are masked.
    """
    if isinstance(values, np.ma.MaskedArray) and (count := np.ma.count_masked(values)):
        where = tuple(np.argwhere(np.ma.getmaskarray(values))[0].tolist())
        remedy = (
            "Remove the samples without a label."
            if what.endswith("y")
            else "Remove these samples, or fill the values, as in x.filled(0)."
        )
        raise DataError(
            f"{what} must have all its values, but {count} of {values.size} are masked, the first "
            f"at index {where}. {remedy}"
        )
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"{what} must be a rectangular array of numbers: {str(error).rstrip('.')}. Pad or cut "
            "the samples to one length."
        ) from error


def as_samples(x: object, what: str, finite: bool = True) -> Taken:
    """Images as (N, C, H, W) uint8, whole numbers as int64, everything else as floats.

    Args:
        x: the samples.
        what: names them in messages.
        finite: refuse NaN and infinity; otherwise they are left in.

    Raises:
        DataError: these are no samples.
    """
    values = numbers(x, what)
    if values.ndim < 2:
        raise DataError(
            f"{what} must have one dimension for the samples and at least one more, but has shape "
            f"{tuple(values.shape)}. Reshape a single feature with numpy.reshape(x, (-1, 1))."
        )
    if 0 in values.shape[1:]:
        raise DataError(
            f"{what} must not be empty, but has shape {tuple(values.shape)}. Give at least one "
            "number for each sample."
        )
    if finite:
        _check_finite(values, what)
    return _laid_out(*_stored(values, what))


def finite_rows(x: Tensor) -> Tensor:
    """(N,) whether a sample has neither NaN nor infinity."""
    return torch.isfinite(x).flatten(1).all(1)


def _stored(values: Tensor, what: str) -> tuple[Tensor, str]:
    """The values in one of four types, and a note.

    From three axes on, whole numbers from 0 to 255 are images. Of two axes, bytes and truth
    values are features, and other whole numbers are left alone: they may be the numbers of tokens.

    Raises:
        DataError: whole numbers that cannot be told apart as floats.
    """
    if values.is_floating_point():
        return (values if values.dtype == torch.float64 else values.float()), ""
    if values.ndim < 3:
        small = values.dtype in (torch.bool, torch.uint8)
        return (values.float() if small else values.long()), ""
    if values.dtype in (torch.bool, torch.uint8):
        return values.to(torch.uint8), ""
    deep = values.dtype in UNSIGNED
    values = values.long()
    low, high = values.aminmax() if values.numel() else (0, 0)
    least, most = int(low), int(high)
    if max(-least, most) > EXACT > most - least:
        raise DataError(
            f"{what} has whole numbers from {least} to {most}, which floats cannot tell apart. "
            "Give x - x.min()."
        )
    if low < 0 or high > 255:
        return (values.double().unsqueeze(1) if deep and values.ndim == 3 else values.double()), ""
    note = ""
    if values.ndim == 3:
        note = (
            f"Whole numbers from 0 to 255 of shape {tuple(values.shape)} are taken as gray images "
            f"of {values.shape[1]} x {values.shape[2]}. If they are series, convert them with "
            "x.astype('float32')."
        )
    return values.to(torch.uint8), note


def _laid_out(x: Tensor, note: str) -> Taken:
    if x.dtype == torch.uint8 and x.ndim == 3:
        return Taken(x.unsqueeze(1), note)
    if x.ndim != 4 or not _channels_last(*x.shape[1:]):
        return Taken(x, note)
    count, height, width, channels = x.shape
    if channels != 3:
        note = (
            f"Shape {tuple(x.shape)} is taken as {count} images of {height} x {width} pixels with "
            f"{counted(channels, 'channel')} on the last axis. Give (N, C, H, W) if it is "
            "something else."
        )
    return Taken(x.permute(0, 3, 1, 2).contiguous(), note)


def _channels_last(a: int, b: int, c: int) -> bool:
    """Whether samples of (a, b, c) are (H, W, C): an axis of few channels is the shortest."""
    return c <= MOST_CHANNELS and c < min(a, b) and not (a < min(b, c) or a in (1, 3))


def _check_finite(x: Tensor, what: str) -> None:
    if not x.is_floating_point():
        return
    bad = ~torch.isfinite(x)
    count = int(bad.sum())
    if count:
        where = tuple(int(i) for i in bad.nonzero()[0])
        raise DataError(
            f"{what} must be finite, but {count} of its {x.numel()} values are NaN or infinite, "
            f"the first at index {where}: {x[where].item()}. Remove these samples, replace "
            "the values, as numpy.nan_to_num(x) does, or say how many such samples may be left out "
            "(skip_broken)."
        )
