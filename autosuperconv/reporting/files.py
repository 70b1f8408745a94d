"""What a search leaves in its output folder: report.json, report.html, report.md, recipe.json."""

from __future__ import annotations

from pathlib import Path

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import to_json
from autosuperconv.errors import OutputUnwritable
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render

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


def write_report(report: Report, out: Path) -> None:
    """All files of a report."""
    check_writable(out)
    (out / "report.json").write_text(to_json(report, indent=1) + "\n", encoding="utf-8")
    (out / "report.html").write_text(render(report), encoding="utf-8")
    (out / "report.md").write_text(render_markdown(report), encoding="utf-8")
    if report.winner is not None:
        text = to_json(report.winner, indent=2) + "\n"
        (out / "recipe.json").write_text(text, encoding="utf-8")
