"""Runs end when the time of the search is up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from autosuperconv.core.curve import Point
from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, PruneTraining
from autosuperconv.errors import TimeUp
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.deadline import TIME_IS_UP, UntilTime, was_cut
from autosuperconv.tuning.store.session import TIME_UP, Session
from tests.surface import PretendedClock, Taking
from tests.tuning.steps.computed import session_of

JOBS = [Job(Recipe(max_lr=0.1, epochs=10.0, seed=seed)) for seed in range(3)]


@dataclass
class Seen:
    points: list[Point]

    def __call__(self, point: Point) -> None:
        self.points.append(point)


def point(phase: float) -> Point:
    return Point(1, phase, phase, 1, 0.1, 0.9, 1.0)


def test_a_run_goes_on_until_the_time_is_up_and_others_see_its_points_first() -> None:
    clock, seen = PretendedClock(5.0), Seen([])
    until = UntilTime(5.0, clock, seen)
    until(point(0.5))
    clock.now = 5.1
    with pytest.raises(PruneTraining, match=TIME_IS_UP):
        until(point(0.6))
    assert [p.phase for p in seen.points] == [0.5, 0.6]


def test_a_run_that_has_got_to_its_end_is_not_cut() -> None:
    UntilTime(0.0, PretendedClock(1.0))(point(1.0))


def limited(end: float) -> tuple[Session, PretendedClock]:
    clock = PretendedClock()
    session = session_of(Taking(clock, SurfaceTrainer()))
    return replace(session, deadline=end, clock=clock), clock


def test_what_was_finished_is_kept_and_what_was_cut_is_not() -> None:
    session, clock = limited(15.0)
    session.start(Step.BASELINE, 3)
    with pytest.raises(TimeUp, match="during the baseline"):
        session.run(Step.BASELINE, "tuning", JOBS, str)
    assert [t.recipe.seed for _, t in session.run_store.of(Step.BASELINE)] == [0]
    assert clock.now <= 15.0 + 0.5  # a twentieth of a run
    assert session.stored(TIME_UP) == "baseline"


def test_nothing_is_begun_after_the_end() -> None:
    session, clock = limited(0.0)
    with pytest.raises(TimeUp):
        session.run(Step.BASELINE, "tuning", JOBS, str)
    assert clock.now == 0.0


def test_finished_runs_are_read_though_the_time_is_up() -> None:
    session, _ = limited(100.0)
    session.run(Step.BASELINE, "tuning", JOBS, str)
    late = replace(session, deadline=0.0)
    assert len(late.run(Step.BASELINE, "tuning", JOBS, str)) == 3


def test_only_the_limit_itself_cuts() -> None:
    trace = SurfaceTrainer()(JOBS[0], UntilTime(0.0, PretendedClock(1.0)))
    assert was_cut(trace)
    assert not was_cut(replace(trace, detail="cannot reach the target"))
