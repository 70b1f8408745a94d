"""Your own schedule: from the share of the run that is done to a factor of max_lr."""

import math
from pathlib import Path

from autosuperconv import Recipe, train
from autosuperconv.training.data import load_dataset
from autosuperconv.training.models import model_factory


def half_sine(progress: float) -> float:
    """Up and down again, once."""
    return math.sin(math.pi * progress)


def main() -> None:
    digits = load_dataset("digits", Path("data"))
    network = model_factory("mlp", digits.shape, digits.classes)
    for schedule in ("1cycle", "own_schedule:half_sine"):
        recipe = Recipe(max_lr=0.1, epochs=3.0, batch_size=64, schedule=schedule)
        trace = train(network, digits, recipe, device="cpu")
        print(f"{schedule}: {100 * (trace.accuracy or 0):.1f} % ({trace.stopped_because})")


if __name__ == "__main__":
    main()
