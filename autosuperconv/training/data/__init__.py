"""Classification data, by name, from a folder of images, or the caller's own.

Every task comes in three parts, for three different purposes:

* `train` is what the network learns from.
* `validation` is what the search looks at: the range test, the baseline's tuning, every trial
  and the choice of the winner. After hundreds of looks the winner's validation accuracy is too
  high by the luck of the best of many, and no longer an estimate of anything.
* `test` is what the verdict is judged on. It is read once, for the confirmation runs, and
  nothing is chosen by it.

The official test set of MNIST, Fashion-MNIST and CIFAR is `test`, whole; `validation` is a
stratified part of the official training set (6,000 and 5,000 samples). A set that comes undivided
(digits, one folder, one array) is divided 60/20/20. The division is the same for every seed, so
that all searches on one data set are judged on the same samples.
"""

from __future__ import annotations

from pathlib import Path

from autosuperconv.errors import UnknownName
from autosuperconv.training.data.arrays import Data, as_task_data
from autosuperconv.training.data.build import assemble
from autosuperconv.training.data.folder import OnProgress, load_folder
from autosuperconv.training.data.registry import (
    Loader,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    mnist,
)
from autosuperconv.training.data.task import Samples, Split, TaskData, normalised

__all__ = [
    "DATASETS",
    "Data",
    "Loader",
    "OnProgress",
    "Samples",
    "Split",
    "TaskData",
    "as_task_data",
    "load_dataset",
    "normalised",
]

DATASETS: dict[str, Loader] = {
    "cifar10": cifar10,
    "cifar100": cifar100,
    "digits": digits,
    "fashion-mnist": fashion_mnist,
    "mnist": mnist,
}

FOLDER = "folder:"


def load_dataset(
    name: str,
    data_dir: Path,
    n_train: int | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    augment: str | None = None,
) -> TaskData:
    """A data set by its name, in memory unless a folder's images are too many for that.

    Args:
        name: a key of `DATASETS`, or "folder:PATH" for images in class folders.
        data_dir: where the named data sets lie, or are downloaded to on first use.
        n_train: keep that many training samples, stratified.
        seed: picks these; nothing else depends on it.
        on_progress: called with (files done, files in all) while a folder is read.
        augment: as in `as_task_data`.

    Raises:
        UnknownName: no such data set.
        DataError: it is missing, corrupt, or has fewer than `n_train` training samples.
    """
    if name.startswith(FOLDER):
        parts = load_folder(Path(name.removeprefix(FOLDER)).expanduser(), on_progress)
    elif name in DATASETS:
        parts = DATASETS[name](data_dir)
    else:
        raise UnknownName("data set", name, [*DATASETS, f"{FOLDER}PATH"])
    return assemble(parts, name, n_train=n_train, seed=seed, augment=augment)
