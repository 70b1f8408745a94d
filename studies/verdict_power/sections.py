"""Sections and tables of the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}\n\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
