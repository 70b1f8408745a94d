"""Real searches with their reports, over several seeds.

    python studies/results/run.py digits mnist mnist-mlp cifar10
    python studies/results/run.py digits --seeds 1 2 3
    python studies/results/run.py --pages

Each search writes console.txt, report.html, report.json, report.md and recipe.json into its folder
here; the files are those of seed 0. What every seed found is kept in seeds.json and shown in
README.md. `--pages` searches nothing: it writes pages and console texts again from report.json.
AUTOSUPERCONV_DATA names the folder with MNIST/raw, AUTOSUPERCONV_CIFAR a folder with CIFAR-10 as
images in train/ and test/ class folders.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from seeds import summary, write_page

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json
from autosuperconv.reporting.files import files_in, render_report, write_files
from autosuperconv.reporting.terminal import report_text

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SEEDS = HERE / "seeds.json"
FILES = ("report.html", "report.json", "report.md", "recipe.json")
LINKS = {"data": "AUTOSUPERCONV_DATA", "cifar10": "AUTOSUPERCONV_CIFAR"}
COMMANDS = {
    "digits": ["--dataset", "digits"],
    "mnist": ["--dataset", "mnist", "--n-train", "2000"],
    "mnist-mlp": ["--dataset", "mnist", "--model", "mlp", "--n-train", "2000"],
    "cifar10": [
        *("--dataset", "folder:cifar10", "--model", "resnet8", "--n-train", "3000"),
        *("--baseline-epochs", "18", "--study-name", "cifar10-resnet8"),
    ],
}


def search(name: str, seed: int, target: Path | None) -> dict[str, Any]:
    """Run one search in a folder of its own, with this checkout's package; return its report.

    Args:
        target: where its files go; None: nowhere.
    """
    command = ["autosuperconv", "search", *COMMANDS[name]]
    if seed:
        command += ["--seed", str(seed)]
    start = [
        sys.executable,
        "-c",
        "from autosuperconv.cli.commands import main; main()",
        *command[1:],
    ]
    with tempfile.TemporaryDirectory() as folder:
        for link, variable in LINKS.items():
            if variable in os.environ:
                (Path(folder) / link).symlink_to(os.environ[variable])
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            start, cwd=folder, text=True, stdout=subprocess.PIPE, check=True, env=environment
        )
        out = next(Path(folder).glob("runs/*/report.json")).parent
        if target is not None:
            target.mkdir(exist_ok=True)
            (target / "console.txt").write_text(stripped(done.stdout), encoding="utf-8")
            for file in FILES:
                shutil.copy(out / file, target / file)
        report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
        return report


def stripped(console: str) -> str:
    """The text without the spaces that fill tables up to the width."""
    return "\n".join(line.rstrip() for line in console.splitlines()) + "\n"


def draw(folder: Path) -> None:
    """Write pages and console text again from report.json, with the present code."""
    report = from_json(Report, (folder / "report.json").read_text(encoding="utf-8"))
    write_files(render_report(report), folder)
    shown = Console(width=80, file=io.StringIO())
    shown.print(report_text(report, files_in(Path("runs") / report.setup.study_name)))
    (folder / "console.txt").write_text(stripped(shown.file.getvalue()), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(COMMANDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--pages", action="store_true", help="Only draw the pages again.")
    options = parser.parse_args()
    if options.pages:
        for name in options.names:
            draw(HERE / name)
        write_page(json.loads(SEEDS.read_text(encoding="utf-8")), COMMANDS)
        return
    for name in options.names:
        for seed in options.seeds:
            keep(name, seed, summary(search(name, seed, HERE / name if seed == 0 else None)))


def keep(name: str, seed: int, found: dict[str, Any]) -> None:
    """Add a search to seeds.json, and write the page again."""
    known = json.loads(SEEDS.read_text(encoding="utf-8")) if SEEDS.exists() else {}
    known.setdefault(name, {})[str(seed)] = found
    SEEDS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write_page(known, COMMANDS)


if __name__ == "__main__":
    main()
