"""Torch's own containers are taken for what they hold, so that the data decide, not their box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from autosuperconv.training.data.split import Part
from autosuperconv.training.data.task import TensorSplit


def tensors_of(dataset: Dataset[Any]) -> tuple[Tensor, Tensor] | None:
    """(x, y) of a TensorDataset, and of Subsets and ConcatDatasets of such; None for any other.

    Only these very classes: a subclass may have transforms of its own.
    """
    if type(dataset) is TensorDataset and len(dataset.tensors) == 2:
        return dataset.tensors[0], dataset.tensors[1]
    if type(dataset) is Subset and (whole := tensors_of(dataset.dataset)) is not None:
        rows = torch.as_tensor(list(dataset.indices), dtype=torch.int64)
        return whole[0][rows], whole[1][rows]
    if type(dataset) is ConcatDataset:
        pieces = [tensors_of(piece) for piece in dataset.datasets]
        held = [piece for piece in pieces if piece is not None]
        kinds = {(x.shape[1:], x.dtype, y.shape[1:], y.dtype) for x, y in held}
        if len(held) == len(pieces) and len(kinds) == 1:
            return torch.cat([x for x, _ in held]), torch.cat([y for _, y in held])
    return None


def as_one_kind(parts: Sequence[Part]) -> list[Part]:
    """All parts in memory, or all streamed: where one is, the others are read from theirs."""
    if all(isinstance(part.samples, TensorSplit) for part in parts):
        return list(parts)
    return [_streamed(part) for part in parts]


def _streamed(part: Part) -> Part:
    if not isinstance(part.samples, TensorSplit):
        return part
    return Part(TensorDataset(part.samples.x, part.samples.y), part.y)
