"""Reads a recorded sweep out of CSV text."""

from __future__ import annotations

from collections.abc import Mapping

from autosuperconv.core.csv_table import (
    ACCURACIES,
    LR_NEEDED,
    Column,
    first_filled,
    missing_column,
    parse_table,
)
from autosuperconv.core.range_test.sweep_reading import read_sweep
from autosuperconv.core.range_test.types import Reading

LOSSES_WITH_ACCURACY = ("train_loss", "loss", "test_loss")
"""Beside an accuracy the loss tells of divergence, which the training loss shows first."""
LOSSES_ALONE = ("test_loss", "loss", "train_loss")
"""Alone it stands for the accuracy: a training loss stays low long after accuracy is lost."""


def read_recorded(text: str) -> Reading:
    """Read a sweep recorded as CSV.

    Args:
        text: a table with a column `lr` and at least one of `test_accuracy`, `accuracy`,
            `test_loss`, `train_loss`, `loss`, in the order of training. Other columns are
            ignored, as are rows without a learning rate; cells may be empty.

    Raises:
        InvalidInput: a column is missing or a cell is not a number.
    """
    table = parse_table(text, {"lr", *ACCURACIES, *LOSSES_WITH_ACCURACY})
    _check(table, text)
    rates = table["lr"]
    rows = [i for i, rate in enumerate(rates) if rate is not None]
    accuracy = first_filled(table, ACCURACIES)
    loss = first_filled(table, LOSSES_WITH_ACCURACY if accuracy else LOSSES_ALONE)
    return read_sweep(
        [rate for rate in rates if rate is not None],
        accuracy=None if accuracy is None else [accuracy[i] for i in rows],
        loss=None if loss is None else [loss[i] for i in rows],
    )


def _check(table: Mapping[str, Column], text: str) -> None:
    if "lr" not in table:
        raise missing_column(text, LR_NEEDED)
    if len(table) == 1:
        names = ", ".join((*ACCURACIES, *LOSSES_ALONE))
        raise missing_column(text, f"at least one of the columns {names}")
