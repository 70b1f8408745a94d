"""Arrays that hold no numbers: what they hold, and how to turn it into numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from autosuperconv.errors import DataError


def no_numbers(values: NDArray[Any] | Tensor, kind: object, what: str) -> DataError:
    """The error for samples or labels of another kind.

    Args:
        values: as given.
        kind: their type.
        what: the part that they are, such as "train x".
    """
    return DataError(
        f"{what} must be an array of numbers, but got dtype {kind}. {_remedy(values, what)}"
    )


def _remedy(values: NDArray[Any] | Tensor, what: str) -> str:
    if what.endswith("y"):
        return "Number the classes, as in numpy.unique(y, return_inverse=True)[1]."
    if isinstance(values, Tensor) or values.dtype.kind == "c":
        library = "torch" if isinstance(values, Tensor) else "numpy"
        return (
            "Give real and imaginary parts as numbers of their own: "
            f"{library}.stack([x.real, x.imag], 1)."
        )
    if values.dtype.names is not None:
        return "Give its fields as columns: numpy.lib.recfunctions.structured_to_unstructured(x)."
    where = _first_without_number(values)
    if where is None:
        return "Convert it: numpy.asarray(x).astype('float64')."
    return (
        f"The value at index {where} is {values[where]!r}. Leave out what is no number, or turn it "
        "into numbers, as pandas.get_dummies(table, dtype=float) does with columns of text."
    )


def _first_without_number(values: NDArray[Any]) -> tuple[int, ...] | None:
    try:
        values.astype("float32")
    except (TypeError, ValueError):
        for where in np.ndindex(values.shape):
            try:
                float(values[where])
            except (TypeError, ValueError):
                return where
    return None
