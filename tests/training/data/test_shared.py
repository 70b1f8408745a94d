"""One file for all processes of a machine."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from autosuperconv.training.data import shared
from autosuperconv.training.data.packed import pack
from autosuperconv.training.data.shared import in_one_file, why_not_shared

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
NUMBERS = torch.arange(100_000)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder, empty."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture(params=["nameless", "named"])
def naming(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "named":
        monkeypatch.setattr(shared, "_same", lambda one, other: False)
    elif sys.platform != "linux":
        pytest.skip("needs /proc")
    return str(request.param)


def test_what_is_sent_is_small_and_becomes_the_same_numbers(temporary: Path, naming: str) -> None:
    with in_one_file(pack({"x": NUMBERS, "view": NUMBERS[10:20]})) as sent:
        assert len(list(temporary.iterdir())) == (naming == "named")
        message = pickle.dumps(sent)
        assert len(message) < 1000
        found = pickle.loads(message)
    assert torch.equal(found["x"], NUMBERS)
    found["x"][15] = 0
    assert found["view"][5] == 0
    assert list(temporary.iterdir()) == []


def test_a_write_reaches_no_other_process(temporary: Path, naming: str) -> None:
    with in_one_file(pack(NUMBERS)) as sent:
        one, other = (pickle.loads(pickle.dumps(sent)) for _ in range(2))
        one += 1
        assert torch.equal(other, NUMBERS)
        assert torch.equal(pickle.loads(pickle.dumps(sent)), NUMBERS)


def test_another_file_of_that_name_is_not_taken(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "_same", lambda one, other: False)
    with in_one_file(pack(NUMBERS)) as sent:
        Path(sent.path).write_bytes(bytes(10_000_000))
        with pytest.raises(FileNotFoundError, match="is not the file of this search's data"):
            pickle.loads(pickle.dumps(sent))


@linux
def test_the_open_file_is_let_go(temporary: Path) -> None:
    gc.collect()  # what earlier tests left
    before = len(os.listdir("/proc/self/fd"))
    with in_one_file(pack(NUMBERS)):
        pass
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_room_is_looked_for_before(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_shared(1000) == ""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**30, 2**30 - 2**22, 2**22))
    assert why_not_shared(2**22) == ""
    assert why_not_shared(2**23) == f"{temporary} has room for 4 MiB of 8 MiB"


def test_a_temporary_folder_that_is_not_there_is_named(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    assert why_not_shared(1000).startswith("no temporary file can be written (FileNotFoundError: ")
    with pytest.raises(FileNotFoundError), in_one_file(pack(NUMBERS)):
        pass
