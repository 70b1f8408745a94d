"""Decoded folders are kept between starts."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from autosuperconv.training.data import folder
from tests.training.data.folder.pictures import fill, load, picture
from tests.training.samples import split


def test_the_second_start_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "pets")
    before = load(root)

    def decode_again(*args: object) -> None:
        raise AssertionError("decoded again")

    for name in ("decode", "decode_each", "read_heads"):
        monkeypatch.setattr(folder, name, decode_again)
    after = load(root)
    assert after.fingerprint == before.fingerprint
    assert torch.equal(split(after.train).x, split(before.train).x)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    before = load(root)
    picture(99).save(root / "dog" / "1.png")
    os.utime(root / "dog" / "1.png", ns=(0, 0))
    assert load(root).fingerprint != before.fingerprint


def test_nothing_is_written_into_the_data_folder(tmp_path: Path, cache: Path) -> None:
    root = fill(tmp_path / "pets")
    before = sorted(root.rglob("*"))
    load(root)
    assert sorted(root.rglob("*")) == before
    assert [file.suffix for file in cache.iterdir()] == [".npy"]


def test_a_broken_cache_is_passed_over_and_replaced(tmp_path: Path, cache: Path) -> None:
    root = fill(tmp_path / "pets")
    before = load(root).fingerprint
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    assert load(root).fingerprint == before
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_does_no_harm_and_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    data = load(fill(tmp_path / "pets"))
    assert data.classes == 2
    assert "could not be kept in" in data.notes[0]
    assert "Not a directory. The next start decodes them again" in data.notes[0]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert load(tmp_path / "pets").notes == ()


@pytest.mark.parametrize("error", [RuntimeError("no"), MemoryError(), OSError(28, "No space left")])
@pytest.mark.parametrize(
    "broken", ["np.lib.format.write_array_header_1_0", "os.replace", "json.dumps", "np.load"]
)
def test_no_error_of_the_cache_ends_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, broken: str, cache: Path
) -> None:
    root = fill(tmp_path / "pets")
    before = load(root)
    if broken != "np.load":
        (root / "cat" / "0.png").touch()  # another state, which is decoded and kept again

    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(f"autosuperconv.training.data.folder.cache.{broken}", fail)
    after = load(root)
    assert after.fingerprint == before.fingerprint
    assert torch.equal(split(after.test).x, split(before.test).x)
    assert "could not be kept in" in after.notes[0]
    assert [file.suffix for file in cache.iterdir()] == [".npy"]


def test_a_full_disk_is_noticed_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "pets")  # 10 images of 144 bytes
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9999, 9999 - 1439, 1439))
    assert "No space left on device. The next start decodes" in load(root).notes[0]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9999, 9999 - 1440, 1440))
    assert load(root).notes == ()


@pytest.mark.parametrize("where", ["root", "class", "file", "cache"])
def test_names_that_are_not_utf_8_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    odd = os.fsdecode(b"caf\xe9")
    root = fill(tmp_path / (odd if where == "root" else "pets"))
    if where == "class":
        (root / "cat").rename(root / odd)
    elif where == "file":
        (root / "cat" / "0.png").rename(root / "cat" / f"{odd}.png")
    elif where == "cache":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / odd))
    data = load(root)
    assert (data.classes, data.notes) == (2, ())
    assert data.name.encode()  # in a report, which is UTF-8
    assert data.name.endswith("caf\\udce9" if where == "root" else "pets")


def test_an_earlier_state_of_a_folder_is_not_kept(tmp_path: Path, cache: Path) -> None:
    root = fill(tmp_path / "pets")
    load(root)
    load(fill(tmp_path / "others"))
    (root / "cat" / "0.png").unlink()
    load(root)
    assert len(list(cache.iterdir())) == 2
