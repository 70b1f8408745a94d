"""What a user names as `package.module:attribute`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autosuperconv.errors import InvalidInput, ModelError
from autosuperconv.importing import import_callable

MINE = """
class Shapes:
    flat = staticmethod(lambda progress: 1.0)
def falling(progress): return 1 - progress
constant = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with modules in it, none of them on the path."""
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "failing.py").write_text("1 / 0")
    (tmp_path / "missing_a_package.py").write_text("import not_installed_anywhere")
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", os.getcwd())])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_current_folder_is_searched() -> None:
    assert import_callable("--schedule", "mine:falling")(0.25) == 0.75


@pytest.mark.usefixtures("folder")
def test_an_attribute_of_a_class_can_be_named() -> None:
    assert import_callable("--schedule", "mine:Shapes.flat")(0.5) == 1.0


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such:f", r"there is no module 'no_such'\. Install it, or change to the folder"),
        ("mine.deep:f", r"there is no module 'mine.deep'"),
        ("mine:fallin", r"module 'mine' has no 'fallin'\. Did you mean mine:falling\?"),
        ("mine:Shapes.steep", r"module 'mine' has no 'Shapes.steep'"),
        ("mine:constant", r"must be a function or a class, but 'constant' is of type int"),
        ("failing:f", r"importing module 'failing' failed with ZeroDivisionError: division by"),
        (
            "missing_a_package:f",
            r"failed with ModuleNotFoundError: No module named 'not_installed_anywhere'",
        ),
    ],
)
def test_an_error_names_the_option_the_name_and_the_remedy(name: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=f"^--schedule {name}.*{message}"):
        import_callable("--schedule", name)


@pytest.mark.parametrize("name", [":f", "mine:", "mine", "mi ne:f", "mine:f:g", "mine..a:f"])
def test_a_name_that_is_not_written_so_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match=r"written package\.module:function, but got"):
        import_callable("--model", name, refused=ModelError)


def test_the_command_finds_a_schedule_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    command = "from autosuperconv.cli.commands import main; main()"
    options = ["--model", "mlp", "--schedule", "mine:falling", "--max-lr", "0.1"]
    done = _python(tmp_path, command, "train", *options, "--epochs", "0.5", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "mine:falling, max_lr 0.1" in done.stdout


def test_worker_processes_find_a_schedule_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    done = _python(
        tmp_path,
        "from joblib.externals.loky import ProcessPoolExecutor\n"
        "from autosuperconv.core.recipe import Recipe\n"
        "from autosuperconv.core.schedule import tabulate\n"
        "with ProcessPoolExecutor(1) as pool:\n"
        "    recipe = Recipe(2.0, schedule='mine:falling')\n"
        "    print([rate.lr for rate in pool.submit(tabulate, recipe, 3).result()])\n",
    )
    assert done.stdout.strip() == "[2.0, 1.0, 0.0]", done.stderr


def _python(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As an installed command runs: without the current folder on the path (-P)."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=200,
    )
