"""The journal file: what is written is there for everybody at once, the disk is not waited for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from autosuperconv.tuning.store.journal import OWNER, free_of_the_dead, open_journal
from autosuperconv.tuning.store.process import this_process


def test_what_a_journal_writes_optunas_own_backend_reads_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.journal"
    study = optuna.create_study(storage=JournalStorage(open_journal(path)), study_name="s")
    study.set_user_attr("key", "größer")
    other = JournalStorage(JournalFileBackend(str(path)))
    read = optuna.load_study(study_name="s", storage=other)
    assert read.user_attrs == {"key": "größer"}
    read.set_user_attr("answer", 2)
    assert study.user_attrs["answer"] == 2


def test_the_disk_is_waited_for_once_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[int] = []
    clock = [100.0]
    monkeypatch.setattr(os, "fsync", forced.append)
    monkeypatch.setattr("autosuperconv.tuning.store.journal.time.monotonic", lambda: clock[0])
    journal = open_journal(tmp_path / "s.journal")
    for now in (100.0, 100.2, 100.9, 101.5, 101.6):
        clock[0] = now
        journal.append_logs([{"op_code": 0}])
    assert len(forced) == 2


KILLED_AS_IT_WRITES = """
import os, sys
from pathlib import Path
from autosuperconv.tuning.store.process import this_process
from autosuperconv.tuning.store.journal import locked, open_journal
path = Path(sys.argv[1])
with locked(path, open_journal(path).guard):
    os._exit(1)
"""


def left_locked(path: Path) -> None:
    """A process is killed while it has the lock of the journal."""
    subprocess.run([sys.executable, "-c", KILLED_AS_IT_WRITES, str(path)])
    assert os.path.lexists(f"{path}.lock")


def test_a_lock_of_a_killed_process_is_broken_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_locked(path := tmp_path / "s.journal")
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("waited for the dead"))
    study = optuna.create_study(storage=JournalStorage(open_journal(path)), study_name="s")
    assert study.study_name == "s"
    assert [file.name for file in tmp_path.iterdir()] == ["s.journal"]


@pytest.mark.parametrize(
    "change", ["another lock", "it runs", "elsewhere", "no JSON", "[]", "{}", "no owner"]
)
def test_a_lock_is_left_alone_unless_its_owner_is_known_to_have_ended(
    change: str, tmp_path: Path
) -> None:
    left_locked(path := tmp_path / "s.journal")
    owner = path.with_name(path.name + OWNER)
    told = json.loads(owner.read_text())
    match change:
        case "another lock":
            told["lock"][1] += 1
        case "it runs":
            told["process"]["pid"], told["process"]["started"] = os.getpid(), this_process().started
        case "elsewhere":
            told["process"].update(host="far", machine="far", boot="far")
    texts = {"no JSON": "{", "[]": "[]", "{}": "{}"}
    owner.write_text(texts.get(change) or json.dumps(told))
    if change == "no owner":
        owner.unlink()
    free_of_the_dead(path, open_journal(path).guard)
    assert os.path.lexists(f"{path}.lock")


@pytest.mark.parametrize(("age", "broken"), [(40, True), (20, False)])
@pytest.mark.parametrize("told", ["no owner", "another lock"])
def test_a_lock_that_nobody_says_whose_is_broken_once_optuna_would(
    told: str, age: float, broken: bool, tmp_path: Path
) -> None:
    left_locked(path := tmp_path / "s.journal")
    owner, lock = path.with_name(path.name + OWNER), path.with_name(path.name + ".lock")
    if told == "no owner":
        owner.unlink()
    then = time.time() - age
    os.utime(lock, (then, then), follow_symlinks=False)  # it has another identity now
    free_of_the_dead(path, open_journal(path).guard)
    assert os.path.lexists(lock) is not broken
    assert not list(tmp_path.glob("*.now"))
