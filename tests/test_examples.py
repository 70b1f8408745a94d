"""Each example runs as it stands, on a CPU, in a folder of its own."""

from __future__ import annotations

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


def test_there_are_no_other_examples() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
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
