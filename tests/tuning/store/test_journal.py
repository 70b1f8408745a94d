"""The journal file: what is written is there for everybody at once, the disk is not waited for."""

from __future__ import annotations

import os
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from autosuperconv.tuning.store.journal import open_journal


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
