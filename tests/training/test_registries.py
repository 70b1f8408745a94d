"""What the command line may read of `training` without paying for torch."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "torchvision", "sklearn", "scipy")


def test_reading_the_names_of_data_sets_and_models_loads_no_heavy_library() -> None:
    code = (
        "import sys; from autosuperconv.training.data import DATASETS;"
        "from autosuperconv.training.models import MODELS;"
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
