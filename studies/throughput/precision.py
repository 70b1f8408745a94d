"""Does bfloat16 cost accuracy? ResNet-8 on 3,000 CIFAR-10 images, six paired seeds, either way.

    python studies/throughput/precision.py

Data as in run.py. Writes accuracies on the test set, in percent, to precision.json, which the next
run.py puts into its page; about three minutes on one thread.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.data import load_dataset
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory

SEEDS = 6
RECIPE = Recipe(max_lr=0.5, batch_size=64, epochs=5)
FOUND = Path(__file__).parent / "precision.json"


def in_words(ends: dict[str, list[float]]) -> str:
    """Means, and the difference between pairs."""
    means = "; ".join(
        f"{name} {mean(values):.2f} % (sd {stdev(values):.2f})" for name, values in ends.items()
    )
    pairs = [b - a for a, b in zip(*ends.values(), strict=True)]
    error = stdev(pairs) / len(pairs) ** 0.5
    return f"{means}; difference {mean(pairs):+.2f} points, standard error {error:.2f}"


def main() -> None:
    photos = os.environ.get("AUTOSUPERCONV_CIFAR")
    folder = Path(os.environ.get("AUTOSUPERCONV_DATA", "data"))
    data = load_dataset(f"folder:{photos}" if photos else "cifar10", folder, n_train=3000)
    plain = TorchTrainer(
        data, model_factory("resnet8", data.shape, data.classes), Engine(threads=1)
    )
    fast = plain.with_engine(
        replace(plain.engine, precision="bfloat16", memory_format="channels_last")
    )
    ends: dict[str, list[float]] = {"float32": [], "bfloat16, channels_last": []}
    for seed in range(SEEDS):
        job = Job(replace(RECIPE, seed=seed), measured_on="test")
        for name, trainer in zip(ends, (plain, fast), strict=True):
            ends[name].append(100 * (trainer(job).accuracy or 0.0))
    FOUND.write_text(json.dumps(ends, indent=1) + "\n", encoding="utf-8")
    print(in_words(ends))


if __name__ == "__main__":
    main()
