from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from autosuperconv.core.recipe_file import read_recipe
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json
from autosuperconv.errors import OutputUnwritable
from autosuperconv.reporting import page
from autosuperconv.reporting.files import (
    RenderedReport,
    check_writable,
    recipe_files,
    render_report,
    write_files,
)
from tests.reporting.sample import CONTROL, STANDARD, WINNER, bare_report


def test_each_picture_is_drawn_once_in_each_size(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: Counter[tuple[str, bool]] = Counter()

    def count(name: str, report: Report, *, wide: bool = True) -> str:
        drawn[name, wide] += 1
        return "<svg></svg>"

    monkeypatch.setattr(page, "picture_svg", count)
    render_report(report)
    assert set(drawn.values()) == {1}
    assert len(drawn) == 10  # five pictures, wide and narrow


def test_the_files_hold_the_rendered_texts_unchanged(tmp_path: Path) -> None:
    recipes = {"recipe.json": "[]", "recipe-control.json": "[1]"}
    write_files(RenderedReport("<p>\u00b1</p>", "{}", "## no", recipes), tmp_path / "new")
    texts = {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "new").iterdir()}
    assert texts == {
        "report.html": "<p>\u00b1</p>",
        "report.json": "{}",
        "report.md": "## no",
        **recipes,
    }


def test_the_json_and_the_recipe_can_be_read_back(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "picture_svg", lambda *_, **__: None)
    rendered = render_report(report)
    assert from_json(Report, rendered.json) == report
    assert {name: read_recipe(text) for name, text in rendered.recipes.items()} == {
        "recipe.json": WINNER,
        "recipe-candidate.json": WINNER,
        "recipe-baseline.json": STANDARD,
        "recipe-control.json": CONTROL,
    }


def test_each_recipe_says_what_it_is_and_what_was_shown(report: Report) -> None:
    labels = {name: json.loads(text)["label"] for name, text in recipe_files(report).items()}
    assert labels["recipe.json"] == labels["recipe-candidate.json"]
    assert labels["recipe.json"].startswith("The cycle that was found: 92.04 % on test data")
    assert labels["recipe-baseline.json"].startswith("The tuned standard schedule (the baseline):")


def test_the_recipe_of_the_other_length_has_its_speed_up_in_its_name(report: Report) -> None:
    assert report.recommendation is not None
    other = replace(report.recommendation.best, role="candidate:5")
    found = replace(report.recommendation, others=(other,))
    files = recipe_files(replace(report, recommendation=found))
    assert [*files] == ["recipe.json", "recipe-candidate.json", "recipe-candidate-5.json"]


def test_a_report_of_an_earlier_version_has_its_winner_alone(report: Report) -> None:
    (text,) = recipe_files(replace(report, recommendation=None)).values()
    assert read_recipe(text) == report.winner


def test_a_recipe_that_this_report_has_not_any_more_goes_and_a_users_file_stays(
    tmp_path: Path,
) -> None:
    ours = ("recipe-control.json", "recipe-candidate-5.json", "recipe-control-2.5.json")
    others = ("recipe-mine.json", "recipe-control-of-mine.json", "recipe.json")
    for name in (*ours, *others):
        (tmp_path / name).write_text("{}")
    write_files(RenderedReport(None, "{}", None, {"recipe-baseline.json": "[]"}), tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, "report.json", "recipe-baseline.json"}


def test_without_a_winner_there_is_no_recipe() -> None:
    assert render_report(bare_report()).recipes == {}


def test_a_folder_that_cannot_be_written_is_named_before_any_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match=r"--out '.*file/below' cannot be written"):
        check_writable(tmp_path / "file" / "below")


def test_a_path_that_is_not_utf_8_does_not_lose_the_report(tmp_path: Path) -> None:
    given = bare_report()
    odd = os.fsdecode(b"caf\xe9")
    options = replace(given.setup.options, out=Path(odd), command=f"search --out {odd}")
    odd_report = replace(given, setup=replace(given.setup, dataset=odd, options=options))
    write_files(render_report(odd_report), tmp_path)
    assert from_json(Report, (tmp_path / "report.json").read_text()) == odd_report
    assert "caf\\udce9" in (tmp_path / "report.md").read_text()
