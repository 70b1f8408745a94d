"""The recorded searches of studies/results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "studies" / "results"


@pytest.mark.parametrize("name", ["cifar10", "digits", "mnist"])
def test_a_recorded_console_names_the_files_where_that_search_puts_them(name: str) -> None:
    report = json.loads((RESULTS / name / "report.json").read_text(encoding="utf-8"))
    folder = f"runs/{report['setup']['study_name']}"
    shown = (RESULTS / name / "console.txt").read_text(encoding="utf-8").split()
    assert shown[shown.index("Page") + 1] == f"{folder}/report.html"
    assert shown[shown.index("JSON") + 1] == f"{folder}/report.json"
    assert shown[shown.index("Recipe") + 1] == f"{folder}/recipe.json"
