"""Studies are opened, found and refused by name; looking for one creates nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import optuna
import pytest

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.errors import (
    InvalidInput,
    StorageUnavailable,
    StudyBusy,
    StudyMismatch,
    UnknownName,
)
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.lease import leased
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import (
    Direction,
    artifacts_of,
    find_study,
    forget_plan,
    is_known,
    open_study,
)

FINGERPRINT: dict[str, object] = {"data": "digits 12ab", "model": "mlp", "seed": 0}
FIND = [find_study, artifacts_of]


def memory() -> optuna.storages.InMemoryStorage:
    return optuna.storages.InMemoryStorage()


def searched(url: str, *names: str) -> str:
    for name in names:
        _, run_store = open_study(open_storage(url), name, {}, "minimize")
        run_store.store("artifacts", f"runs/{name}/artifacts")
    return url


@pytest.fixture(params=["a.journal", "sqlite:///a.db"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    open_storage.cache_clear()
    return str(request.param)


def test_the_only_search_needs_no_name(url: str) -> None:
    searched(url, "one")
    assert find_study(url, None).study_name == "one"
    assert artifacts_of(url, None) == Path("runs/one/artifacts")


def test_one_of_several_is_found_by_its_name(url: str) -> None:
    searched(url, "one", "two")
    assert find_study(url, "one").study_name == "one"
    assert artifacts_of(url, "one") == Path("runs/one/artifacts")
    with pytest.raises(InvalidInput, match=r"holds 2 searches: one, two. Choose one"):
        find_study(url, None)


@pytest.mark.parametrize("find", FIND)
def test_a_name_that_is_not_there_suggests_the_nearest(find: object, url: str) -> None:
    searched(url, "digits-resnet8")
    with pytest.raises(UnknownName, match="Did you mean 'digits-resnet8'"):
        find(url, "digits-resnet")  # type: ignore[operator]


@pytest.mark.parametrize("find", FIND)
def test_a_storage_that_is_not_there_is_named_and_not_made(
    find: object, url: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"There is no study storage at .*a\."):
        find(url, None)  # type: ignore[operator]
    assert not list(tmp_path.iterdir())


def test_a_storage_without_a_search_says_so(url: str) -> None:
    open_storage(url)
    with pytest.raises(InvalidInput, match="holds no search"):
        find_study(url, None)


@pytest.mark.parametrize("find", FIND)
def test_another_programs_database_is_left_as_it_is(
    find: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("other.db") as other:
        other.execute("create table mine (x int)")
    with pytest.raises(StorageUnavailable, match=r"other\.db"):
        find("sqlite:///other.db", None)  # type: ignore[operator]
    with sqlite3.connect("other.db") as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("mine",)]


def test_a_plain_optuna_study_has_no_artifacts_of_ours(url: str) -> None:
    optuna.create_study(storage=open_storage(url), study_name="theirs")
    assert artifacts_of(url, "theirs") == Path("artifacts")


@pytest.mark.parametrize(
    ("direction", "name"), [("minimize", "training samples"), ("maximize", "accuracy")]
)
def test_a_studys_values_are_named(direction: Direction, name: str) -> None:
    study, _ = open_study(memory(), "s", {}, direction)
    assert study.metric_names == [name]


def test_another_search_is_refused_and_the_difference_is_named() -> None:
    storage = memory()
    open_study(storage, "s", FINGERPRINT, "minimize")
    with pytest.raises(
        StudyMismatch,
        match=r"model: stored mlp, requested resnet8\). Give .* --study-name or --storage",
    ):
        open_study(storage, "s", {**FINGERPRINT, "model": "resnet8"}, "minimize")


def test_another_objective_is_refused_in_the_same_words() -> None:
    storage = memory()
    open_study(storage, "s", {**FINGERPRINT, "objective": "cost"}, "minimize")
    with pytest.raises(StudyMismatch, match="objective: stored cost, requested accuracy"):
        open_study(storage, "s", {**FINGERPRINT, "objective": "accuracy"}, "maximize")


def test_a_foreign_study_is_refused() -> None:
    storage = memory()
    optuna.create_study(storage=storage, study_name="s").optimize(lambda trial: 0.0, n_trials=1)
    with pytest.raises(StudyMismatch, match="was not made by this version of autosuperconv"):
        open_study(storage, "s", FINGERPRINT, "minimize")


def test_the_same_search_opens_the_same_study() -> None:
    storage = memory()
    first, _ = open_study(storage, "s", FINGERPRINT, "minimize")
    first.add_trial(optuna.create_trial(value=1.0))
    assert len(open_study(storage, "s", FINGERPRINT, "minimize")[0].trials) == 1


def test_a_fingerprint_with_tuples_survives_the_storage() -> None:
    storage = memory()
    for _ in range(2):
        open_study(storage, "s", {**FINGERPRINT, "epochs": (1.0, 4.0)}, "minimize")


def test_a_plan_that_was_killed_makes_way_and_one_under_way_does_not() -> None:
    storage, changed = memory(), {**FINGERPRINT, "seed": 1}
    _, run_store = open_study(storage, "s", FINGERPRINT, "minimize")
    run_store.add(Step.PLAN, "timing", Job(Recipe(max_lr=0.1)), made_trace())
    with leased(run_store, "search 's'", InvalidInput, lambda text: None, lambda seconds: None):
        forget_plan(storage, "s", changed)
        assert is_known(storage, "s")
    forget_plan(storage, "s", FINGERPRINT)  # its own plan stays
    assert is_known(storage, "s")
    forget_plan(storage, "s", changed)
    assert not is_known(storage, "s")


@pytest.mark.parametrize("step", [Step.RANGE_TEST, Step.STUDY])
def test_what_holds_more_than_a_plan_stays(step: Step) -> None:
    storage = memory()
    study, run_store = open_study(storage, "s", FINGERPRINT, "minimize")
    if step is Step.STUDY:
        study.ask()
    else:
        run_store.add(step, "sweep", Job(Recipe(max_lr=0.1)), made_trace())
    forget_plan(storage, "s", {**FINGERPRINT, "seed": 1})
    assert is_known(storage, "s")


def made_trace() -> Trace:
    return SurfaceTrainer()(Job(Recipe(max_lr=0.1)))


def test_runs_that_outlive_their_study_are_not_taken_for_another_searchs() -> None:
    storage = memory()
    open_study(storage, "s", FINGERPRINT, "minimize")
    optuna.delete_study(study_name="s", storage=storage)  # as the dashboard does
    with pytest.raises(StudyMismatch, match=r"the deleted study 's' belongs to .*seed: stored"):
        open_study(storage, "s", {**FINGERPRINT, "seed": 1}, "minimize")
    open_study(storage, "s", FINGERPRINT, "minimize")


def test_a_plan_of_another_search_is_forgotten_unless_that_search_is_running() -> None:
    storage, other = memory(), {**FINGERPRINT, "seed": 1}
    _, run_store = open_study(storage, "s", FINGERPRINT, "minimize")
    with leased(run_store, "search 's'", StudyBusy, [].append, wait=lambda seconds: None):
        forget_plan(storage, "s", other)
        with pytest.raises(StudyMismatch, match="seed: stored 0, requested 1"):
            open_study(storage, "s", other, "minimize")
    forget_plan(storage, "s", other)
    open_study(storage, "s", other, "minimize")
