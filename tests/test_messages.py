"""Every error message is brought about once, and its advice is followed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from autosuperconv.errors import AutosuperconvError
from autosuperconv.tuning.store.storage import open_storage
from tests.messages import (
    core,
    data,
    datasets,
    folders,
    labels,
    models,
    named,
    names,
    networks,
    science,
    storages,
    store,
)
from tests.messages.table import Row, Site, raised_at, sites

SITES: dict[str, Site] = {site.name: site for site in sites()}
TABLES = (
    *(core, data, datasets, folders, labels, models, named, names),
    *(networks, science, storages, store),
)
ROWS: list[Row] = [row for table in TABLES for row in table.ROWS]


def test_every_message_of_the_package_has_a_row() -> None:
    """For a new one: a row in `tests/messages`, with what triggers it and what its advice does."""
    assert sorted({*store.ELSEWHERE, *(row.site for row in ROWS)}) == sorted(SITES)


@pytest.mark.parametrize("test", store.ELSEWHERE.values())
def test_the_tests_of_other_messages_are_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (Path(__file__).parents[1] / file).read_text()


def test_a_row_says_what_to_do_or_why_there_is_nothing() -> None:
    assert [row.site for row in ROWS if (row.follow is None) == (row.nothing == "")] == []


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    open_storage.cache_clear()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.site)
def test_the_message_comes_from_its_place_and_says_what_to_do(row: Row) -> None:
    with pytest.raises(AutosuperconvError) as refusal:
        row.trigger()
    file, line = raised_at(refusal.value)
    site = SITES[row.site]
    assert (file, True) == (site.file, site.lines[0] <= line <= site.lines[1])
    message = str(refusal.value)
    assert row.says in message
    assert re.search(r"[.?]$", message)
    assert not re.search(r"(?<![\d.])\.\.(?!\.)|\. \.|: \.|  ", message)


@pytest.mark.parametrize("row", [row for row in ROWS if row.follow], ids=lambda row: row.site)
def test_the_advice_is_taken_when_it_is_followed(row: Row) -> None:
    assert row.follow is not None
    row.follow()
