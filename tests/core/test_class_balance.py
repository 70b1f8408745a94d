"""Unbalanced classes are recognised and said, with the majority-class accuracy."""

from __future__ import annotations

import pytest

from autosuperconv.core.class_balance import ClassBalance, about_balance, is_unbalanced

SKEWED = ClassBalance(largest=1, train=0.9, validation=0.88, test=0.85)


@pytest.mark.parametrize(
    ("share", "classes", "expected"),
    [(0.5, 2, False), (0.55, 2, False), (0.56, 2, True), (0.1124, 10, False), (0.13, 10, True)],
)
def test_a_quarter_above_the_balanced_odds_is_unbalanced(
    share: float, classes: int, expected: bool
) -> None:
    assert is_unbalanced(share, classes) is expected


def test_unbalanced_classes_are_said_with_the_accuracy_of_a_constant_answer() -> None:
    text = about_balance(SKEWED, 2, ("ham", "spam"))
    assert "90.0 % of the training samples are of class 'spam'" in text
    assert "accuracy of 85.00 % on the test split (majority-class accuracy)" in text
    assert "of class 1." in about_balance(SKEWED, 2, ())


def test_nothing_is_said_of_balanced_or_unknown_classes() -> None:
    assert about_balance(ClassBalance(0, 0.5, 0.5, 0.9), 2, ()) == ""
    assert about_balance(None, 2, ()) == ""


def test_each_split_has_its_own_share() -> None:
    shares = [SKEWED.share_in(split) for split in ("train", "validation", "test")]
    assert shares == [0.9, 0.88, 0.85]
