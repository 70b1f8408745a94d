"""The README keeps to what is committed."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from autosuperconv.cli.commands import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_outputs_shown_are_the_recorded_ones() -> None:
    filled = runpy.run_path(str(ROOT / "studies" / "readme.py"))["filled"]
    assert filled(README) == README


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_mentioned(command: str) -> None:
    assert f"autosuperconv {command}" in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_every_relative_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "row", re.findall(r"^\| an? .*", README.split("| to add |")[1], re.MULTILINE)
)
def test_what_an_extension_extends_is_in_the_file_that_is_named(row: str) -> None:
    named = re.findall(r"`([A-Z]\w+)`(?: with its text)? in `([\w/]+\.py)`", row)
    assert named
    for name, file in named:
        code = (ROOT / "autosuperconv" / file).read_text(encoding="utf-8")
        assert re.search(rf"^(?:class {name}\b|{name}\b.* = )", code, re.MULTILINE), file


def test_the_tree_names_every_folder_of_the_package_and_nothing_else() -> None:
    tree = README.split("```\nautosuperconv/\n")[1].split("```")[0]
    package = ROOT / "autosuperconv"
    folders = {p.parent.name for p in package.glob("*/**/__init__.py")} | {"templates"}
    nested = {"folder"}  # of training/data
    files = {p.name for p in package.glob("[a-z]*.py")}
    named = set(re.findall(r"(?:^|\s)([a-z_]+(?:/|\.py))(?=\s|$)", tree, re.MULTILINE))
    outside = {"studies/", "examples/", "tests/"}
    assert named - outside == {f"{f}/" for f in folders - nested} | files
