"""Where the rungs lie, and the lengths that the study searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from autosuperconv.core.verdict import Criterion
from autosuperconv.tuning.steps.rungs import rung_lengths, study_lengths
from tests.surface import make_setup

LEVEL = 10_000.0  # samples: 10 epochs of the surface's 1000


def test_a_rung_lies_a_twentieth_below_its_share_of_the_cost_to_level() -> None:
    setup = make_setup(Path(), epochs=None)
    lengths = study_lengths(setup, LEVEL)
    assert lengths == (pytest.approx(0.75 * 10 / 5), 10 / 2)
    assert rung_lengths(setup, LEVEL, lengths) == pytest.approx({5.0: 0.95 * 2, 2.0: 0.95 * 5})


def test_other_bounds_of_the_speed_up_make_other_rungs() -> None:
    setup = make_setup(Path(), epochs=None, criterion=Criterion(min_speedup=8.0))
    assert rung_lengths(setup, LEVEL, (1.0, 5.0)) == pytest.approx({8.0: 9.5 / 8, 2.0: 4.75})
    assert study_lengths(setup, LEVEL)[0] == pytest.approx(0.75 * 10 / 8)


def test_one_bound_for_both_makes_one_rung() -> None:
    setup = make_setup(Path(), epochs=None, criterion=Criterion(min_speedup=2.0))
    assert rung_lengths(setup, LEVEL, (1.0, 5.0)) == pytest.approx({2.0: 4.75})


@pytest.mark.parametrize(
    ("given", "rungs"),
    [
        ((1.0, 9.0), {5.0: 1.9, 2.0: 4.75}),
        ((3.0, 9.0), {2.0: 4.75}),  # no cycle may be as short as 1.9
        ((1.0, 4.0), {5.0: 1.9, 2.0: 4.0}),  # none as long as 4.75; 4 epochs are faster still
        ((6.0, 9.0), {10 / 6: 6.0}),  # none short enough: the shortest there is
    ],
)
def test_the_lengths_that_the_user_gave_are_kept(
    given: tuple[float, float], rungs: dict[float, float]
) -> None:
    setup = make_setup(Path(), epochs=given)
    assert study_lengths(setup, LEVEL) == given
    assert rung_lengths(setup, LEVEL, given) == pytest.approx(rungs)


def test_a_search_for_accuracy_has_the_one_length_that_it_trains() -> None:
    setup = make_setup(Path(), epochs=(1.0, 4.0), objective="accuracy")
    assert rung_lengths(setup, LEVEL, (1.0, 4.0)) == {10 / 4: 4.0}
