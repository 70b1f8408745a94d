"""The recorded designs of studies/search_cost can still be replayed."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

STUDY = Path(__file__).parents[2] / "studies" / "search_cost"


@pytest.mark.parametrize("name", ["cifar10", "digits", "mnist", "mnist-mlp"])
def test_a_recorded_range_test_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(STUDY)
    world = importlib.import_module("world")
    found = world.recorded_range_test(name)
    assert len(found.cells) >= 4
    assert all(world.MAX_LR.low < cell.edge <= world.MAX_LR.high for cell in found.cells)
