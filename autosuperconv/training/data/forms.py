"""Data in a form that is not taken: what it is and what to give instead, a row of a table each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset

from autosuperconv.errors import DataError, known_name
from autosuperconv.training.data.registry import DATASETS, FOLDER

TAKEN = "an (x, y) pair of arrays or tensors, or a torch Dataset"
LABELS = ("y", "label", "labels", "target", "targets", "class", "classes")
SPLITS = ("train", "validation", "val", "test")
STACKED = (
    "Give two arrays, (numpy.stack([x for x, _ in samples]), numpy.array([y for _, y in samples]))"
)


@runtime_checkable
class SupportsArray(Protocol):
    """What NumPy can convert to an array: its own arrays, tensors, data frames."""

    def __array__(self) -> NDArray[Any]: ...


@runtime_checkable
class Indexed(Protocol):
    """What could be a data set."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> object: ...


def wrong_form(data: object, role: str) -> DataError:
    """The error for a part that is neither a pair nor a data set."""
    what = next(text(data) for fits, text in FORMS if fits(data))
    return DataError(f"{role} must be {TAKEN}, but got {what}")


def wrong_count(data: tuple[object, ...]) -> DataError:
    """The error for a tuple that is neither one set nor the parts of one."""
    rule = "data must be one set, (train, test) or (train, validation, test)"
    entries = f"{len(data)} {'entry' if len(data) == 1 else 'entries'}"
    return DataError(f"{rule}, but got {entries}. {_regrouped(data)}")


def _regrouped(data: tuple[object, ...]) -> str:
    if len(data) == 1:
        return "Give the entry itself, data[0]."
    for order in orders(len(data)):
        if all(_belong(data[x], data[y]) for x, y in order):
            pairs = ", ".join(f"(data[{x}], data[{y}])" for x, y in order)
            return f"Give each part as a pair of its own: ({pairs})."
    return "Give each part as a pair of its own: ((x_train, y_train), (x_test, y_test))."


def orders(count: int) -> list[list[tuple[int, int]]]:
    """Which entries can belong together: neighbours, or as `train_test_split` returns them."""
    if count not in (4, 6):
        return []
    split = [(0, 2), (1, 3)] if count == 4 else [(0, 3), (1, 4), (2, 5)]
    return [[(i, i + 1) for i in range(0, count, 2)], split]


def refuse_swapped(x: object, y: object, role: str) -> None:
    """Say so where the labels come first.

    Raises:
        DataError: they do.
    """
    if _belong(y, x):
        raise DataError(
            f"{role} must be (x, y), the samples first, but its entries have the shapes "
            f"{_shape(x)} and {_shape(y)}. Give (y, x)."
        )


def _belong(x: object, y: object) -> bool:
    """Whether two arrays can be samples and their labels."""
    samples, labels = _shape(x), _shape(y)
    return len(samples) > 1 and len(labels) == 1 and samples[0] == labels[0]


def _shape(values: Any) -> tuple[int, ...]:
    """() where it has none."""
    try:
        return tuple(np.shape(values))
    except (TypeError, ValueError, RuntimeError):
        return ()


def _is_list_of_parts(data: object) -> bool:
    return (
        isinstance(data, list)
        and len(data) in (2, 3)
        and not any(_is_sample(part) for part in data)
        and all(isinstance(part, SupportsArray | Indexed) for part in data)
    )


def _is_list_of_samples(data: object) -> bool:
    return isinstance(data, list) and bool(data) and all(_is_sample(each) for each in data)


def _is_sample(value: object) -> bool:
    """(x, label), the label a single value."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        return False
    return isinstance(value[0], SupportsArray | list) and _shape(value[1]) == ()


def _named(data: object) -> str:
    name = str(data)
    if known := known_name(data, DATASETS):
        return f"the name {name!r}. Load it first: {_load(known)}."
    if name.startswith(FOLDER):
        return f"the name {name!r}. Load it first: {_load(name)}."
    if Path(name).is_dir():
        return f"the folder {name!r}. Load it first: {_load(FOLDER + name)}."
    if Path(name).is_file():
        return f"the file {name!r}. Read it first, and give its samples and labels as (x, y)."
    return (
        f"the text {name!r}. To load a data set by its name, such as digits, call "
        f"{_load('digits')}."
    )


def _load(name: str) -> str:
    return f"autosuperconv.load_dataset({name!r}, pathlib.Path('data'))"


def _mapped(data: object) -> str:
    assert isinstance(data, Mapping)
    keys = list(data)
    splits = [key for key in SPLITS if key in data]
    labels = [key for key in keys if str(key).lower() in LABELS]
    if len(splits) > 1:
        chosen: Sequence[object] = splits
    elif len(labels) == 1 and len(keys) > 1:
        chosen = [next(key for key in keys if key != labels[0]), labels[0]]
    else:
        chosen = ["x", "y"]
    given = ", ".join(f"data[{key!r}]" for key in chosen)
    return f"a {type(data).__name__}. Give its entries as a tuple, ({given})."


def _alone(data: object) -> str:
    name = type(data).__name__
    if name == "DataFrame":
        return (
            "a DataFrame alone. Give features and labels, as in (table.drop(columns='label'), "
            "table['label'])."
        )
    return f"samples alone ({name}). Give their labels too, (x, y)."


def _a(data: object) -> str:
    name = type(data).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


Row = tuple[Callable[[Any], bool], Callable[[Any], str]]

FORMS: tuple[Row, ...] = (
    (
        lambda data: isinstance(data, DataLoader) and isinstance(data.dataset, IterableDataset),
        lambda data: (
            "a DataLoader of an IterableDataset. Read it once: "
            f"samples = list(loader.dataset). {STACKED}."
        ),
    ),
    (
        lambda data: isinstance(data, DataLoader),
        lambda data: (
            "a DataLoader. Give the data set that it loads, loader.dataset; batches are "
            "made for each batch size that is tried."
        ),
    ),
    (lambda data: isinstance(data, str | Path), _named),
    (lambda data: isinstance(data, Mapping), _mapped),
    (_is_list_of_parts, lambda data: "a list. Give a tuple, tuple(data)."),
    (_is_list_of_samples, lambda data: f"a list of samples. {STACKED}."),
    (
        lambda data: isinstance(data, Iterator),
        lambda data: (
            f"{_a(data)}, which can be read only once. If it yields samples, keep them: "
            f"samples = list(data). {STACKED}."
        ),
    ),
    (
        lambda data: isinstance(data, tuple),
        lambda data: (
            f"a tuple of {len(data)} entries. Give x and y as arrays, "
            "(numpy.stack(x), numpy.array(y))."
        ),
    ),
    (
        lambda data: type(data).__module__.startswith("scipy.sparse"),
        lambda data: f"{_a(data)}, which is sparse. Give x.toarray().",
    ),
    (lambda data: isinstance(data, SupportsArray | list), _alone),
    (
        lambda data: isinstance(data, type),
        lambda data: f"the class {data.__name__}. Give an instance of it.",
    ),
    (
        lambda data: isinstance(data, Indexed),
        lambda data: (
            f"{_a(data)}. If it holds (tensor, label) pairs, derive its class from "
            "torch.utils.data.Dataset."
        ),
    ),
    (lambda data: True, lambda data: "None." if data is None else f"{_a(data)}."),
)
"""What a part is, and how it reads in the message, the first that fits."""
