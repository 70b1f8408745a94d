"""Columns of numbers out of CSV text."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autosuperconv.core.format import counted
from autosuperconv.errors import InvalidInput

Column = tuple[float | None, ...]
ACCURACIES = ("test_accuracy", "accuracy")
"""Names of the column of a recorded accuracy, the first that holds any number."""
LR_NEEDED = "a column 'lr', the learning rate of each row"
SHOWN = 8
"""Names of a header that a message shows."""


def parse_table(text: str, columns: Collection[str] | None = None) -> dict[str, Column]:
    """The named columns of a CSV text with a header line.

    Cells are separated by commas (or semicolons, or tabs, if the header has no comma). An empty
    or absent cell is None; `nan` and `inf` are the floats of that name; blank lines are skipped.

    Args:
        columns: those requested; others are not even parsed, and a requested one that the table
            lacks is left out of the result. None: all.

    Returns:
        Column by name, in the order of the header; every column has one entry a row.

    Raises:
        InvalidInput: no header, a column named twice, a row longer than the header, or a cell
            that is not a number; the message names line, column and value.
    """
    table = _read(*_lines(text))
    names = [name for name in table.header if columns is None or name in columns]
    return {name: _column(table, name) for name in names}


def first_filled(table: Mapping[str, Column], names: Sequence[str]) -> Column | None:
    """The first of the columns that holds any number; None where none does."""
    columns = (table[name] for name in names if name in table)
    return next((c for c in columns if any(value is not None for value in c)), None)


def missing_column(text: str, needed: str) -> InvalidInput:
    """The error for a CSV text that lacks a column.

    Args:
        needed: what it must have, e.g. "a column 'lr', the learning rate of each row".
    """
    lines, skipped = _lines(text)
    named = ", ".join(map(repr, _read(lines[:1], skipped).header[:SHOWN]))
    return InvalidInput(
        f"The table must have {needed}, but its header names {named}; rename it there, in "
        "small letters, with cells separated by commas."
    )


def _lines(text: str) -> tuple[list[str], int]:
    """From the header on, and the number of blank lines before it."""
    lines = text.removeprefix("\ufeff").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise InvalidInput("The table is empty: its first line must name the columns.")
    if lines[start].lstrip().startswith(("{", "[")):
        raise InvalidInput(
            "The file must be a table (CSV) whose first line names the columns, but it is JSON. "
            "Write the recorded values as a table, one row each."
        )
    return lines[start:], start


@dataclass(frozen=True, slots=True)
class _Cells:
    """The texts of a table; `lines` holds the line number (from 1) of each row."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def _read(lines: Sequence[str], skipped: int) -> _Cells:
    delimiter = next((character for character in ",;\t" if character in lines[0]), ",")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    cells = _Cells([], [], [])
    try:
        cells.header.extend(name.strip() for name in next(reader))
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                cells.rows.append(row)
                cells.lines.append(reader.line_num + skipped)
    except csv.Error as error:
        where = f"line {reader.line_num + skipped}"
        raise InvalidInput(f"The table cannot be read at {where}: {error}.") from None
    _check(cells)
    return cells


def _check(cells: _Cells) -> None:
    header = cells.header
    for name in header:
        if header.count(name) > 1 and name:
            raise InvalidInput(f"The table names the column {name!r} twice; rename one of them.")
    for line, row in zip(cells.lines, cells.rows, strict=True):
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            raise InvalidInput(
                f"Line {line} of the table has {len(row)} cells, but its header names "
                f"{counted(len(header), 'column')}."
            )


def _column(table: _Cells, name: str) -> Column:
    index = table.header.index(name)
    try:
        return tuple([float(row[index]) for row in table.rows])  # fast, where no cell is empty
    except (ValueError, IndexError):
        return tuple(
            _number(row[index], line, name) if index < len(row) else None
            for line, row in zip(table.lines, table.rows, strict=True)
        )


def _number(cell: str, line: int, name: str) -> float | None:
    if not cell or cell.isspace():
        return None
    try:
        return float(cell)
    except ValueError:
        raise InvalidInput(
            f"Line {line}, column {name!r} of the table must be a number or empty, but got "
            f"{cell.strip()!r}."
        ) from None
