"""When runs are looked at, and how many there are then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosuperconv.core.verdict.looks import Looks, candidates_beside, plan_looks
from autosuperconv.errors import InvalidInput


@pytest.mark.parametrize(
    ("seeds", "max_seeds", "sizes"),
    [
        (3, 8, ((3, 6), (4, 8), (5, 10), (8, 15))),
        (3, 12, ((3, 6), (4, 8), (5, 10), (7, 13), (9, 17), (12, 22))),
        (3, 5, ((3, 6), (4, 8), (5, 10))),
        (10, 10, ((10, 19),)),
        (3, 3, ((3, 6),)),
        (1, 1, ((1, 2),)),
        (3, 4, ((3, 6), (4, 8))),
    ],
)
def test_looks_are_planned_where_they_tell_most(
    seeds: int, max_seeds: int, sizes: tuple[tuple[int, int], ...]
) -> None:
    assert plan_looks(seeds, max_seeds) == Looks(sizes)


def test_a_last_look_that_would_add_little_replaces_the_one_before() -> None:
    # after 7 runs, the next look is at 9, and from there to 10 is a ninth
    assert plan_looks(3, 10).sizes == ((3, 6), (4, 8), (5, 10), (7, 13), (10, 19))


def test_one_run_is_not_looked_at_where_more_may_follow() -> None:
    assert plan_looks(1, 4).sizes == ((2, 4), (3, 6), (4, 8))


def test_a_look_that_was_taken_stays_one_where_more_runs_follow() -> None:
    assert plan_looks(10, 10, done=((3, 6),)) == Looks(((3, 6), (10, 19)), done=1)


def test_a_plan_that_asks_for_no_more_than_there_was_keeps_the_looks_there_were() -> None:
    assert plan_looks(3, 8, done=((10, 19),)) == Looks(((10, 19),), done=1)


def test_the_information_grows_as_runs_of_both_sides_are_added() -> None:
    looks = Looks(((3, 6), (5, 10)))
    assert looks.information == pytest.approx((2.0, 10 / 3))  # 1 / (1/3 + 1/6), 1 / (1/5 + 1/10)


@given(st.integers(1, 30), st.integers(0, 40))
def test_every_plan_ends_at_the_most_and_rises(seeds: int, more: int) -> None:
    sizes = plan_looks(seeds, seeds + more).sizes
    assert sizes[-1] == (seeds + more, candidates_beside(seeds + more))
    assert list(sizes) == sorted(set(sizes))


@pytest.mark.parametrize(("seeds", "max_seeds"), [(0, 3), (5, 4)])
def test_numbers_that_make_no_plan_are_refused(seeds: int, max_seeds: int) -> None:
    with pytest.raises(InvalidInput, match=rf"seeds must be in 1\.\.max_seeds \({max_seeds}\)"):
        plan_looks(seeds, max_seeds)


@pytest.mark.parametrize("sizes", [(), ((3, 6), (3, 8)), ((5, 10), (8, 10)), ((0, 1),)])
def test_sizes_that_do_not_rise_are_refused(sizes: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InvalidInput, match=r"Looks\.sizes must rise"):
        Looks(sizes)
