"""Which files a folder holds, and folders that are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.training.data.folder.pictures import fill, load, picture, refused


def test_hidden_folders_and_other_files_are_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / ".cache").mkdir()
    (root / "README.txt").write_text("pets")
    (root / "cat" / "notes.txt").write_text("tabby")
    (root / "cat" / "._0.png").write_text("left by a Mac")
    data = load(root)
    assert data.classes == 2
    assert data.notes == ("1 of 11 files was skipped: .txt 1.",)


def test_images_under_all_usual_endings_are_read_and_others_are_counted(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    for i, (end, kind) in enumerate(((".jfif", "JPEG"), (".JPE", "JPEG"), (".gif", "GIF"))):
        picture(i).save(root / "cat" / f"more{i}{end}", kind)
    for end in ("heic", "heic", "svg"):
        (root / "dog" / f"{len(list((root / 'dog').iterdir()))}.{end}").write_text("no picture")
    data = load(root)
    assert len(data.train) + len(data.validation) + len(data.test) == 13  # type: ignore[arg-type]
    assert data.notes == ("3 of 16 files were skipped: .heic 2, .svg 1.",)


def test_a_class_of_other_files_alone_is_refused_with_their_number(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / "eel").mkdir()
    (root / "eel" / "a.heic").write_text("")
    refused(root, r"/eel .* only files of other kinds, \.heic 1\. Readable files end in \.apng")


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
    refused(root, r"Class folder .*/eel must contain images, but holds none")


def test_train_without_anything_held_out_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "train")
    refused(tmp_path / "pets", r"no folder named test or val beside it.*folder:.*/pets/train")


def test_other_classes_in_test_than_in_train_are_refused(tmp_path: Path) -> None:
    fill(tmp_path / "pets" / "train", classes=("ant", "cat", "dog"))
    fill(tmp_path / "pets" / "test", classes=("cat", "dog", "eel"))
    refused(
        tmp_path / "pets", "same class folders, but ant is only in the first and eel is only in"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / "cat").chmod(0)
    refused(root, r"Folder .*/pets cannot be listed: .*Permission denied")
    (root / "cat").chmod(0o700)
