"""How the folders of a data set's parts may be named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autosuperconv.errors import DataError
from autosuperconv.training.data.folder.roles import role_of
from tests.training.data.folder.pictures import fill, load, refused

SPELT = [
    ("Train", "Test"),
    ("TRAIN", "TEST"),
    ("training_set", "test_set"),
    ("Training", "Testing"),
    ("training", "validation"),
    ("train", "dev"),
    ("train", "Val"),
    ("seg_train", "seg_test"),
    ("train_images", "test_images"),
    ("train2017", "val2017"),
    ("trainset", "testset"),
    ("Train Data", "Test Data"),
]


def remedied(root: Path, pattern: str) -> str:
    """What the message about a folder says to do, as matched by a pattern's first group."""
    with pytest.raises(DataError) as refusal:
        load(root)
    found = re.search(pattern, str(refusal.value))
    assert found is not None, refusal.value
    return found[1]


@pytest.mark.parametrize(("train", "held_out"), SPELT)
def test_parts_in_all_usual_spellings_are_the_same_data(
    tmp_path: Path, train: str, held_out: str
) -> None:
    for root, names in (("plain", ("train", "test")), ("spelt", (train, held_out))):
        for name, n in zip(names, (10, 3), strict=True):
            fill(tmp_path / root / name, n=n)
    assert load(tmp_path / "spelt").fingerprint == load(tmp_path / "plain").fingerprint


@pytest.mark.parametrize("name", ["trainer", "station", "latest", "contest", "test tube", "devil"])
def test_a_class_whose_name_contains_a_parts_name_is_no_part(name: str) -> None:
    assert role_of(name) is None


def test_a_class_may_be_named_train(tmp_path: Path) -> None:
    assert load(fill(tmp_path / "vehicles", classes=("bus", "train"))).classes == 2
    for name in ("bus", "train"):
        (tmp_path / "vehicles" / name / "raw").mkdir()
    assert load(tmp_path / "vehicles").classes == 2


def test_two_folders_of_one_part_are_refused_and_renaming_one_helps(tmp_path: Path) -> None:
    for name in ("train", "val", "Valid"):
        fill(tmp_path / name)
    new = remedied(tmp_path, r"Valid and val are all named.* such as (\S+)\.$")
    (tmp_path / "val").rename(tmp_path / new)
    data = load(tmp_path)
    assert data.notes == (
        f"In {tmp_path}, not-used-val is not used: no usual name of a part of the data.",
    )


@pytest.mark.parametrize("below", ["", "images"])
def test_folds_with_the_same_classes_inside_are_refused_by_name(tmp_path: Path, below: str) -> None:
    for name in ("fold1", "fold2", "fold3"):
        fill(tmp_path / name / below)
    refused(tmp_path, "fold1 and fold2 have the same folders inside, cat and dog")
    one = remedied(tmp_path, r"as in folder:(\S+),")
    assert load(Path(one)).classes == 2
    (tmp_path / "fold1").rename(tmp_path / "train")
    (tmp_path / "fold2").rename(tmp_path / "test")
    assert len(load(tmp_path).test) == 10  # type: ignore[arg-type]


def test_folders_that_two_classes_share_are_refused_until_the_images_lie_in_the_class(
    tmp_path: Path,
) -> None:
    for name in ("cat", "dog"):
        fill(tmp_path / name, classes=("2019", "2020"))
    refused(tmp_path, "If cat and dog are the classes, move their images out of the folders")
    for file in sorted(tmp_path.rglob("*.png")):
        file.rename(file.parent.parent / f"{file.parent.name}-{file.name}")
    assert load(tmp_path).classes == 2


def test_images_one_folder_below_their_class_are_taken(tmp_path: Path) -> None:
    fill(tmp_path, classes=("cat/raw", "dog/raw"))
    assert load(tmp_path).classes == 2


def test_a_part_in_a_folder_of_its_own_name_is_taken(tmp_path: Path) -> None:
    fill(tmp_path / "seg_train" / "seg_train")
    fill(tmp_path / "seg_test" / "seg_test", n=2)
    (tmp_path / "seg_pred").mkdir()
    data = load(tmp_path)
    assert (data.classes, len(data.test)) == (2, 4)  # type: ignore[arg-type]
    assert "seg_pred is not used" in data.notes[0]


def test_an_unknown_name_beside_train_is_told_and_renaming_it_helps(tmp_path: Path) -> None:
    fill(tmp_path / "train", n=10)
    fill(tmp_path / "holdout", n=3)
    assert remedied(tmp_path, r"Rename (\w+) to test") == "holdout"
    alone = load(Path(remedied(tmp_path, r"use folder:(\S+) to")))
    assert alone.classes == 2
    (tmp_path / "holdout").rename(tmp_path / "test")
    assert len(load(tmp_path).test) == 6  # type: ignore[arg-type]


def test_what_a_mac_leaves_beside_the_classes_is_no_class(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "__MACOSX").mkdir()
    assert load(tmp_path).classes == 2


@pytest.mark.parametrize(("names", "told"), [(("fold1", "fold2"), True), (("cat", "fold2"), False)])
def test_classes_named_like_pieces_of_a_data_set_are_told(
    tmp_path: Path, names: tuple[str, ...], told: bool
) -> None:
    fill(tmp_path, classes=names)
    notes = [note for note in load(tmp_path).notes if "taken as classes" in note]
    expected = "fold1 and fold2 are taken as classes, for each folder is one. If they are pieces"
    assert [note.startswith(expected) for note in notes] == [True] * told
