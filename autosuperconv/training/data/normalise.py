"""The one rule by which inputs are normalised, whatever container they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from autosuperconv.core.format import counted
from autosuperconv.core.normalisation import KINDS, Normalisation, span
from autosuperconv.errors import DataError, one_of
from autosuperconv.training.data.checked import Checked, kind_of_numbers
from autosuperconv.training.data.split import Part
from autosuperconv.training.data.task import AXES, Samples, Shape, TensorSplit
from autosuperconv.training.data.torch_dataset import first_sample
from autosuperconv.training.engine.isolation import seed_all

CHUNK = 4096  # samples a piece, so that 50,000 images are never held as float64 at once
LITTLE = 2**20  # bytes a piece
ROUNDING = {torch.float64: 1e-14}  # relative: a spread below it is rounding, so it is constant
FLOAT32_ROUNDING = 1e-7
MOST_READ = 10_000  # samples of a streamed set: the error of a mean is a hundredth of the spread
NEAR = 5.0  # times: a spread of 1, or a mean of 0, as good as normalised
COARSE = 1e-3  # of the mean: a smaller spread has under 20,000 of float32's steps
LARGEST = 1e30  # float32 ends at 3e38, and its squares at 1e19 are summed in float64

Values: TypeAlias = tuple[float, ...]


def kind_of(normalise: str | None, shape: Shape, dtype: torch.dtype) -> str:
    """By which axis samples of a shape and type are normalised.

    Raises:
        UnknownName: no such rule.
    """
    if normalise is not None:
        return one_of("normalisation", normalise, KINDS)
    if dtype != torch.uint8 and not dtype.is_floating_point:
        return "none"
    return "channel" if len(shape) >= 3 else "feature"


@dataclass(frozen=True, slots=True)
class InputStatistics:
    """Of training samples.

    Args:
        found: their mean and standard deviation, where they are normalised.
        arriving: the same where they are not, by feature.
        constant: features or channels that have one value.
        equal: all samples are the same.
        count: how many were read.
    """

    found: Normalisation
    arriving: Normalisation
    constant: int
    equal: bool
    count: int


def statistics(part: Part, kind: str, classes: int) -> InputStatistics:
    """Mean and standard deviation of training samples.

    uint8 counts in 255ths. Streamed samples are read once, at most `MOST_READ` of them, evenly
    spread, with the same random numbers at every start.
    """
    samples = part.samples
    if isinstance(samples, TensorSplit) and samples.x.dtype == torch.uint8 and kind == "channel":
        mean, std = _moments_of_bytes(samples.x)
        equal = all(bool((piece == samples.x[:1]).all()) for piece in _little(samples.x))
        found = Normalisation(kind, _values(mean), _values(std))
        return InputStatistics(found, found, 0, equal, len(samples.x))
    if isinstance(samples, TensorSplit):
        pieces, count = _pieces(samples.x), len(samples.x)
    else:
        count = min(MOST_READ, len(part.y))
        chosen = np.linspace(0, len(part.y) - 1, count).astype(int)
        pieces = _read(part, chosen.tolist(), "train", classes)
    mean, std, equal = _moments(pieces, kind)
    constant = std == 0
    std = torch.where(constant, 1.0, std)
    arriving = Normalisation(kind, _values(mean), _values(std))
    found = Normalisation() if kind == "none" else arriving
    return InputStatistics(found, arriving, int(constant.sum()), equal, count)


def _values(numbers: Tensor) -> Values:
    return tuple(numbers.tolist())


def _moments_of_bytes(x: Tensor) -> tuple[Tensor, Tensor]:
    """From histograms: ten times as fast as float64 sums on 45,000 32 x 32 images."""
    values = torch.arange(256, dtype=torch.float64) / 255
    counts = sum(map(_histograms, _little(x)), torch.zeros(1, dtype=torch.int64))
    shares = counts.double() / (x.numel() // x.shape[1])
    mean = shares @ values
    std = (shares * (values - mean[:, None]).square()).sum(1).sqrt()
    return mean, torch.where(std <= FLOAT32_ROUNDING * mean.abs(), 1.0, std)


def _histograms(x: Tensor) -> Tensor:
    """(C, 256): how often each channel has each value."""
    return torch.stack([x[:, c].reshape(-1).bincount(minlength=256) for c in range(x.shape[1])])


def _little(x: Tensor) -> Iterator[Tensor]:
    """Pieces of bytes that are small beside any data; sums of whole numbers do not depend on
    them."""
    return iter(x.split(max(1, LITTLE * len(x) // max(x.nbytes, 1))))


def _pieces(x: Tensor) -> Iterator[Tensor]:
    return iter(x.split(CHUNK))


def _read(part: Part, chosen: list[int], role: str, classes: int) -> Iterator[Tensor]:
    assert not isinstance(part.samples, TensorSplit)
    seed_all(0)
    first = first_sample(part.samples, role)
    kind, shape = kind_of_numbers(first), tuple(first.shape)
    samples = Checked(part.samples, role, shape, kind, classes, part.y, floats_of(first))
    for start in range(0, len(chosen), 256):
        yield torch.stack([samples[i][0] for i in chosen[start : start + 256]])


def floats_of(first: Tensor) -> torch.dtype:
    """The type in which floats like a sample's are measured."""
    return torch.float64 if first.dtype == torch.float64 else torch.float32


def _moments(pieces: Iterable[Tensor], kind: str) -> tuple[Tensor, Tensor, bool]:
    """In one pass, by Chan, Golub and LeVeque's update (1979); rounding is no deviation."""
    n, equal, first, rounding = 0, True, None, FLOAT32_ROUNDING
    mean = squares = torch.zeros((), dtype=torch.float64)
    for piece in pieces:
        first = piece[:1] if first is None else first
        equal = equal and bool((piece == first).all())
        rounding = ROUNDING.get(piece.dtype, FLOAT32_ROUNDING)
        rows = _by_axis(piece, kind).double() / (255 if piece.dtype == torch.uint8 else 1)
        there = rows.mean(0)
        here = (rows - there).square().sum(0)
        shift, total = there - mean, n + len(rows)
        squares = squares + here + shift.square() * (n * len(rows) / total)
        mean, n = mean + shift * (len(rows) / total), total
    std = (squares / max(n, 1)).sqrt()
    return mean, torch.where(std <= rounding * mean.abs(), 0.0, std), equal


def _by_axis(x: Tensor, kind: str) -> Tensor:
    """(N, ...) -> (rows, channels or features)."""
    return (x.movedim(1, -1) if kind == "channel" else x).reshape(-1, x.shape[AXES.get(kind, -1)])


def in_float32(
    splits: Sequence[Samples], found: Normalisation
) -> tuple[list[Samples], Normalisation]:
    """The splits without float64, and how what is stored is to be normalised.

    Values that are far from 0 for their spread, or beyond float32's range, are normalised before
    they lose digits.
    """
    if not all(isinstance(split, TensorSplit) for split in splits):
        return list(splits), found
    ready = [_in_float32(split, found) for split in splits if isinstance(split, TensorSplit)]
    if not (needs_doubles(found) and _is_double(splits[0])):
        return list(ready), found
    flat = (len(found.mean),)
    return list(ready), Normalisation(found.kind, (0.0,) * flat[0], (1.0,) * flat[0])


def _is_double(split: Samples) -> bool:
    return isinstance(split, TensorSplit) and split.x.dtype == torch.float64


def _in_float32(split: TensorSplit, found: Normalisation) -> TensorSplit:
    x = split.x
    if x.dtype == torch.int64 and found.kind == "none":
        return split
    if x.dtype == torch.float64 and needs_doubles(found):
        sides = [1] * x.ndim
        sides[AXES[found.kind]] = len(found.mean)
        mean, std = (torch.tensor(v, dtype=x.dtype).view(sides) for v in (found.mean, found.std))
        x = (x - mean) / std
    return TensorSplit(x if x.dtype == torch.uint8 else x.float(), split.y)


def needs_doubles(found: Normalisation) -> bool:
    """Whether float32 would lose what tells samples apart before they are normalised."""
    return found.kind != "none" and any(
        s < COARSE * abs(m) or max(s, abs(m)) > LARGEST or s < 1 / LARGEST
        for m, s in zip(found.mean, found.std, strict=True)
    )


def about_scale(known: InputStatistics, dtype: torch.dtype, streams: bool) -> tuple[str, ...]:
    """What the user should know about the scale of the inputs, one sentence each."""
    arriving, kind = known.arriving, known.found.kind
    notes = []
    if known.constant and kind != "none":
        notes.append(
            f"{known.constant} of {counted(len(arriving.std), kind)} have one value in all "
            "training samples and tell nothing apart."
        )
    pairs = zip(arriving.mean, arriving.std, strict=True)
    scaled = all(1 / NEAR < s < NEAR and abs(m) < NEAR for m, s in pairs)
    if scaled or (not dtype.is_floating_point and kind == "none") or dtype == torch.uint8:
        return tuple(notes)
    read = f" (of {known.count} samples)" if streams else ""
    what = (
        "they are not normalised"
        if kind == "none"
        else (f"each {kind} is normalised to mean 0 and standard deviation 1")
    )
    notes.append(
        f"The inputs arrive with means of {span(arriving.mean)} and standard deviations of "
        f"{span(arriving.std)}{read}; {what} (--normalise)."
    )
    return tuple(notes)


def refuse_constant(name: str) -> DataError:
    """The error for training data that tell nothing apart."""
    return DataError(
        f"All training samples of {name!r} are equal: every feature is constant, so there is "
        "nothing to learn. Look at how they were read or scaled, and give the values themselves."
    )
