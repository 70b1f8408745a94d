"""Arrays, labels and forms of data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.arrays import as_task_data
from tests.messages.table import Row, call

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 8)).astype("float32")
Y = np.arange(60) % 3
ARRAYS = "training/data/arrays.py"
FORM = f"{ARRAYS} _part 1"
COUNT = f"{ARRAYS} _parts 1"
LISTED = [X, Y]
PARTS = [(X, Y), (X, Y)]
LOADER = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=8)
SET: Any = LOADER.dataset


def task(data: Any, **options: Any) -> object:
    return as_task_data(data, **options)


def labelled(y: Any, **options: Any) -> object:
    return task((X, y), **options)


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        return zip(torch.tensor(X), Y.tolist(), strict=True)


STREAM = DataLoader(Stream())


def read_once() -> object:
    return ((x, y) for x, y in zip(X, Y, strict=True))


class Indexable:
    """As a data set, without its class."""

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int) -> Any:
        return torch.tensor(X[index]), int(Y[index])


class Derived(Indexable, torch.utils.data.Dataset[Any]):
    pass


def stacked(samples: Any) -> object:
    """As the message writes it."""
    samples = list(samples)
    return task((np.stack([x for x, _ in samples]), np.array([y for _, y in samples])))


def loaded(name: str) -> object:
    return load_dataset(name, Path("data"))


def renumbered(y: Any) -> Any:
    return np.unique(y, return_inverse=True)[1]


MORE = "samples of another class have to be added"
SMALL = np.arange(60) < 2
ROWS = [
    Row(FORM, call(task, LOADER), "loader.dataset", call(task, SET)),
    Row(FORM, call(task, (LOADER, LOADER)), "loader.dataset", call(task, (SET, SET))),
    Row(
        FORM, call(task, STREAM), "samples = list(loader.dataset)", lambda: stacked(STREAM.dataset)
    ),
    Row(
        FORM,
        call(task, "Digits"),
        "autosuperconv.load_dataset('digits', pathlib.Path('data'))",
        call(loaded, "digits"),
    ),
    Row(FORM, call(task, "my data"), "autosuperconv.load_dataset('digits'", call(loaded, "digits")),
    Row(
        FORM,
        call(task, {"label": Y, "pixels": X}),
        "(data['pixels'], data['label'])",
        call(task, (X, Y)),
    ),
    Row(
        FORM,
        call(task, {"train": SET, "test": SET}),
        "(data['train'], data['test'])",
        call(task, (SET, SET)),
    ),
    Row(FORM, call(task, LISTED), "tuple(data)", call(task, tuple(LISTED))),
    Row(FORM, call(task, PARTS), "tuple(data)", call(task, tuple(PARTS))),
    Row(
        FORM,
        call(task, list(zip(X, Y, strict=True))),
        "numpy.stack([x for x, _ in samples])",
        lambda: stacked(zip(X, Y, strict=True)),
    ),
    Row(FORM, lambda: task(read_once()), "samples = list(data)", lambda: stacked(read_once())),
    Row(FORM, call(task, X), "Give their labels too, (x, y)", call(task, (X, Y))),
    Row(
        FORM,
        call(task, (tuple(X), tuple(Y))),
        "(numpy.stack(x), numpy.array(y))",
        lambda: task((np.stack(tuple(X)), np.array(tuple(Y)))),
    ),
    Row(FORM, call(task, TensorDataset), "an instance of it", call(task, SET)),
    Row(
        FORM,
        call(task, Indexable()),
        "derive its class from torch.utils.data.Dataset",
        lambda: task(Derived()),
    ),
    Row(FORM, call(task, None), "an (x, y) pair of arrays or tensors", call(task, (X, Y))),
    Row(
        COUNT,
        call(task, (X, X[:30], Y, Y[:30])),
        "((data[0], data[2]), (data[1], data[3]))",
        call(task, ((X, Y), (X[:30], Y[:30]))),
    ),
    Row(
        COUNT,
        call(task, (X, Y, X[:30], Y[:30])),
        "((data[0], data[1]), (data[2], data[3]))",
        call(task, ((X, Y), (X[:30], Y[:30]))),
    ),
    Row(COUNT, call(task, (SET,)), "data[0]", call(task, SET)),
    Row(
        COUNT,
        call(task, ((X, Y),) * 5),
        "((x_train, y_train), (x_test, y_test))",
        call(task, ((X, Y), (X, Y))),
    ),
    Row(
        f"{ARRAYS} _resident_part 1",
        call(task, (X, Y[:-1])),
        "one label for each sample",
        call(task, (X, Y)),
    ),
    Row(
        f"{ARRAYS} as_task_data 1",
        call(task, (X, Y), skip_broken=-1),
        "Leave it out",
        call(task, (X, Y)),
    ),
    Row(
        FORM,
        call(task, (csr_matrix(X), Y)),
        "x.toarray()",
        lambda: task((csr_matrix(X).toarray(), Y)),
    ),
    Row(f"{ARRAYS} _resident_part 1", call(task, (X.T, Y)), "Give x.T", call(task, (X.T.T, Y))),
    Row(
        f"{ARRAYS} _resident_part 2",
        call(task, (X[:0], Y[:0])),
        "at least one sample",
        call(task, (X, Y)),
    ),
    Row(
        "training/data/forms.py refuse_swapped 1",
        call(task, (Y, X)),
        "Give (y, x)",
        call(task, (X, Y)),
    ),
    Row(
        "training/data/build.py build_task 1",
        call(task, (np.ones_like(X), Y)),
        "give the values themselves",
        call(task, (X, Y)),
    ),
    Row(
        "training/data/build.py build_task 2",
        call(task, (X, Y), augment="crop-flip"),
        "augment must be none",
        call(task, (X, Y), augment="none"),
    ),
    Row(
        "training/data/build.py _check_classes 1",
        call(labelled, Y * 0),
        "another class",
        nothing=MORE,
    ),
    Row(
        "training/data/build.py _check_classes 2",
        call(labelled, Y * 2),
        "numpy.unique(y, return_inverse=True)[1], or pass classes=5",
        lambda: [labelled(renumbered(Y * 2)), labelled(Y * 2, classes=5)],
    ),
    Row(
        "training/data/build.py _check_range 1",
        call(labelled, Y - 1),
        "numpy.unique(y, return_inverse=True)[1]",
        lambda: labelled(renumbered(Y - 1)),
    ),
    Row(
        "training/data/build.py _check_range 1",
        call(labelled, Y, classes=2),
        "pass classes=3",
        call(labelled, Y, classes=3),
    ),
    Row(
        "training/data/build.py _common_shape 1",
        call(task, ((X, Y), (X[:, :3], Y))),
        "the training samples' shape",
        call(task, ((X, Y), (X, Y))),
    ),
    Row(
        "training/data/split.py _first 1",
        call(task, (X, Y), n_train=2),
        "at least",
        call(task, (X, Y), n_train=3),
    ),
    Row(
        "training/data/split.py _first 2",
        call(task, (X, Y), n_train=100),
        "at most 36",
        call(task, (X, Y), n_train=36),
    ),
    Row(
        "training/data/split.py _check_enough 1",
        call(labelled, SMALL * 1),
        "the splits yourself",
        call(task, ((X, SMALL * 1),) * 3),
    ),
]
