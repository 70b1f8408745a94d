"""An earlier search is found in its storage, or it is said what is there; nothing is made."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import optuna
import pytest

from autosuperconv.errors import AutosuperconvError, InvalidInput, StorageUnavailable, UnknownName
from autosuperconv.tuning.store.finding import artifacts_of, find_study
from autosuperconv.tuning.store.session import open_study
from autosuperconv.tuning.store.storage import open_storage

FIND = [find_study, artifacts_of]


def searched(url: str, *names: str) -> str:
    for name in names:
        _, ledger = open_study(open_storage(url), name, {}, "minimize")
        ledger.store("artifacts", f"runs/{name}/artifacts")
    return url


@pytest.fixture(params=["a.journal", "sqlite:///a.db"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    open_storage.cache_clear()
    return str(request.param)


def test_the_only_search_needs_no_name(url: str) -> None:
    searched(url, "one")
    assert find_study(url, None).study_name == "one"
    assert artifacts_of(url, None) == Path("runs/one/artifacts")


def test_one_of_several_is_found_by_its_name(url: str) -> None:
    searched(url, "one", "two")
    assert find_study(url, "one").study_name == "one"
    assert artifacts_of(url, "one") == Path("runs/one/artifacts")
    with pytest.raises(InvalidInput, match=r"holds 2 searches: one, two. Name one"):
        find_study(url, None)


@pytest.mark.parametrize("find", FIND)
def test_a_name_that_is_not_there_suggests_the_nearest(find: object, url: str) -> None:
    searched(url, "digits-resnet8")
    with pytest.raises(UnknownName, match="Did you mean 'digits-resnet8'"):
        find(url, "digits-resnet")  # type: ignore[operator]


@pytest.mark.parametrize("find", FIND)
def test_a_storage_that_is_not_there_is_named_and_not_made(
    find: object, url: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"There is no study storage at .*a\."):
        find(url, None)  # type: ignore[operator]
    assert not list(tmp_path.iterdir())


def test_a_storage_without_a_search_says_so(url: str) -> None:
    open_storage(url)
    with pytest.raises(InvalidInput, match="holds no search"):
        find_study(url, None)


@pytest.mark.parametrize("find", FIND)
def test_another_programs_database_is_left_as_it_is(
    find: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("other.db") as other:
        other.execute("create table mine (x int)")
    with pytest.raises(StorageUnavailable, match=r"other\.db"):
        find("sqlite:///other.db", None)  # type: ignore[operator]
    with sqlite3.connect("other.db") as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("mine",)]


def test_a_plain_optuna_study_has_no_artifacts_of_ours(url: str) -> None:
    optuna.create_study(storage=open_storage(url), study_name="theirs")
    assert artifacts_of(url, "theirs") == Path("artifacts")


def test_a_password_is_never_said() -> None:
    with pytest.raises(AutosuperconvError) as caught:
        open_storage("postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)
    assert "postgresql://me:***@127.0.0.1:1/x" in str(caught.value)
