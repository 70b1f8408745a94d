"""A run's course as columns: what is kept of each point, and how it is read."""

from __future__ import annotations

import math

import pytest

from autosuperconv.core.curve import Curve, Point, as_curve
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.errors import InvalidInput

POINTS = (
    Point(10, 0.5, 1.0, 320, 0.1, 0.9, 2.0, accuracy=0.25),
    Point(15, 0.75, 1.5, 480, 0.2, 0.9, math.inf),
    Point(20, 1.0, 2.0, 640, 0.1, 0.9, 1.0, accuracy=0.75),
)
CURVE = as_curve(POINTS)


def test_each_field_of_the_points_is_a_column() -> None:
    assert CURVE.step == (10, 15, 20)
    assert CURVE.samples == (320, 480, 640)
    assert CURVE.accuracy == (0.25, None, 0.75)
    assert len(CURVE) == 3


def test_what_was_never_measured_is_an_empty_column() -> None:
    assert (CURVE.loss, CURVE.grad_norm, CURVE.train_accuracy) == ((), (), ())


def test_a_loss_that_is_not_finite_counts_as_not_measured() -> None:
    assert CURVE.train_loss == (2.0, None, 1.0)


def test_the_evaluated_points_are_found_along_any_column() -> None:
    assert CURVE.evaluated(CURVE.samples) == [(320, 0.25), (640, 0.75)]
    assert CURVE.last_accuracy == 0.75


def test_a_run_that_was_never_evaluated_has_no_evaluated_points() -> None:
    never = as_curve(POINTS[1:2])
    assert never.evaluated(never.samples) == []
    assert never.last_accuracy is None
    assert len(Curve()) == 0


def test_a_curve_survives_its_json_form() -> None:
    assert from_json(Curve, to_json(CURVE)) == CURVE


def test_columns_that_are_left_out_are_empty_and_numbers_are_shortened() -> None:
    curve = Curve(step=(1234567,), lr=(0.123456789,), loss=(None,), momentum=(0.9,))
    short = curve.only(("step", "lr", "loss"), digits=6)
    assert short == Curve(step=(1234567,), lr=(0.123457,), loss=(None,))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"equally long, but got \{'phase': 2, 'lr': 1\}"):
        Curve(phase=(0.5, 1.0), lr=(0.1,))
