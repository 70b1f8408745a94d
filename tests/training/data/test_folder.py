"""Folders of images."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from autosuperconv.errors import DataError
from autosuperconv.training.data import folder, load_dataset
from autosuperconv.training.data.folder import decoder as image_decoder
from autosuperconv.training.data.task import TaskData
from tests.training.samples import counts, split

DATA = os.environ.get("AUTOSUPERCONV_DATA")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "autosuperconv"


def picture(value: int, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, value if mode == "L" else (value, 0, 255 - value))


def fill(root: Path, n: int = 5, classes: tuple[str, ...] = ("cat", "dog"), **how: str) -> Path:
    """PNG files, so that pixels come back exactly; image i of class c has red = 10 c + i."""
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(n):
            picture(10 * label + i, **how).save(root / name / f"{i}.png")  # type: ignore[arg-type]
    return root


def load(root: Path) -> TaskData:
    return load_dataset(f"folder:{root}", Path("nowhere"))


def per_class(data: TaskData) -> tuple[int, ...]:
    """Images of each of two classes in train, validation and test."""
    every = [counts(part) for part in (data.train, data.validation, data.test)]
    assert all(cats == dogs for cats, dogs in every)
    return tuple(cats for cats, _ in every)


def refused(root: Path, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(root)


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


def test_images_of_many_sizes_are_cut_to_the_median_shorter_side(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    for i, size in enumerate([(30, 20), (12, 40), (20, 21)]):
        picture(i, size).save(root / "cat" / f"big{i}.png")
    assert load(root).shape == (3, 6, 6)  # shorter sides: ten of 6, and 20, 12, 20


def test_large_images_are_reduced_to_224_pixels(tmp_path: Path) -> None:
    data = load(fill(tmp_path / "pets", size=(300, 230)))  # type: ignore[arg-type]
    assert (data.shape, data.augment) == ((3, 224, 224), "none")


def test_gray_images_keep_one_channel_and_one_colour_image_makes_three(tmp_path: Path) -> None:
    root = fill(tmp_path / "signs", mode="L")
    data = load(root)
    assert (data.shape, data.augment) == ((1, 6, 8), "none")
    picture(3).save(root / "cat" / "colour.png")
    assert load(root).shape == (3, 6, 8)


def test_palette_transparent_and_16_bit_images_are_converted(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets" / "test", n=3).parent
    fill(root / "train")
    picture(7).convert("P").save(root / "test" / "cat" / "0.png", transparency=b"\x00\x80")
    picture(7).convert("RGBA").save(root / "test" / "cat" / "1.png")
    deep = np.full((6, 8), 200 * 256 + 17, dtype=np.uint16)
    Image.fromarray(deep).save(root / "test" / "cat" / "2.png")
    reds = split(load(root).test).x[:3, 0, 0, 0].tolist()
    assert reds[1:] == [7, 200]
    assert abs(reds[0] - 7) < 26  # the web palette's steps are 51


def test_the_second_start_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "pets")
    before = load(root)

    def decode_again(*args: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(folder, "decode", decode_again)
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


def test_a_cache_that_cannot_be_written_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert load(fill(tmp_path / "pets")).classes == 2


def test_progress_is_told_up_to_the_last_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    root = fill(tmp_path / "pets")
    load_dataset(f"folder:{root}", Path(), on_progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (10, 10)


def test_n_train_applies_to_folders(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets", n=10)
    assert counts(load_dataset(f"folder:{root}", Path(), n_train=4).train) == [2, 2]


def test_hidden_folders_and_other_files_are_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / ".cache").mkdir()
    (root / "README.txt").write_text("pets")
    (root / "cat" / "notes.txt").write_text("tabby")
    (root / "cat" / "._0.png").write_text("left by a Mac")
    assert load(root).classes == 2


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "pets", r"must name a folder of images, but .*/pets is not a folder")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, r"must contain one folder per class, but contains no folder")


def test_a_folder_of_one_class_is_refused(tmp_path: Path) -> None:
    refused(
        fill(tmp_path / "pets", classes=("cat",)),
        r"at least 2 class folders, but contains only 'cat'\.",
    )


def test_a_folder_one_level_too_high_is_recognised(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "all" / "train")
    refused(tmp_path / "pets", r"only 'all'\. Did you mean folder:.*/pets/all\?")


def test_a_class_folder_without_images_is_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / "eel").mkdir()
    refused(root, r"Class folder .*/eel must contain images, but no file in it ends in \.bmp")


def test_train_without_anything_held_out_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "train")
    refused(tmp_path / "pets", r"neither test nor val beside it.*folder:.*/pets/train")


def test_other_classes_in_test_than_in_train_are_refused(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "train", classes=("ant", "cat", "dog"))
    fill(tmp_path / "pets" / "test", classes=("cat", "dog", "eel"))
    refused(
        tmp_path / "pets", "same class folders, but ant is only in the first and eel is only in"
    )


@pytest.mark.parametrize("content", [b"not an image", b"", "half"])
def test_an_image_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | str) -> None:
    root = fill(tmp_path / "pets")
    bad = root / "dog" / "2.png"
    if isinstance(content, str):
        noise = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(noise).save(bad)
        content = bad.read_bytes()[:-60]
    bad.write_bytes(content)
    refused(root, r"Image .*/dog/2\.png cannot be read: .* Repair or remove it")


def test_floating_point_images_are_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    Image.fromarray(np.ones((6, 8), dtype=np.float32)).save(root / "cat" / "a.tiff")
    refused(root, r"Image .*/cat/a\.tiff cannot be read: floating-point pixels")


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


def test_an_earlier_state_of_a_folder_is_not_kept(tmp_path: Path, cache: Path) -> None:
    root = fill(tmp_path / "pets")
    load(root)
    load(fill(tmp_path / "others"))
    (root / "cat" / "0.png").unlink()
    load(root)
    assert len(list(cache.iterdir())) == 2


def test_too_few_images_of_a_class_are_refused(tmp_path: Path) -> None:
    refused(fill(tmp_path / "pets", n=2), r"every class needs at least 3 .*class 0 has 2")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / "cat").chmod(0)
    refused(root, r"Folder .*/pets cannot be listed: .*Permission denied")
    (root / "cat").chmod(0o700)
