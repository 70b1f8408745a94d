"""A folder of images as a task."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset

from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.folder import decoder as image_decoder
from autosuperconv.training.data.task import TensorSplit
from autosuperconv.training.engine import system
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


@pytest.mark.parametrize("cached", [False, True])
def test_the_memory_that_a_container_leaves_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    root = fill(tmp_path / "pets")  # 10 images of 144 bytes
    if cached:
        load(root)
    share = 0.8 if cached else 0.5
    monkeypatch.setattr(system, "container_free", lambda: 1440 / share - 1)
    assert not isinstance(load(root).train, TensorSplit)
    monkeypatch.setattr(system, "container_free", lambda: 1440 / share)
    assert isinstance(load(root).train, TensorSplit)


PEAK = """
import sys
from pathlib import Path
import PIL.Image
import torch
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data import build, folder
from autosuperconv.training.engine.system import process_memory

before = process_memory()[0]
data = load_dataset("folder:" + sys.argv[1], Path())
images = sum(split.x.nbytes for split in (data.train, data.validation, data.test))
print(images, (process_memory()[1] - before) / images)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_images_are_never_held_twice(tmp_path: Path, cache: Path) -> None:
    root = fill(tmp_path / "pets", n=2, size=(224, 224))  # type: ignore[arg-type]
    for one in root.glob("*/0.png"):
        for number in range(2, 500):
            os.link(one, one.with_name(f"{number}.png"))
    homes = (cache.parent, cache.parent, root / "cat" / "0.png")  # decoded, stored, not kept
    for home in homes:
        environment = {**os.environ, "XDG_CACHE_HOME": str(home)}
        command = [sys.executable, "-c", PEAK, str(root)]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        images, peak = told.stdout.split()
        assert int(images) == 1000 * 3 * 224 * 224
        assert float(peak) < 1.3


def test_too_few_images_of_a_class_are_refused(tmp_path: Path) -> None:
    refused(fill(tmp_path / "pets", n=2), r"every class needs at least 3 .*class 0 has 2")
