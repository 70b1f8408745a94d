"""What a search leaves in its output folder: report.json, report.html, report.md, recipe.json."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autosuperconv.core.format import printable
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import to_json
from autosuperconv.errors import OutputUnwritable
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page

FILES = {"page": "report.html", "JSON": "report.json", "recipe": "recipe.json"}


def files_in(folder: Path) -> dict[str, str]:
    """Paths of a report's files, by what they are."""
    return {name: str(folder / file) for name, file in FILES.items()}


def check_writable(out: Path) -> None:
    """Make the folder, and see that a file can be written there, before hours of training.

    Raises:
        OutputUnwritable: with the folder and the system's reason.
    """
    probe = out / ".writable"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputUnwritable(
            f"--out {str(out)!r} cannot be written: {error.strerror}. Name another folder."
        ) from None


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """A report's texts, made once for everything that shows them."""

    page: str
    """HTML, with every picture inside."""
    json: str
    """All of the report; `core.serialization.from_json` reads it back."""
    markdown: str
    """The page's main parts."""
    recipe: str | None
    """The winner as JSON; None without one."""


def render_report(report: Report) -> RenderedReport:
    """All texts of a report. The page takes seconds: it draws every picture."""
    return RenderedReport(
        page=printable(render_page(report)),
        json=to_json(report, indent=1) + "\n",
        markdown=printable(render_markdown(report)),
        recipe=None if report.winner is None else to_json(report.winner, indent=2) + "\n",
    )


def write_files(rendered: RenderedReport, out: Path) -> None:
    """Write all files of a report into a folder."""
    check_writable(out)
    texts = {
        "report.json": rendered.json,
        "report.html": rendered.page,
        "report.md": rendered.markdown,
        "recipe.json": rendered.recipe,
    }
    for name, text in texts.items():
        if text is not None:
            (out / name).write_text(text, encoding="utf-8")
