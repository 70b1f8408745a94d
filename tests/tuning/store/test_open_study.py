"""What a study looks like in the dashboard: named values, and no raw text among its attributes."""

from __future__ import annotations

import optuna
import pytest

from autosuperconv.core.events import Event, Note, silent
from autosuperconv.pipeline.setup import told_to
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.session import Direction, Session, open_study


@pytest.mark.parametrize(
    ("direction", "name"), [("minimize", "training samples"), ("maximize", "accuracy")]
)
def test_a_studys_values_are_named(direction: Direction, name: str) -> None:
    study, _ = open_study(optuna.storages.InMemoryStorage(), "s", {}, direction)
    assert study.metric_names == [name]


def test_what_a_search_keeps_for_itself_lies_in_the_companion_study() -> None:
    storage = optuna.storages.InMemoryStorage()
    study, ledger = open_study(storage, "s", {}, "minimize")
    session = Session(study, ledger, InProcess(SurfaceTrainer()), silent, "")
    session.store("plan", "{}")
    assert session.stored("plan") == "{}"
    assert session.stored("setup") is None
    assert set(study.user_attrs) == {"question"}
    assert optuna.load_study(study_name="s.runs", storage=storage).user_attrs == {"plan": "{}"}


def test_every_listener_is_told_in_turn() -> None:
    heard: list[tuple[str, Event]] = []
    first, second = (lambda event, name=name: heard.append((name, event)) for name in "ab")
    told_to(first, second)(Note("hello"))
    assert heard == [("a", Note("hello")), ("b", Note("hello"))]
