"""A session never runs again what has been run, and sums up what the search has taken."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace

import optuna
import pytest

from autosuperconv.core.events import Event, Note, RunFinished, Step, StepStarted, silent
from autosuperconv.core.plan import Forecast
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Session
from autosuperconv.tuning.store.studies import open_study
from tests.reporting.sample import sample_plan

FINGERPRINT: dict[str, object] = {"data": "digits 12ab", "model": "mlp", "seed": 0}
JOBS = [Job(Recipe(max_lr=0.5, seed=seed)) for seed in range(3)]


def memory() -> optuna.storages.InMemoryStorage:
    return optuna.storages.InMemoryStorage()


def session_of(
    storage: optuna.storages.BaseStorage, trainer: object, events: list[Event] | None = None
) -> Session:
    study, run_store = open_study(storage, "s", FINGERPRINT, "minimize")
    listener = (lambda event: None) if events is None else events.append
    return Session(study, run_store, InProcess(trainer), listener, "")  # type: ignore[arg-type]


def label(job: Job) -> str:
    return f"seed {job.recipe.seed}"


def test_equal_jobs_are_run_once_in_one_call_and_in_later_ones() -> None:
    ran: list[Job] = []

    def trainer(job: Job, on_point: OnPoint | None = None) -> Trace:
        ran.append(job)
        return SurfaceTrainer()(job, on_point)

    storage = memory()
    first = session_of(storage, trainer).run("baseline", "tuning", JOBS[:2], label)
    second = session_of(storage, trainer).run("confirmation", "other", [JOBS[2], JOBS[0]], label)
    assert ran == JOBS
    assert second[1] == first[0]


def test_traces_come_back_in_the_order_of_the_jobs() -> None:
    storage = memory()
    session_of(storage, SurfaceTrainer()).run("baseline", "tuning", [JOBS[2]], label)
    traces = session_of(storage, SurfaceTrainer()).run("baseline", "tuning", JOBS, label)
    assert [t.recipe.seed for t in traces] == [0, 1, 2]


def test_what_finished_before_an_error_is_kept() -> None:
    def breaks(job: Job, on_point: OnPoint | None = None) -> Trace:
        if job.recipe.seed == 2:
            raise RuntimeError("no more")
        return SurfaceTrainer()(job, on_point)

    storage = memory()
    with pytest.raises(RuntimeError, match="no more"):
        session_of(storage, breaks).run("baseline", "tuning", JOBS, label)
    events: list[Event] = []
    session_of(storage, SurfaceTrainer(), events).run("baseline", "tuning", JOBS, label)
    assert [e.label for e in events if isinstance(e, RunFinished)] == ["seed 2"]


def test_what_every_run_has_to_say_is_said_once() -> None:
    def noting(job: Job, on_point: OnPoint | None = None) -> Trace:
        return replace(
            SurfaceTrainer()(job, on_point), notes=("no curvature", f"{job.recipe.seed}")
        )

    storage = memory()
    events: list[Event] = []
    session = session_of(storage, noting, events)
    session.run("baseline", "tuning", JOBS[:2], label)
    session.run("baseline", "tuning", JOBS[2:], label)
    texts = [event.text for event in events if isinstance(event, Note)]
    assert texts.count("no curvature") == 1
    assert len(texts) == 1 + len({job.recipe.seed for job in JOBS})


def test_what_a_session_stores_for_itself_lies_in_the_companion_study() -> None:
    storage = memory()
    study, run_store = open_study(storage, "s", {}, "minimize")
    session = Session(study, run_store, InProcess(SurfaceTrainer()), silent, "")
    session.store("plan", "{}")
    assert session.stored("plan") == "{}"
    assert session.stored("setup") is None
    assert set(study.user_attrs) == {"fingerprint"}
    assert optuna.load_study(study_name="s.runs", storage=storage).user_attrs == {
        "plan": "{}",
        "fingerprint": "{}",
    }


def test_wall_seconds_add_up_over_starts() -> None:
    storage = memory()
    first = session_of(storage, SurfaceTrainer())
    first.store("wall_seconds", "100.0")
    again = session_of(storage, SurfaceTrainer())
    again.remember_start()
    again.remember_wall_seconds()
    assert 100.0 <= float(again.stored("wall_seconds")) < 110.0


@dataclass(frozen=True)
class Sized:
    """As if so many runs went on at once; every one takes so many seconds."""

    size: int
    seconds: float

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        done: Future[Trace] = Future()
        done.set_result(replace(SurfaceTrainer()(job, on_point), seconds=self.seconds))
        return done

    def stop(self) -> None:
        """Holds nothing."""


def seconds_left(seconds: float, done: int = 0, workers: int = 1) -> float | None:
    """Forecast when a study of four runs starts after three baseline runs of so many seconds."""
    forecast = (
        Forecast(Step.PLAN, 1, 1.0, 50.0),
        Forecast(Step.BASELINE, 3, 3.0, 100.0),
        Forecast(Step.STUDY, 4, 4.0, 200.0),
        Forecast(Step.CONFIRMATION, 1, 1.0, 30.0),
    )
    study, run_store = open_study(memory(), "s", FINGERPRINT, "minimize")
    events: list[Event] = []
    plan = replace(sample_plan(), forecast=forecast)
    executor = Sized(workers, seconds)
    session = Session(study, run_store, executor, events.append, "", plan=plan)
    session.run(Step.BASELINE, "tuning", JOBS, label)
    session.start(Step.STUDY, runs=4, done=done)
    started = events[-1]
    assert isinstance(started, StepStarted)
    return started.seconds_left


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (100 / 3, 230.0),  # as forecast
        (50.0, 345.0),  # 150 s where 100 s were forecast: 1.5 x 230
        (20.0, 138.0),  # 60 s: 0.6 x 230
        (1000.0, 1150.0),  # 30 times as long: no more than 5 x is believed
        (0.1, 46.0),  # hardly any time: no less than a fifth is
    ],
)
def test_the_time_left_is_corrected_by_what_the_finished_steps_took(
    seconds: float, expected: float
) -> None:
    assert seconds_left(seconds) == pytest.approx(expected)


def test_finished_runs_of_the_step_are_no_longer_ahead() -> None:
    assert seconds_left(50.0, done=2) == pytest.approx(1.5 * (100.0 + 30.0))


def test_two_workers_take_half_the_time_that_their_runs_add_up_to() -> None:
    assert seconds_left(50.0, workers=2) == pytest.approx(0.75 * 230.0)
