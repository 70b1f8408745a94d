"""Storages: opened, mended after a killed writer, or refused in one sentence."""

from __future__ import annotations

import errno
import importlib.util
import os
from pathlib import Path

import optuna
import pytest

from autosuperconv.errors import AutosuperconvError, InvalidInput, StorageUnavailable
from autosuperconv.tuning.store.journal import lock_of
from autosuperconv.tuning.store.storage import (
    about_lock,
    explained_errors,
    open_existing,
    open_storage,
)


@pytest.fixture(autouse=True)
def _forget() -> None:
    open_storage.cache_clear()


def trials_in(path: Path) -> int:
    open_storage.cache_clear()
    return len(optuna.load_study(study_name="s", storage=open_storage(str(path))).trials)


def journal(path: Path, trials: int = 2) -> Path:
    study = optuna.create_study(study_name="s", storage=open_storage(str(path)))
    for i in range(trials):
        study.add_trial(optuna.create_trial(value=float(i)))
    return path


def test_a_journal_is_made_with_its_folder(tmp_path: Path) -> None:
    assert trials_in(journal(tmp_path / "deep" / "er" / "a.journal")) == 2


@pytest.mark.parametrize("torn", ['{"op_code":4,"wor', "x", '{"op_code": 4}'])
def test_a_last_line_that_was_not_written_to_its_end_is_cut_off(torn: str, tmp_path: Path) -> None:
    path = journal(tmp_path / "a.journal")
    whole = path.read_bytes()
    path.write_bytes(whole + torn.encode())
    assert trials_in(path) == 2
    study = optuna.load_study(study_name="s", storage=open_storage(str(path)))
    study.add_trial(optuna.create_trial(value=9.0))
    assert trials_in(path) == 3
    assert path.read_bytes().startswith(whole)


def test_a_journal_with_nothing_but_a_torn_line_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    path.write_bytes(b'{"op_co')
    assert trials_in(journal(path)) == 2


@pytest.mark.parametrize(
    "text", ["to do:\nbuy milk\n", "to do:\nbuy milk", "milk", '{"max_lr": 1}']
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(StorageUnavailable, match=r"is not a readable journal.*Move the file"):
        open_storage(str(path))
    assert path.read_text() == text


def test_a_relative_path_below_a_folder_takes_and_frees_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backend = open_storage("below/a.journal")._backend  # type: ignore[attr-defined]
    backend._lock.acquire()
    assert (tmp_path / "below" / "a.journal.lock").exists()  # no dangling link
    backend._lock.release()


def test_sqlite_works_by_its_url(tmp_path: Path) -> None:
    study = optuna.create_study(storage=open_storage(f"sqlite:///{tmp_path / 'a.db'}"))
    study.add_trial(optuna.create_trial(value=1.0))
    assert len(study.trials) == 1


@pytest.mark.parametrize("url", ["sqlite:////proc/nope/x.db", "/proc/nope/a.journal"])
def test_a_place_that_cannot_be_written_does_not_answer(url: str) -> None:
    with pytest.raises(
        StorageUnavailable, match=r"cannot be used: .*another folder with --storage"
    ):
        open_storage(url)


def test_a_folder_is_no_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="Is a directory"):
        open_storage(str(tmp_path))


@pytest.mark.parametrize("url", ["nosuch://host/db", "postgres//x://"])
def test_an_unknown_kind_of_database_is_a_wrong_input(url: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be opened"):
        open_storage(url)


def test_a_server_that_is_down_or_has_no_driver_here_is_named() -> None:
    installed = importlib.util.find_spec("psycopg2") is not None
    expected = StorageUnavailable if installed else InvalidInput
    with pytest.raises(AutosuperconvError, match=r"postgresql://127.0.0.1:1/x") as caught:
        open_storage("postgresql://127.0.0.1:1/x")
    assert type(caught.value) is expected


def test_a_password_is_never_said() -> None:
    with pytest.raises(AutosuperconvError) as caught:
        open_storage("postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)
    assert "postgresql://me:***@127.0.0.1:1/x" in str(caught.value)


NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EACCES, errno.ENOSYS, errno.EINVAL)


def without_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(source: str, link: str, *rest: object) -> None:
        raise OSError(number, os.strerror(number), source, None, link)

    monkeypatch.setattr(os, "symlink", refuse)


@pytest.mark.parametrize("number", NO_LINKS)
def test_where_there_are_no_symbolic_links_a_file_is_the_lock_and_the_plan_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "a.journal"
    assert about_lock(str(path)) == ()
    without_links(monkeypatch, number)
    assert trials_in(journal(path)) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["a.journal"]  # no lock, no probe left
    (note,) = about_lock(str(path))
    assert note.startswith(f"The file system of {path} has no symbolic links")


def test_both_locks_exclude_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linked = lock_of(tmp_path / "a.journal")
    without_links(monkeypatch, errno.EPERM)
    created = lock_of(tmp_path / "a.journal")
    monkeypatch.undo()
    linked.acquire()
    with pytest.raises(FileExistsError):
        os.open(tmp_path / "a.journal.lock", os.O_CREAT | os.O_EXCL)
    linked.release()
    created.acquire()
    with pytest.raises(FileExistsError):
        os.symlink("a.journal", tmp_path / "a.journal.lock")
    created.release()


def test_a_file_system_that_cannot_sync_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    assert trials_in(journal(tmp_path / "a.journal")) == 2


@pytest.mark.parametrize(
    ("call", "number", "said"),
    [("fsync", errno.ENOSPC, "No space left"), ("rename", errno.EPERM, "possess lock")],
)
def test_a_journal_that_can_no_longer_be_written_is_named_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, said: str
) -> None:
    def refuse(*given: object) -> None:
        raise OSError(number, os.strerror(number))

    path = str(tmp_path / "a.journal")
    storage = open_storage(path)
    monkeypatch.setattr(os, call, refuse)
    with (
        pytest.raises(StorageUnavailable, match=rf"{said}.*another folder with --storage"),
        explained_errors(path),
    ):
        optuna.create_study(study_name="s", storage=storage)


@pytest.mark.parametrize("url", ["~/x.journal", "sqlite:///~/x.journal"])
def test_a_tilde_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    optuna.create_study(study_name="s", storage=open_storage(url))
    open_storage.cache_clear()
    assert len(optuna.get_all_study_names(open_existing(url))) == 1
    assert [p.name for p in tmp_path.rglob("*.journal")] == ["x.journal"]
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize("url", ["~nobody-here/x.journal", "sqlite:///~nobody-here/x.db"])
def test_the_home_of_nobody_makes_no_folder_of_that_name(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, match="a user who is not on this machine"):
        open_storage(url)
    assert list(tmp_path.iterdir()) == []
