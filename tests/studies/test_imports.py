"""The scripts in studies/ run seldom: whatever they import from the package must be there."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.mark.parametrize("path", sorted(STUDIES.rglob("*.py")), ids=lambda p: p.name)
def test_what_a_study_imports_from_the_package_is_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autosuperconv"):
            module = importlib.import_module(str(node.module))
            missing = [a.name for a in node.names if not hasattr(module, a.name)]
            assert not missing, f"{path}: {node.module} has no {', '.join(missing)}"
