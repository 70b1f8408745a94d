"""Labels: (N,) whole numbers from 0, or text, which is numbered in alphabetical order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autosuperconv.core.format import printable
from autosuperconv.errors import DataError
from autosuperconv.training.data.label_forms import no_whole_numbers, several_labels
from autosuperconv.training.data.samples import as_array, numbers

MOST_NAMED = 10  # classes in one sentence


def as_labels(y: object, what: str) -> Tensor:
    """(N,) int64, not yet checked against the number of classes.

    Raises:
        DataError: these are no whole numbers, or not one per sample.
    """
    values = numbers(_whole_objects(y, what), what)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise several_labels(values, what)
    if values.is_floating_point():
        raise no_whole_numbers(values, y, what)
    return values.to(torch.int64)


def _whole_objects(y: object, what: str) -> object:
    """Python's integers in an array of objects as an array of integers."""
    if isinstance(y, Tensor) or (array := as_array(y, what)).dtype.kind != "O":
        return y
    for at, value in enumerate(array.ravel().tolist()):
        if not isinstance(value, int | np.integer):
            raise DataError(
                f"{what} must be all integers or all text, but the label at index {at} is "
                f"{value!r}. Remove that sample or give it a label."
            )
    return array.astype(np.int64)


def as_text(y: object, what: str) -> NDArray[np.str_] | None:
    """(N,) text; None where the labels are of another kind.

    Raises:
        DataError: some of them are text and some are not.
    """
    if isinstance(y, Tensor):
        return None
    array = as_array(y, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind not in "OSUT" or array.ndim != 1:
        return None
    found = [isinstance(value, str | bytes) for value in array.tolist()]
    if not any(found):
        return None
    if not all(found):
        at = found.index(False)
        raise DataError(
            f"{what} must be all text or all integers, but the label at index {at} is "
            f"{array[at]!r} where others are text. Remove that sample or give it a label."
        )
    decoded = (v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for v in array)
    return np.array([printable(str(value)) for value in decoded])


def class_numbers(
    labels: Sequence[object], roles: Sequence[str]
) -> tuple[list[object], tuple[str, ...]]:
    """The labels of all parts, text replaced by its number among the training labels' classes;
    and the classes' names, none where the labels are numbers.

    Raises:
        DataError: a part has other labels than the training part.
    """
    texts = [as_text(y, f"{role} y") for y, role in zip(labels, roles, strict=True)]
    if texts[0] is None:
        odd = [role for text, role in zip(texts, roles, strict=True) if text is not None]
        if odd:
            raise DataError(
                f"{odd[0]} labels are text, but the training labels are not. Give both as text, or "
                "both as integers."
            )
        return list(labels), ()
    names = np.unique(texts[0])
    numbered = [_numbered(text, names, role) for text, role in zip(texts, roles, strict=True)]
    return list(numbered), tuple(names.tolist())


def _numbered(
    text: NDArray[np.str_] | None, names: NDArray[np.str_], role: str
) -> NDArray[np.int64]:
    if text is None:
        raise DataError(
            f"{role} labels are not text, but the training labels are. Give both as text, or both "
            "as integers."
        )
    unknown = np.flatnonzero(~np.isin(text, names))
    if len(unknown):
        raise DataError(
            f"{role} labels must be classes of the training data, but {len(unknown)} "
            f"{'is' if len(unknown) == 1 else 'are'} not; the first, at index {unknown[0]}, is "
            f"{str(text[unknown[0]])!r}. Remove these samples, or "
            "add some of their class to the training data."
        )
    return np.searchsorted(names, text).astype(np.int64)


def about_names(names: Sequence[str]) -> tuple[str, ...]:
    """A sentence on which class has which number."""
    if not names:
        return ()
    shown = [f"{number} {name}" for number, name in enumerate(names[:MOST_NAMED])]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (f"The labels are text; the classes are numbered {', '.join(shown)}{more}.",)
