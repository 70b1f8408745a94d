"""Each example runs as it stands, on a CPU, in a folder of its own."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SAYS = {
    "own_data.py": "fewer samples",
    "own_model.py": "batch 128, weight decay",
    "own_schedule.py": "own_schedule:half_sine: 9",
}
SLOW = {"own_data.py"}


def test_there_are_no_other_examples() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_an_example_needs_no_more_than_the_public_names(name: str) -> None:
    tree = ast.parse((EXAMPLES / name).read_text())
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    modules |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    ours = {module for module in modules if module and module.startswith("autosuperconv")}
    assert ours == {"autosuperconv"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in sorted(SAYS)],
)
def test_an_example_is_short_and_runs(name: str, tmp_path: Path) -> None:
    script = EXAMPLES / name
    assert len(script.read_text().splitlines()) < 40
    root = str(EXAMPLES.parent)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert SAYS[name] in done.stdout
