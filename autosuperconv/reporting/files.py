"""What a search leaves in its output folder: report.json, report.html, report.md, recipe.json and
the recipes beside it, recipe-baseline.json and its like."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from autosuperconv.core.format import printable
from autosuperconv.core.recipe_file import RECIPE_FILE, recipe_file, recipe_text
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import to_json
from autosuperconv.errors import OutputUnwritable
from autosuperconv.reporting.markdown import render_markdown
from autosuperconv.reporting.page import render_page

BESIDE = re.compile(r"recipe-(baseline|candidate|control)(-[\d.e]+)?\.json")
FILES = {"page": "report.html", "JSON": "report.json", "recipe": RECIPE_FILE}


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


def refuse_another_report(out: Path, fingerprint: str) -> None:
    """Keep the report of another search from being overwritten.

    Raises:
        OutputUnwritable: the folder holds the report of a search with another fingerprint.
    """
    if whose := holds_report_of_another(out, fingerprint):
        raise OutputUnwritable(
            f"--out must be a folder without the report of another search, but {str(out)!r} holds "
            f"that of {whose}. Name another folder with --out."
        )


def holds_report_of_another(out: Path, fingerprint: str) -> str:
    """The study whose report the folder holds, where its fingerprint is another; else "".

    Reports of earlier versions have no fingerprint, and nothing is known of their search.
    """
    try:
        setup = json.loads((out / FILES["JSON"]).read_text(encoding="utf-8"))["setup"]
        stored, name = setup["fingerprint"], setup["study_name"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f"study {name!r}" if stored and fingerprint and stored != fingerprint else ""


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """A report's texts, made once for everything that shows them."""

    page: str | None
    """HTML, with every picture inside; None where it was not made."""
    json: str
    """All of the report; `core.serialization.from_json` reads it back."""
    markdown: str | None
    """The page's main parts; None where it was not made."""
    recipes: Mapping[str, str] = field(default_factory=dict)
    """File name -> a recipe as JSON: the recommended one, and the others beside it."""


def render_report(report: Report) -> RenderedReport:
    """All texts of a report. The page takes seconds: it draws every picture."""
    page, markdown = printable(render_page(report)), printable(render_markdown(report))
    return replace(render_data(report), page=page, markdown=markdown)


def render_data(report: Report) -> RenderedReport:
    """The report and the recipes as JSON alone."""
    return RenderedReport(
        page=None,
        json=to_json(report, indent=1) + "\n",
        markdown=None,
        recipes=recipe_files(report),
    )


def recipe_files(report: Report) -> dict[str, str]:
    """File name -> recipe as JSON: "recipe.json" is the recommended one, "recipe-SIDE.json" each
    that it was chosen from. Where none was compared
    with others, the winner is alone, with what it rests on."""
    found, inputs = report.recommendation, report.setup.inputs
    if found is None:
        winner = report.winner
        about = report.verdict.sentence
        return {} if winner is None else {RECIPE_FILE: recipe_text(winner, inputs, about)}
    texts = {RECIPE_FILE: recipe_text(found.best.recipe, inputs, found.best.label)}
    for one in found.every:
        texts[recipe_file(one.role)] = recipe_text(one.recipe, inputs, one.label)
    return texts


def remove_stale(out: Path, recipes: Mapping[str, str]) -> None:
    """Remove the recipes beside `recipe.json` that an earlier report of this search had and this
    one has not: with more seeds, another length may be the one that the verdict speaks of."""
    for path in out.glob("recipe-*.json"):
        if BESIDE.fullmatch(path.name) and path.name not in recipes:
            with suppress(OSError):
                path.unlink()


def write_files(rendered: RenderedReport, out: Path) -> None:
    """Write all files of a report into a folder.

    Raises:
        OutputUnwritable: the folder cannot be written, or is full.
    """
    check_writable(out)
    remove_stale(out, rendered.recipes)
    texts = {
        "report.json": rendered.json,
        "report.html": rendered.page,
        "report.md": rendered.markdown,
        **rendered.recipes,
    }
    for name, text in texts.items():
        if text is None:
            continue
        try:
            (out / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputUnwritable(
                f"{str(out / name)!r} cannot be written: {error.strerror}. The search is kept: "
                "free some space or name another folder (--out), and run the same command again."
            ) from None
