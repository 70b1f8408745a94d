"""Folders of images: one folder per class, as in ImageNet and torchvision's ImageFolder.

    PATH/train/CLASS/*.jpg with PATH/test/..., PATH/val/... or both
    PATH/CLASS/*.jpg, one undivided set

Other spellings are known, such as Train and Test_Set, training and validation, train2017, dev.
If both exist, `val` is for the search and `test` for the verdict. If only one exists, it is for
the verdict, as papers use ImageNet's `val`, and validation samples are taken from `train`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from autosuperconv.training.data.checked import about_broken
from autosuperconv.training.data.folder.cache import Stored, cache_file, read_cache, write_cache
from autosuperconv.training.data.folder.decoder import (
    STORED_SHARE,
    OnProgress,
    decode,
    decode_each,
    decode_one,
    fits_in_memory,
    has_room,
    read_heads,
    unreadable,
)
from autosuperconv.training.data.folder.heads import Images, Size, Target, notes_on, target_for
from autosuperconv.training.data.folder.listing import ImageFile, Listing, list_parts
from autosuperconv.training.data.folder.roles import Role
from autosuperconv.training.data.split import Deferred, Part, Parts
from autosuperconv.training.data.task import Labels

__all__ = ["FolderImages", "OnProgress", "load_folder"]


class FolderImages(Dataset[tuple[Tensor, int]]):
    """Images decoded when they are read: (C, H, W) uint8 or float32, and the label."""

    def __init__(self, paths: Sequence[str], targets: Labels, target: Target) -> None:
        self.paths = tuple(paths)
        self.targets = targets
        self.target = target

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = decode_one(self.paths[index], self.target)
        return torch.from_numpy(image.copy()), int(self.targets[index])


def load_folder(
    root: Path,
    on_progress: OnProgress | None = None,
    size: Size | None = None,
    skip_broken: int = 0,
) -> Parts:
    """A folder's images in one size, in memory if they fit, otherwise streamed.

    Images that all have one size, at most 224 pixels a side, stay as they are. Otherwise each
    is scaled by its shorter side and cropped in the middle to a square; the square's side is the
    median shorter side, at most 224. There is one channel if all images are gray, otherwise
    three, and one more where opacity varies. Gray levels of more than 8 bits become floats on the
    scale of the whole set. Images that fit in half of the free memory are decoded once and
    kept in the user's cache folder, so that the next start only lists the files. More images than
    that are decoded again in every epoch.

    Args:
        on_progress: called with (files done, files in all), for headers and then for pixels.
        size: height and width that every image gets; None: as above.
        skip_broken: how many files that cannot be read may be left out; to find them, all are
            read beforehand.

    Raises:
        DataError: there is no folder, no image or only one class; `test` has other classes than
            `train`; or an image cannot be read.
    """
    listing = list_parts(root)
    if skip_broken:
        listing = _readable(listing, skip_broken, on_progress)
    files = [file for part in listing.parts.values() for file in part]
    paths = [file.path for file in files]
    cache = cache_file(root, [(file.path, file.label, *file.state) for file in files], size)
    stored = read_cache(cache, len(files))
    if stored is not None and has_room(stored.nbytes, STORED_SHARE):
        return _resident(listing, stored.take, *stored.notes)
    heads = read_heads(paths, on_progress)
    target = target_for(heads, size)
    notes = notes_on(heads, target)
    if not fits_in_memory(len(files), target):
        streamed = {role: _streamed(part, target) for role, part in listing.parts.items()}
        return _as_parts(streamed, listing, *notes)
    decode_into = partial(decode_each, paths, target, on_progress=on_progress)
    kept = write_cache(cache, target, len(files), notes, decode_into)
    if isinstance(kept, Stored):
        return _resident(listing, kept.take, *notes)

    def decoded(rows: NDArray[np.int64]) -> Images:
        return decode([paths[row] for row in rows], target, on_progress)

    return _resident(listing, decoded, *notes, kept)


def _readable(listing: Listing, skip_broken: int, on_progress: OnProgress | None) -> Listing:
    """The listing without the files that cannot be read, which are noted."""
    faults = {
        role: unreadable([file.path for file in part], on_progress)
        for role, part in listing.parts.items()
    }
    notes = about_broken({str(role): found for role, found in faults.items()}, skip_broken)
    parts = {
        role: [file for file in part if file.path not in faults[role]]
        for role, part in listing.parts.items()
    }
    return replace(listing, parts=parts, notes=(*listing.notes, *notes))


def _as_parts(parts: dict[Role, Part], listing: Listing, *notes: str) -> Parts:
    return Parts(
        parts["train"],
        parts.get("validation"),
        parts.get("test"),
        (*listing.notes, *notes),
        listing.classes,
    )


def _labels(part: Sequence[ImageFile]) -> Labels:
    return np.array([file.label for file in part], dtype=np.int64)


def _resident(listing: Listing, take: Callable[[NDArray[np.int64]], Images], *notes: str) -> Parts:
    """Parts whose images are taken, by their numbers, once they are divided."""
    ends = np.cumsum([len(part) for part in listing.parts.values()])
    numbers = np.split(np.arange(ends[-1]), ends[:-1])

    def read(rows: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(take(rows))

    parts = {
        role: Part(Deferred(read, rows), _labels(part))
        for (role, part), rows in zip(listing.parts.items(), numbers, strict=True)
    }
    return _as_parts(parts, listing, *notes)


def _streamed(part: Sequence[ImageFile], target: Target) -> Part:
    labels = _labels(part)
    return Part(FolderImages([file.path for file in part], labels, target), labels)
