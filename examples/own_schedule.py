"""Your own schedule: a function from the progress of the run, in [0, 1], to a factor of max_lr."""

import math
from pathlib import Path

from autosuperconv import Recipe, load_dataset, model_factory, train


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
