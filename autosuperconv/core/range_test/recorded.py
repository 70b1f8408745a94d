"""Reads a recorded sweep out of CSV text."""

from __future__ import annotations

from autosuperconv.core.csv_table import Column, column_names, parse_table
from autosuperconv.core.range_test.sweep_reading import read_sweep
from autosuperconv.core.range_test.types import Reading
from autosuperconv.errors import InvalidInput

ACCURACIES = ("test_accuracy", "accuracy")
LOSSES_WITH_ACCURACY = ("train_loss", "loss", "test_loss")
"""Beside an accuracy the loss tells of divergence, which the training loss shows first."""
LOSSES_ALONE = ("test_loss", "loss", "train_loss")
"""Alone it stands for the accuracy: a training loss stays low long after accuracy is lost."""
SHOWN = 8
"""Names of a header that a message shows."""


def read_recorded(text: str) -> Reading:
    """Read a sweep recorded as CSV.

    Args:
        text: a table with a column `lr` and at least one of `test_accuracy`, `accuracy`,
            `test_loss`, `train_loss`, `loss`, in the order of training. Other columns are
            ignored, as are rows without a rate; cells may be empty.

    Raises:
        InvalidInput: a column is missing or a cell is not a number.
    """
    table = parse_table(text, {"lr", *ACCURACIES, *LOSSES_WITH_ACCURACY})
    _check(table, text)
    rates = table["lr"]
    rows = [i for i, rate in enumerate(rates) if rate is not None]
    accuracy = _first_filled(table, ACCURACIES)
    loss = _first_filled(table, LOSSES_WITH_ACCURACY if accuracy else LOSSES_ALONE)
    return read_sweep(
        [rate for rate in rates if rate is not None],
        accuracy=None if accuracy is None else [accuracy[i] for i in rows],
        loss=None if loss is None else [loss[i] for i in rows],
    )


def _check(table: dict[str, Column], text: str) -> None:
    if "lr" in table and len(table) > 1:
        return
    named = ", ".join(map(repr, column_names(text)[:SHOWN]))
    if "lr" not in table:
        needed = "a column 'lr', the learning rate of each row"
    else:
        needed = f"at least one of the columns {', '.join((*ACCURACIES, *LOSSES_ALONE))}"
    raise InvalidInput(
        f"The table must have {needed}, but its header names {named}; rename it there, in "
        "small letters, with cells separated by commas."
    )


def _first_filled(table: dict[str, Column], names: tuple[str, ...]) -> Column | None:
    """The first of the columns that holds any number."""
    columns = (table[name] for name in names if name in table)
    return next((c for c in columns if any(value is not None for value in c)), None)
