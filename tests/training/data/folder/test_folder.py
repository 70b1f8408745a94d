"""A folder of images as a task."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset

from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.folder import decoder as image_decoder
from tests.training.data.folder.pictures import fill, load, refused
from tests.training.samples import counts, split


def test_one_folder_of_class_folders_is_divided_60_20_20(tmp_path: Path) -> None:
    data = load(fill(tmp_path / "pets", n=10))
    assert (counts(data.train), counts(data.validation), counts(data.test)) == (
        [6] * 2,
        [2] * 2,
        [2] * 2,
    )
    assert (data.shape, data.classes, data.augment) == ((3, 6, 8), 2, "crop-flip")


def test_pixels_and_labels_are_those_of_the_files(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "train")
    fill(tmp_path / "pets" / "test", n=2)
    test = split(load(tmp_path / "pets").test)
    assert test.x[:, 0, 3, 4].tolist() == [0, 1, 10, 11]
    assert test.x[:, 2, 0, 0].tolist() == [255, 254, 245, 244]
    assert test.y.tolist() == [0, 0, 1, 1]


def test_with_val_and_test_each_has_its_own_purpose(tmp_path: Path) -> None:
    for part, n in (("train", 5), ("val", 3), ("test", 2)):
        fill(tmp_path / "pets" / part, n=n)
    data = load(tmp_path / "pets")
    assert (counts(data.train), counts(data.validation), counts(data.test)) == (
        [5] * 2,
        [3] * 2,
        [2] * 2,
    )


def test_a_lone_val_is_kept_for_the_verdict(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "train", n=10)
    fill(tmp_path / "pets" / "val", n=3)
    data = load(tmp_path / "pets")
    assert (counts(data.train), counts(data.validation), counts(data.test)) == (
        [8] * 2,
        [2] * 2,
        [3] * 2,
    )


def test_n_train_applies_to_folders(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets", n=10)
    assert counts(load_dataset(f"folder:{root}", Path(), n_train=4).train) == [2, 2]


def test_more_images_than_memory_holds_are_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    root = fill(tmp_path / "pets")
    resident = load(root)
    shutil.rmtree(cache)
    monkeypatch.setattr(image_decoder, "MEMORY_SHARE", 1e-12)
    data = load(root)
    assert isinstance(data.test, Dataset)
    x, y = data.test[0]
    assert torch.equal(x, split(resident.test).x[0])
    assert y == split(resident.test).y[0]
    assert data.mean == pytest.approx(resident.mean)
    assert not cache.exists()


def test_too_few_images_of_a_class_are_refused(tmp_path: Path) -> None:
    refused(fill(tmp_path / "pets", n=2), r"every class needs at least 3 .*class 0 has 2")
