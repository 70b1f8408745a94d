"""The official parts of torchvision's data sets, read into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from autosuperconv.errors import DataError
from autosuperconv.training.data.split import Part, Parts, tensor_part


def idx_files(folder: Path) -> list[Path]:
    """The four files of a data set that is distributed in MNIST's format."""
    return [
        folder / f"{which}-{what}-ubyte"
        for which in ("train", "t10k")
        for what in ("images-idx3", "labels-idx1")
    ]


def pickled_files(source: Any, data_dir: Path) -> list[Path]:
    """The files of a data set that is distributed in CIFAR's format."""
    names = [name for name, _ in (*source.train_list, *source.test_list)]
    return [data_dir / source.base_folder / name for name in names]


def official_parts(source: Any, data_dir: Path, files: list[Path]) -> Parts:
    """The official training and test set of a torchvision class, downloaded where missing."""
    download = not all(file.exists() for file in files)
    try:
        train, test = (source(data_dir, train=part, download=download) for part in (True, False))
    except (OSError, RuntimeError, ValueError, AssertionError, EOFError) as error:
        raise DataError(_message(source.__name__, data_dir, files, error)) from error
    return Parts(_resident(train), test=_resident(test))


def _message(name: str, data_dir: Path, files: list[Path], error: Exception) -> str:
    missing = [file.name for file in files if not file.exists()]
    if not missing:
        return (
            f"{name} in {files[0].parent} cannot be read: {error}. Delete that folder; the next "
            "start downloads it again."
        )
    cause = str(error).partition("\n")[0].rstrip(" .:") or type(error).__name__
    return (
        f"{name} is not in the data folder {data_dir}, and cannot be downloaded into it: {cause}. "
        f"Missing in "
        f"{files[0].parent}: {', '.join(missing)}. Put the files there, or choose another data "
        "folder (--data-dir)."
    )


def _resident(dataset: Any) -> Part:
    """A torchvision data set's images as (N, C, H, W), its labels beside them."""
    images = torch.as_tensor(dataset.data)
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    return tensor_part(images, torch.as_tensor(dataset.targets, dtype=torch.int64))
