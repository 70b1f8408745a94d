"""What importing the reports loads."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from autosuperconv import reporting

HEAVY = (
    *("jinja2", "matplotlib", "optuna", "optuna_dashboard", "pandas", "PIL", "plotly", "scipy"),
    *("sklearn", "sqlalchemy", "torch"),
)


def test_importing_every_module_of_reporting_loads_no_heavy_library() -> None:
    names = [m.name for m in pkgutil.walk_packages(reporting.__path__, "autosuperconv.reporting.")]
    assert "autosuperconv.reporting.figures.accuracy_cost" in names
    code = f"import sys, {', '.join(names)}\nprint(sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
