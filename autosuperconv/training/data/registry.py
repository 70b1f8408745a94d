"""The data sets known by name. A new one is a function and a line in `DATASETS`.

Importing this module imports neither torch, torchvision nor scikit-learn: the command line reads
the names for its help. Each function imports what it needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from autosuperconv.core.user_path import user_path
from autosuperconv.errors import DataError, UnknownName, known_name

if TYPE_CHECKING:
    from autosuperconv.training.data.folder import OnProgress
    from autosuperconv.training.data.split import Parts
    from autosuperconv.training.data.task import TaskData

FOLDER = "folder:"


def digits(data_dir: Path) -> Parts:
    """scikit-learn's 1,797 handwritten digits, (1, 8, 8), undivided; needs no folder."""
    import numpy as np
    import torch
    from sklearn.datasets import load_digits

    from autosuperconv.training.data.split import Parts, tensor_part

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)  # given in 0..16
    labels = np.asarray(bunch.target, dtype=np.int64)
    return Parts(tensor_part(torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)))


def mnist(data_dir: Path) -> Parts:
    """LeCun et al. 1998: 60,000 + 10,000 handwritten digits, (1, 28, 28)."""
    from torchvision.datasets import MNIST

    from autosuperconv.training.data.torchvision_sets import idx_files, official_parts

    return official_parts(MNIST, data_dir, idx_files(data_dir / "MNIST" / "raw"))


def fashion_mnist(data_dir: Path) -> Parts:
    """Xiao et al. 2017: 60,000 + 10,000 pieces of clothing, (1, 28, 28)."""
    from torchvision.datasets import FashionMNIST

    from autosuperconv.training.data.torchvision_sets import idx_files, official_parts

    return official_parts(FashionMNIST, data_dir, idx_files(data_dir / "FashionMNIST" / "raw"))


def cifar10(data_dir: Path) -> Parts:
    """Krizhevsky 2009: 50,000 + 10,000 photographs of 10 classes, (3, 32, 32)."""
    from torchvision.datasets import CIFAR10

    from autosuperconv.training.data.torchvision_sets import official_parts, pickled_files

    return official_parts(CIFAR10, data_dir, pickled_files(CIFAR10, data_dir))


def cifar100(data_dir: Path) -> Parts:
    """Krizhevsky 2009: 50,000 + 10,000 photographs of 100 classes, (3, 32, 32)."""
    from torchvision.datasets import CIFAR100

    from autosuperconv.training.data.torchvision_sets import official_parts, pickled_files

    return official_parts(CIFAR100, data_dir, pickled_files(CIFAR100, data_dir))


DATASETS: dict[str, Callable[[Path], Parts]] = {  # from the data folder to the data set's parts
    "cifar10": cifar10,
    "cifar100": cifar100,
    "digits": digits,
    "fashion-mnist": fashion_mnist,
    "mnist": mnist,
}


def load_dataset(
    name: str,
    data_dir: Path,
    n_train: int | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    augment: str | None = None,
    image_size: tuple[int, int] | None = None,
    normalise: str | None = None,
    skip_broken: int = 0,
) -> TaskData:
    """A data set by its name, in memory unless a folder's images are too many for that.

    Args:
        name: a key of `DATASETS`, or "folder:PATH" for images in class folders.
        data_dir: the folder of the named data sets; missing ones are downloaded into it.
        n_train: keep that many training samples, stratified.
        seed: picks these; nothing else depends on it.
        on_progress: called with (files done, files in all) while a folder is read.
        augment: as in `as_task_data`.
        image_size: height and width that a folder's images get. None: their own, or the median
            shorter side where there are several sizes.
        normalise: as in `as_task_data`.
        skip_broken: how many of a folder's files may be left out because they cannot be read.

    Raises:
        UnknownName: no such data set.
        DataError: it is missing, corrupt, or has fewer than `n_train` training samples.
    """
    from autosuperconv.training.data.build import build_task
    from autosuperconv.training.data.folder import load_folder

    if isinstance(name, str) and name.startswith(FOLDER):
        parts = load_folder(
            Path(user_path(name.removeprefix(FOLDER))),
            on_progress,
            image_size,
            skip_broken,
        )
    elif (known := known_name(name, DATASETS)) is None:
        raise UnknownName("data set", name, [*DATASETS, f"{FOLDER}PATH"])
    elif image_size is not None:
        raise DataError(
            f"image_size sets the size of a folder's images, but {known!r} has its own. Leave it "
            "out (--image-size)."
        )
    else:
        name = known
        parts = DATASETS[name](Path(user_path(os.fspath(data_dir))))
    return build_task(parts, name, n_train=n_train, seed=seed, augment=augment, normalise=normalise)
