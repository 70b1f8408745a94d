"""The data sets known by name, each a function from the data folder to its parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from autosuperconv.errors import DataError
from autosuperconv.training.data.split import Part, Parts, resident

Loader: TypeAlias = Callable[[Path], Parts]


def digits(data_dir: Path) -> Parts:
    """scikit-learn's 1,797 handwritten digits, (1, 8, 8), undivided; needs no folder."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)  # given in 0..16
    labels = np.asarray(bunch.target, dtype=np.int64)
    return Parts(resident(torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)))


def mnist(data_dir: Path) -> Parts:
    """LeCun et al. 1998: 60,000 + 10,000 handwritten digits, (1, 28, 28)."""
    from torchvision.datasets import MNIST

    return _official(MNIST, data_dir, _idx_files(data_dir / "MNIST" / "raw"))


def fashion_mnist(data_dir: Path) -> Parts:
    """Xiao et al. 2017: 60,000 + 10,000 pieces of clothing, (1, 28, 28)."""
    from torchvision.datasets import FashionMNIST

    return _official(FashionMNIST, data_dir, _idx_files(data_dir / "FashionMNIST" / "raw"))


def cifar10(data_dir: Path) -> Parts:
    """Krizhevsky 2009: 50,000 + 10,000 photographs of 10 classes, (3, 32, 32)."""
    from torchvision.datasets import CIFAR10

    folder = data_dir / CIFAR10.base_folder
    names = [name for name, _ in (*CIFAR10.train_list, *CIFAR10.test_list)]
    return _official(CIFAR10, data_dir, [folder / name for name in names])


def cifar100(data_dir: Path) -> Parts:
    """Krizhevsky 2009: 50,000 + 10,000 photographs of 100 classes, (3, 32, 32)."""
    from torchvision.datasets import CIFAR100

    folder = data_dir / CIFAR100.base_folder
    names = [name for name, _ in (*CIFAR100.train_list, *CIFAR100.test_list)]
    return _official(CIFAR100, data_dir, [folder / name for name in names])


def _idx_files(folder: Path) -> list[Path]:
    return [
        folder / f"{which}-{what}-ubyte"
        for which in ("train", "t10k")
        for what in ("images-idx3", "labels-idx1")
    ]


def _official(source: Any, data_dir: Path, files: list[Path]) -> Parts:
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
            f"{name} in {files[0].parent} cannot be read: {error}. Delete that folder and start "
            "again to download it anew."
        )
    return (
        f"{name} is not in the data folder {data_dir}, and cannot be downloaded into it: "
        f"{str(error).splitlines()[0] if str(error) else type(error).__name__}. Looked in "
        f"{files[0].parent} for {', '.join(missing)}. Put them there, or name the folder that "
        "has them."
    )


def _resident(dataset: Any) -> Part:
    """A torchvision data set's images as (N, C, H, W), its labels beside them."""
    images = torch.as_tensor(dataset.data)
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    return resident(images, torch.as_tensor(dataset.targets, dtype=torch.int64))
