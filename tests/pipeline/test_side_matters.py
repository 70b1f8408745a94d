"""What is shown beside a search never ends it: the report is written all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from autosuperconv.core.events import Event, Note
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json
from autosuperconv.errors import OutputUnwritable
from autosuperconv.pipeline import opening
from autosuperconv.pipeline import report as reporting
from autosuperconv.pipeline.rebuild import open_finished
from autosuperconv.pipeline.report import write_report
from autosuperconv.pipeline.setup import Work
from autosuperconv.pipeline.steps import run_steps
from autosuperconv.reporting import page
from autosuperconv.reporting.dashboard import publish
from tests.surface import surface_work

RECIPES = {
    "recipe.json",
    "recipe-baseline.json",
    "recipe-candidate.json",
    "recipe-candidate-5.json",
}
FILES = {"report.html", "report.json", "report.md", *RECIPES}


class Broken(Exception):
    """No error that anything expects."""


def broken(*args: object, **kwargs: object) -> object:
    raise Broken("on purpose")


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds and have their own tests."""
    monkeypatch.setattr(page, "picture_svg", lambda *_, **__: None)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search."""
    folder = tmp_path_factory.mktemp("finished")
    with surface_work(folder) as work:
        run_steps(work)
    return folder


def again(storage: Path, out: Path) -> tuple[Report, list[str], set[str]]:
    """The report made and written again: itself, what was told, and the files."""
    session, made = open_finished(str(storage / "study.journal"), None)
    events: list[Event] = []
    session.listener = events.append
    work = Work(made, session, searching=False, out=out)
    report = run_steps(work)
    write_report(work, report)
    told = [event.text for event in events if isinstance(event, Note)]
    return report, told, {path.name for path in out.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("where", "name", "told", "lost"),
    [
        (page, "picture_svg", "The picture 'cost' was left out: Broken: on purpose.", set()),
        (reporting, "render_page", "The report as a page was left out:", {"report.html"}),
        (reporting, "render_markdown", "The report in Markdown was left out:", {"report.md"}),
        (publish, "put_artifact", "The report among the dashboard's artifacts was left", set()),
        (publish, "set_note", "The verdict in the dashboard's note was left out:", set()),
        (publish, "range_test_figure", "The range test in the dashboard was left out:", set()),
        (publish, "cost_figure", "Accuracy against cost in the dashboard was left out:", set()),
    ],
)
def test_a_report_loses_only_the_part_that_fails(
    storage: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: object,
    name: str,
    told: str,
    lost: set[str],
) -> None:
    monkeypatch.setattr(where, name, broken)
    report, notes, files = again(storage, tmp_path)
    assert any(note.startswith(told) for note in notes)
    assert files == FILES - lost
    assert from_json(Report, (tmp_path / "report.json").read_text()) == report


@pytest.mark.parametrize(
    ("name", "said"),
    [("surrogate_view", "The surrogate's view of the study"), ("_pruning", "What pruning saved")],
)
def test_what_cannot_be_computed_is_listed_as_not_measured(
    storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setattr(reporting, name, broken)
    report, _, files = again(storage, tmp_path)
    assert f"{said} was left out: Broken: on purpose." in report.not_measured
    assert files == FILES
    assert "Broken: on purpose" in (tmp_path / "report.html").read_text()


def test_a_note_that_cannot_be_written_does_not_end_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "set_note", broken)
    events: list[Event] = []
    with surface_work(tmp_path, listener=events.append) as work:
        report = run_steps(work)
    assert report.winner is not None
    told = [event.text for event in events if isinstance(event, Note)]
    assert told.count("The note in the dashboard was left out: Broken: on purpose.") == 1


def test_a_full_disk_is_said_with_the_remedy(
    storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *args: object, **kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_text", full)
        with pytest.raises(OutputUnwritable, match=r"report\.json.*No space left.*--out"):
            again(storage, tmp_path)
    assert again(storage, tmp_path / "other")[2] == FILES  # the remedy, followed
