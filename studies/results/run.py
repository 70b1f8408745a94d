"""Real searches, with their reports: `python studies/results/run.py digits mnist cifar10`.

Each writes console.txt, report.html, report.json, report.md and recipe.json into its folder here.
AUTOSUPERCONV_DATA names the folder with MNIST/raw, AUTOSUPERCONV_CIFAR one with CIFAR-10 as images
in train/ and test/ class folders.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FILES = ("report.html", "report.json", "report.md", "recipe.json")
LINKS = {"data": "AUTOSUPERCONV_DATA", "cifar10": "AUTOSUPERCONV_CIFAR"}
COMMANDS = {
    "digits": ["--dataset", "digits"],
    "mnist": [
        *("--dataset", "mnist", "--n-train", "2000", "--max-seeds", "6"),
    ],
    "cifar10": [
        *("--dataset", "folder:cifar10"),
        *("--model", "resnet8", "--n-train", "5000", "--timeout", "20m", "--max-seeds", "5"),
        *("--study-name", "cifar10-resnet8"),
    ],
}


def run(name: str) -> None:
    """One search in a folder of its own; its results come here."""
    command = ["autosuperconv", "search", *COMMANDS[name], "--out", "out"]
    with tempfile.TemporaryDirectory() as folder:
        for link, variable in LINKS.items():
            if variable in os.environ:
                (Path(folder) / link).symlink_to(os.environ[variable])
        done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, check=True)
        target = HERE / name
        target.mkdir(exist_ok=True)
        (target / "console.txt").write_text(done.stdout, encoding="utf-8")
        for file in FILES:
            shutil.copy(Path(folder) / "out" / file, target / file)


if __name__ == "__main__":
    for name in sys.argv[1:] or COMMANDS:
        run(name)
