from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosuperconv.core.csv_table import parse_table
from autosuperconv.errors import InvalidInput


def test_columns_come_by_name_with_one_entry_a_row() -> None:
    assert parse_table("lr,loss\n0.1,2.3\n0.2,1e-1\n") == {"lr": (0.1, 0.2), "loss": (2.3, 0.1)}


def test_an_empty_or_absent_cell_is_none() -> None:
    assert parse_table("lr,loss\n0.1,\n0.2\n ,3\n") == {
        "lr": (0.1, 0.2, None),
        "loss": (None, None, 3.0),
    }


def test_columns_that_are_not_wanted_need_not_be_numbers() -> None:
    assert parse_table("lr,note\n0.1,fine\n", {"lr", "loss"}) == {"lr": (0.1,)}


def test_nan_and_inf_are_floats() -> None:
    (loss,) = parse_table("loss\nnan\ninf\n").values()
    assert loss[0] is not None
    assert math.isnan(loss[0])
    assert loss[1] == math.inf


def test_byte_order_mark_blank_lines_spaces_and_windows_line_ends_do_not_matter() -> None:
    assert parse_table("\ufeff\r\nlr , loss\r\n\r\n 1 , 2 \r\n") == {"lr": (1.0,), "loss": (2.0,)}


@pytest.mark.parametrize("mark", [";", "\t"])
def test_semicolons_and_tabs_separate_too(mark: str) -> None:
    assert parse_table(f"lr{mark}loss\n1{mark}2\n") == {"lr": (1.0,), "loss": (2.0,)}


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert parse_table("lr,loss") == {"lr": (), "loss": ()}


def test_a_cell_that_is_no_number_is_named_with_line_column_and_value() -> None:
    with pytest.raises(InvalidInput, match=r"Line 4, column 'loss' .* but got 'high'"):
        parse_table("lr,loss\n0.1,2\n\n0.2,high\n")


def test_a_row_longer_than_the_header_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"Line 2 of the table has 3 cells, .* 2 columns"):
        parse_table("lr,loss\n0,1,5\n")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="names the column 'lr' twice"):
        parse_table("lr,lr\n1,2\n")


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_a_table_without_a_header_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="first line must name the columns"):
        parse_table(text)


@given(st.text(max_size=60))
def test_any_text_is_a_table_or_is_refused_as_invalid_input(text: str) -> None:
    try:
        table = parse_table(text)
    except InvalidInput:
        return
    assert len({len(column) for column in table.values()}) <= 1


@pytest.mark.parametrize("text", ['{"max_lr": 0.1}', "\n[1, 2]"])
def test_json_is_no_table(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"must be a table \(CSV\) .* but it is JSON"):
        parse_table(text, {"lr"})
