"""The ledger and the session: what has been run is never run again, and studies do not mix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from autosuperconv.core.events import Event, RunFinished
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import StudyMismatch
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.run_store import Ledger, name_of
from autosuperconv.tuning.store.session import Session, open_study

QUESTION: dict[str, object] = {"data": "digits 12ab", "model": "mlp", "seed": 0}
JOBS = [Job(Recipe(max_lr=0.5, seed=seed)) for seed in range(3)]


def memory() -> optuna.storages.InMemoryStorage:
    return optuna.storages.InMemoryStorage()


def session_of(
    storage: optuna.storages.BaseStorage, trainer: object, events: list[Event] | None = None
) -> Session:
    study, ledger = open_study(storage, "s", QUESTION, "minimize")
    listener = (lambda event: None) if events is None else events.append
    return Session(study, ledger, InProcess(trainer), listener, "")  # type: ignore[arg-type]


def label(job: Job) -> str:
    return f"seed {job.recipe.seed}"


def test_the_ledger_gives_back_exactly_what_was_put_in() -> None:
    study = optuna.create_study()
    trace = SurfaceTrainer()(JOBS[0])
    Ledger(study).add("baseline", "tuning", JOBS[0], trace)
    again = Ledger(study)
    assert again.find(JOBS[0]) == trace
    assert again.of("baseline") == [("tuning", trace)]
    assert again.of("study") == []
    assert again.find(JOBS[1]) is None


def test_studies_of_before_jobs_had_a_curve_share_are_still_read() -> None:
    job = Job(Recipe(max_lr=0.5))
    assert name_of(job) == "d492d166c223afae"
    assert name_of(replace(job, curve_share=0.1)) != name_of(job)


def test_a_diverged_run_is_kept_with_its_reason() -> None:
    study = optuna.create_study()
    job = Job(Recipe(max_lr=9.0))
    Ledger(study).add("range test", "sweep", job, SurfaceTrainer(edge=1.0)(job))
    found = Ledger(study).find(job)
    assert found is not None
    assert found.diverged
    assert "above 1" in found.detail
    assert study.trials[0].user_attrs["stopped_because"] == "diverged"


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


def test_another_question_is_refused_and_the_difference_is_named() -> None:
    storage = memory()
    open_study(storage, "s", QUESTION, "minimize")
    with pytest.raises(
        StudyMismatch, match=r"model: mlp there, resnet8 here\). Give .* --study-name or --storage"
    ):
        open_study(storage, "s", {**QUESTION, "model": "resnet8"}, "minimize")


def test_another_objective_is_refused_in_the_same_words() -> None:
    storage = memory()
    open_study(storage, "s", {**QUESTION, "objective": "cost"}, "minimize")
    with pytest.raises(StudyMismatch, match="objective: cost there, accuracy here"):
        open_study(storage, "s", {**QUESTION, "objective": "accuracy"}, "maximize")


def test_a_foreign_study_is_refused() -> None:
    storage = memory()
    optuna.create_study(storage=storage, study_name="s").optimize(lambda trial: 0.0, n_trials=1)
    with pytest.raises(StudyMismatch, match="was not made by autosuperconv"):
        open_study(storage, "s", QUESTION, "minimize")


def test_the_same_question_opens_the_same_study() -> None:
    storage = memory()
    first, _ = open_study(storage, "s", QUESTION, "minimize")
    first.add_trial(optuna.create_trial(value=1.0))
    assert len(open_study(storage, "s", QUESTION, "minimize")[0].trials) == 1


def test_a_question_with_tuples_survives_the_storage() -> None:
    storage = memory()
    for _ in range(2):
        open_study(storage, "s", {**QUESTION, "epochs": (1.0, 4.0)}, "minimize")


def test_wall_seconds_add_up_over_starts(tmp_path: Path) -> None:
    storage = memory()
    first = session_of(storage, SurfaceTrainer())
    first.store("wall_seconds", "100.0")
    again = session_of(storage, SurfaceTrainer())
    again.remember_start()
    again.remember_wall_seconds()
    assert 100.0 <= float(again.stored("wall_seconds")) < 110.0
