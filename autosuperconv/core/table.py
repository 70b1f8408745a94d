"""Columns of numbers out of CSV text."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence

from autosuperconv.errors import InvalidInput

Column = tuple[float | None, ...]


def parse_table(text: str, columns: Collection[str] | None = None) -> dict[str, Column]:
    """The named columns of a CSV text with a header line.

    Cells are separated by commas (or semicolons, or tabs, if the header has no comma). An empty
    or absent cell is None; `nan` and `inf` are the floats of that name; blank lines are skipped.

    Args:
        columns: those wanted; others are not even parsed, and a wanted one that the table lacks
            is left out of the answer. None: all.

    Returns:
        Column by name, in the order of the header; every column has one entry a row.

    Raises:
        InvalidInput: no header, a column named twice, a row longer than the header, or a cell
            that is not a number; the message names line, column and value.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise InvalidInput("The table is empty: its first line must name the columns.")
    header, rows = _read(lines[start:], start)
    wanted = [i for i, name in enumerate(header) if columns is None or name in columns]
    return {header[i]: _column(header[i], i, rows) for i in wanted}


def _read(lines: Sequence[str], skipped: int) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the rows with their line numbers (from 1)."""
    reader = csv.reader(lines, delimiter=_delimiter(lines[0]), skipinitialspace=True)
    try:
        header = [name.strip() for name in next(reader)]
        rows = [(reader.line_num + skipped, row) for row in reader if any(row)]
    except csv.Error as error:
        where = f"line {reader.line_num + skipped}"
        raise InvalidInput(f"The table cannot be read at {where}: {error}.") from None
    _check(header, rows)
    return header, rows


def _delimiter(header: str) -> str:
    return "," if "," in header else ";" if ";" in header else "\t" if "\t" in header else ","


def _check(header: list[str], rows: list[tuple[int, list[str]]]) -> None:
    for name in header:
        if name and header.count(name) > 1:
            raise InvalidInput(f"The table names the column {name!r} twice; rename one of them.")
    for line, row in rows:
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            raise InvalidInput(
                f"Line {line} of the table has {len(row)} cells, but its header names "
                f"{len(header)} columns."
            )


def _column(name: str, index: int, rows: list[tuple[int, list[str]]]) -> Column:
    return tuple(
        _number(row[index], line, name) if index < len(row) else None for line, row in rows
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
