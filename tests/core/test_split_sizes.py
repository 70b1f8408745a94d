"""Splits that are too small for the margin are named beforehand, with a remedy that works."""

from __future__ import annotations

import re

import pytest

from autosuperconv.core.split_sizes import about_split_sizes, standard_error, too_small


def test_the_standard_error_is_binomial() -> None:
    assert standard_error(0.5, 100) == pytest.approx(0.05)
    assert standard_error(0.95, 36) == pytest.approx(0.0363, abs=1e-4)


@pytest.mark.parametrize(
    ("n", "margin", "expected"),
    [
        (36, 0.002, True),
        (36, 2 / 36, True),
        (36, 0.056, False),
        (1000, 0.002, True),
        (1001, 0.002, False),
        (10_000, 0.002, False),
        (10_000, 0.0, True),
    ],
)
def test_a_margin_of_two_samples_or_fewer_is_too_small(
    n: int, margin: float, expected: bool
) -> None:
    assert too_small(n, margin) is expected


def test_both_splits_are_named_with_numbers_and_consequences() -> None:
    text = about_split_sizes(48, 36, 0.002)
    assert text.startswith("Too few samples to judge a margin of 0.20 percentage points: ")
    assert "the test split has 36 samples and the validation split has 48 samples. " in text
    assert "One of 36 samples is 2.78 points" in text
    assert "standard error of an accuracy of 95 % over them is 3.63 points" in text
    assert "the verdict cannot be decisive at this margin and single samples decide" in text


def test_only_the_split_that_is_too_small_is_named() -> None:
    assert "validation" not in about_split_sizes(5000, 36, 0.002)
    assert "validation" not in about_split_sizes(None, 36, 0.002)
    assert "verdict" not in about_split_sizes(36, 5000, 0.002)
    assert about_split_sizes(5000, 10_000, 0.002) == ""


@pytest.mark.parametrize("n", [1, 2, 5, 36, 360, 999])
@pytest.mark.parametrize("margin", [0.0, 0.0007, 0.002])
def test_the_remedies_work(n: int, margin: float) -> None:
    text = about_split_sizes(n, n, margin)
    more = re.search(r"at least (\d+) test and validation samples", text)
    wider = re.search(r"--margin of at least ([\d.]+\d)", text)
    assert more or wider or n <= 5
    if more:
        assert about_split_sizes(int(more[1]), int(more[1]), margin) == ""
    if wider:
        assert about_split_sizes(n, n, float(wider[1])) == ""
