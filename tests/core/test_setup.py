"""What follows from a search's options and its task."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autosuperconv.core.class_balance import ClassBalance
from autosuperconv.core.space import Choices, Range
from tests.surface import SPACE, make_setup


def test_a_searched_dimension_is_a_factor_more_unless_the_baseline_tunes_it_anyway() -> None:
    plain = make_setup(Path(), {"weight_decay": Range(1e-6, 1e-2, log=True)})
    assert plain.factors == 3  # weight decay, learning rate, momentum
    assert replace(plain, dimensions={"label_smoothing": Range(0.0, 0.2)}).factors == 4
    assert replace(plain, dimensions={"base_momentum": Range(0.8, 0.9)}).factors == 3
    assert make_setup(Path(), {**SPACE, "epochs": Range(1.0, 4.0, log=True)}).factors == 4


def test_the_report_goes_to_the_requested_folder_or_to_one_named_after_the_study() -> None:
    assert make_setup(Path("here")).out == Path("here/out")
    assert make_setup(Path(), out=None, study_name="digits-mlp").out == Path("runs/digits-mlp")


def test_a_field_that_is_not_searched_is_one_point() -> None:
    setup = make_setup(Path(), {"batch_size": Choices((16, 64))})
    assert setup.batch_sizes == (16, 64)
    assert setup.range_of("dropout") == Range(0.0, 0.0)
    assert make_setup(Path(), {}).batch_sizes == (32,)


def test_the_majority_is_that_of_the_validation_split_where_the_classes_are_unbalanced() -> None:
    setup = make_setup(Path())
    skewed = ClassBalance(largest=0, train=0.9, validation=0.88, test=0.85)
    assert replace(setup, balance=skewed).majority == 0.88
    assert replace(setup, balance=None).majority is None
    share = 1 / setup.classes
    assert replace(setup, balance=ClassBalance(0, share, share, share)).majority is None
