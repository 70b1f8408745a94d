"""Whole searches can still be replayed, and are graded by what is true of the design."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for folder in ("search_cost", "whole_search"):
        monkeypatch.syspath_prepend(STUDIES / folder)
    return importlib.import_module("search")


def confirmation(best_5: float, best_2: float, answer: float, breaks: float = 0.0) -> object:
    """A search against a baseline of 90 %; the seed sd is 1 %, the control ends 3 % below 5."""
    world = SimpleNamespace(
        best_at={5.0: best_5, 2.0: best_2},
        sd=0.01,
        surface=SimpleNamespace(mean=lambda x: np.array([answer])),
        breaks=lambda x: breaks,
    )
    answers = {5.0: np.zeros(5), 2.0: np.zeros(5)}
    return SimpleNamespace(world=world, studied=SimpleNamespace(level=0.9), answers=answers)


@pytest.mark.parametrize(
    ("own", "outcome", "rung", "grade"),
    [
        (confirmation(0.90, 0.92, 0.895), "reached", 5.0, "right"),
        (confirmation(0.92, 0.92, 0.889), "reached", 5.0, "wrong"),
        (confirmation(0.93, 0.93, 0.895), "reached", 5.0, "wrong"),  # the control: 90 %
        (confirmation(0.90, 0.92, 0.895), "accelerated", 2.0, "weaker"),
        (confirmation(0.88, 0.92, 0.895), "accelerated", 2.0, "right"),
        (confirmation(0.88, 0.92, 0.889), "accelerated", 2.0, "wrong"),
        (confirmation(0.88, 0.92, 0.895, 0.2), "accelerated", 2.0, "unstable"),
        (confirmation(0.88, 0.92, 0.895), "no", None, "wrong"),
        (confirmation(0.88, 0.88, 0.895), "no", None, "right"),
        (confirmation(0.88, 0.92, 0.895), "not found", None, "open"),
        (confirmation(0.88, 0.88, 0.895), "not found", None, "weaker"),
        (confirmation(0.88, 0.92, 0.895), "undecided", None, "open"),
        (confirmation(0.88, 0.92, 0.895), "diverged", None, "open"),
    ],
)
def test_an_outcome_is_graded_by_the_truth_at_a_margin_of_one_point(
    search: ModuleType, own: object, outcome: str, rung: float | None, grade: str
) -> None:
    assert search.grade(own, outcome, rung, 0.01) == grade


def test_a_search_is_replayed_to_its_end_and_counts_all_training(search: ModuleType) -> None:
    world = importlib.import_module("replay_world").ReplayWorld("digits")
    plan = search.Plan(9, 3)
    found = search.whole_search(search.study(world, 3.0, 0, 9), plan)
    again = search.whole_search(search.study(world, 3.0, 0, 9), plan)
    assert found == again
    assert found.baselines["baseline"] == 3
    assert found.cost(tuned=True) == pytest.approx(found.cost(tuned=False) + search.TUNING)
    assert set(found.regret) <= {5.0, 2.0}
    # nine cycles of 0.15 to 0.5 T_B, T_B being 0.54 of a baseline run
    assert 9 * 0.15 * 0.54 / 2 < found.baselines["study"] < 9 * 0.5 * 0.54
