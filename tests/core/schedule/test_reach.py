"""How high the learning rate of a run goes, and what the plan says where that is below max_lr."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import SCHEDULES, tabulate
from autosuperconv.core.schedule.reach import (
    highest_lr,
    reach,
    reach_in_search,
    reach_notes,
    steps_of,
)

CYCLE = Recipe(max_lr=2.0)


@pytest.mark.parametrize(
    ("schedule", "steps", "share"),
    [
        ("1cycle", 2, 0.1),  # both steps at the foot
        ("exp_range", 1000, 0.385),  # the height has fallen by 0.1 ** 0.42 at the first peak
        ("triangular", 2, 0.1),
        ("triangular", 3, 1.0),
        ("constant", 2, 1.0),
        ("step", 2, 1.0),
    ],
)
def test_the_share_of_max_lr_that_a_run_reaches(schedule: str, steps: int, share: float) -> None:
    assert reach(replace(CYCLE, schedule=schedule), steps) == pytest.approx(share, abs=0.005)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_highest_rate_is_the_tables_as_far_as_the_run_got(schedule: str) -> None:
    recipe = replace(CYCLE, schedule=schedule)
    rates = [now.lr for now in tabulate(recipe, 30)]
    assert highest_lr(recipe, 30) == max(rates)
    assert highest_lr(recipe, 30, 4) == max(rates[:4])
    assert highest_lr(recipe, 30, 0) == 0.0


def test_the_share_of_a_search_is_that_of_its_longest_run() -> None:
    exp_range = replace(CYCLE, schedule="exp_range")
    assert reach_in_search(CYCLE, 1000, (1.0, 10.0), (10, 500)) > 0.98
    assert reach_in_search(exp_range, 1000, (1.0, 10.0), (10,)) == pytest.approx(0.385, abs=0.01)


def test_a_schedule_that_gets_to_its_nominal_rate_is_no_news() -> None:
    assert reach_notes(CYCLE, 1000, (1.0, 10.0), (10,)) == ()
    assert reach_notes(replace(CYCLE, schedule="constant"), 900, (1.0, 2.0), (512,)) == ()


def test_a_schedule_that_never_gets_to_it_says_so() -> None:
    exp_range = replace(CYCLE, schedule="exp_range")
    (note,) = reach_notes(exp_range, 1000, (1.0, 10.0), (10,))
    assert note.startswith("The learning rate of exp_range reaches at most 0.38")


def test_runs_too_short_to_climb_are_named_and_the_remedy_helps() -> None:
    (note,) = reach_notes(CYCLE, 900, (1.0, 20.0), (64, 512))
    assert note.startswith(
        "1cycle does not reach max_lr in every run: in 2 steps the learning rate gets to 0.1 of it"
    )
    assert "(batch 512, 1 epochs of 900 samples) has 2" in note
    found = re.search(r"from (\d+) steps on: give more --epochs", note)
    assert found is not None
    enough = int(found[1])
    longer = (enough * 512 / 900, 40.0)
    assert steps_of(replace(CYCLE, epochs=longer[0], batch_size=512), 900) == enough
    assert reach_notes(CYCLE, 900, longer, (64, 512)) == ()
    assert reach_notes(CYCLE, 900, (1.0, 20.0), (900 // enough, 8)) == ()
