"""Labels of text are numbered, and the classes keep their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autosuperconv.training.data.arrays import as_task_data
from tests.training.data.folder.pictures import fill, load
from tests.training.samples import features, refused, split

NAMES = ["ant", "bee", "cat"]
X, Y = features()
TEXT = [NAMES[y] for y in Y]
KINDS: dict[str, Any] = {
    "list": TEXT,
    "array": np.array(TEXT),
    "objects": np.array(TEXT, dtype=object),
    "bytes": np.array(TEXT, dtype="S"),
    "column": np.array(TEXT)[:, None],
}


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_numbered_in_alphabetical_order_and_named(kind: str) -> None:
    data = as_task_data((X, KINDS[kind]))
    assert data.fingerprint == as_task_data((X, Y)).fingerprint
    assert data.class_names == ("ant", "bee", "cat")
    assert data.notes == ("The labels are text; the classes are numbered 0 ant, 1 bee, 2 cat.",)


def test_the_test_labels_are_numbered_as_the_training_labels() -> None:
    some = [i for i, name in enumerate(TEXT) if name != "ant"]
    data = as_task_data(((X, TEXT), (X[some], [TEXT[i] for i in some])))
    assert split(data.test).y.tolist() == [Y[i] for i in some]


def test_numbers_in_an_array_of_objects_have_no_names() -> None:
    assert as_task_data((X, Y.tolist())).class_names == ()
    assert as_task_data((X, Y)).class_names == ()


@pytest.mark.parametrize("missing", [None, float("nan"), 3])
def test_a_missing_label_among_text_is_named(missing: object) -> None:
    labels = np.array(TEXT, dtype=object)
    labels[7] = missing
    refused((X, labels), r"data y must be all text or all integers, but the label at index 7 is")


def test_integers_as_objects_are_taken_and_a_missing_one_is_named() -> None:
    labels = Y.astype(object)
    assert as_task_data((X, labels)).fingerprint == as_task_data((X, Y)).fingerprint
    labels[4] = None
    refused((X, labels), r"data y must be all integers or all text, but the label at index 4 is No")


def test_a_class_that_only_the_test_set_has_is_named() -> None:
    refused(((X, TEXT), (X[:3], ["ant", "dog", "dog"])), r"2 are not; the first, at index 1, is 'd")


def test_text_in_one_part_and_numbers_in_another_are_refused() -> None:
    refused(((X, TEXT), (X, Y)), "test labels are not text, but the training labels are")
    refused(((X, Y), (X, TEXT)), "test labels are text, but the training labels are not")


def test_a_folders_classes_keep_their_names(tmp_path: Path) -> None:
    assert load(fill(tmp_path / "pets")).class_names == ("cat", "dog")
