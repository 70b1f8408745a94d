"""Storages and studies."""

from __future__ import annotations

from pathlib import Path

from optuna.exceptions import StorageInternalError
from optuna.storages import InMemoryStorage

from autosuperconv.tuning.store.storage import explained_errors, open_existing, open_storage
from autosuperconv.tuning.store.studies import open_study
from tests.messages.store import JOURNAL, in_a_file, studied
from tests.messages.table import Row, call


def another(name: str) -> object:
    storage = InMemoryStorage()
    open_study(storage, "s", {"data": "a"}, "maximize")
    return open_study(storage, name, {"data": "b"}, "maximize")


def journal(text: str, name: str) -> object:
    Path("other.journal").write_text(text)
    return open_storage(name)


def str_storage(path: Path) -> object:
    return open_storage(str(path))


def in_use(error: Exception | None) -> None:
    with explained_errors(JOURNAL):
        if error:
            raise error


"""Messages that take two starts, and the tests that bring them about."""

ROWS = [
    Row(
        "core/user_path.py user_path 1",
        call(open_storage, "~nobody-here/a.journal"),
        "./~nobody-here/a.journal",
        call(open_storage, "./~nobody-here/a.journal"),
    ),
    Row(
        "tuning/store/storage.py open_storage 1",
        call(open_storage, "sqlit:///a.db"),
        "such as sqlite",
        call(open_storage, "sqlite:///a.db"),
    ),
    Row(
        "tuning/store/storage.py open_storage 2",
        call(open_storage, "oracle://host/a"),
        "cannot be opened",
        nothing="the system's reason says which driver to install",
    ),
    Row(
        "tuning/store/storage.py open_storage 3",
        call(in_a_file, str_storage, "file/a.journal"),
        "name a file in another folder",
        call(in_a_file, str_storage, "in/a.journal"),
    ),
    Row(
        "tuning/store/storage.py open_storage 4",
        call(journal, "no journal", "other.journal"),
        "or choose another with --storage",
        call(journal, "no journal", "new.journal"),
    ),
    Row(
        "tuning/store/storage.py open_existing 1",
        call(open_existing, JOURNAL),
        "or run the search first",
        call(studied, "one", "one"),
    ),
    Row(
        "tuning/store/storage.py explained_errors 1",
        call(in_use, StorageInternalError("disk full")),
        "Free space",
        call(in_use, None),
    ),
    Row(
        "tuning/store/studies.py open_study 1",
        call(another, "s"),
        "another --study-name",
        call(another, "t"),
    ),
    Row(
        "tuning/store/studies.py find_study 1",
        call(studied, None, "one", "two"),
        "Choose one with --study-name",
        call(studied, "one", "one", "two"),
    ),
    Row(
        "tuning/store/studies.py find_study 1",
        call(studied, None),
        "Run a search with this",
        call(studied, None, "one"),
    ),
    Row(
        "tuning/store/studies.py find_study 2",
        call(studied, "ones", "one"),
        "Did you mean 'one'?",
        call(studied, "one", "one"),
    ),
]
