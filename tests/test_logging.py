"""Other libraries' logging is their user's: no import and no call of this package changes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

IMPORTS = """
import importlib, logging, pkgutil

import alembic, optuna, optuna.storages, torch  # these may set up their own loggers

def levels():
    loggers = {"": logging.getLogger(), **logging.Logger.manager.loggerDict}
    return {
        name: (logger.level, logger.propagate, len(logger.handlers))
        for name, logger in loggers.items()
        if isinstance(logger, logging.Logger) and name.split(".")[0] in ("", "alembic", "optuna")
    }

before = levels()
import autosuperconv
for module in pkgutil.walk_packages(autosuperconv.__path__, "autosuperconv."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
after = levels()
print({name: (before[name], after[name]) for name in before if after[name] != before[name]})
"""
SEARCH = """
import sys
from pathlib import Path

import numpy as np
import optuna
from torch import nn

import autosuperconv

optuna.logging.set_verbosity(int(sys.argv[1]))
y = np.arange(120) % 3
x = np.eye(3, 4, dtype="float32")[y]
options = autosuperconv.SearchOptions(storage=sys.argv[2], out=Path(sys.argv[3]), workers=1)
autosuperconv.plan(lambda: nn.Linear(4, 3), (x, y), options)
print(optuna.logging.get_verbosity())
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", *command], capture_output=True, text=True, check=True
    )


def test_importing_every_module_leaves_the_loggers_of_optuna_and_alembic_as_they_were() -> None:
    assert run(IMPORTS).stdout == "{}\n"


def test_a_call_of_the_api_keeps_the_users_level_and_adds_no_line_of_optunas(
    tmp_path: Path,
) -> None:
    for level in ("20", "40"):  # INFO, Optuna's own default; ERROR
        done = run(SEARCH, level, f"sqlite:///{tmp_path / level}.db", str(tmp_path))
        assert done.stdout == f"{level}\n"
        assert "study" not in done.stderr
