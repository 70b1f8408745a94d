"""Trains the surfaces' best points for real: does the replay promise what runs there give?

    AUTOSUPERCONV_DATA=data python studies/whole_search/check.py digits mnist mnist-mlp

Writes checked.json; run.py puts it on the page.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "search_cost"))

from replay_world import ReplayWorld, best_point
from tasks import TASKS, trainer_of
from world import Floats, fit, load

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.loop.trainer import TorchTrainer

SEEDS = range(2000, 2004)


def train(trainer: TorchTrainer, x: Floats) -> list[float]:
    """Accuracies of real runs at a point; chance after a divergence."""
    log_lr, log_epochs, log_batch, log_decay, dropout = (float(v) for v in x)
    recipe = Recipe(
        max_lr=10**log_lr,
        epochs=math.exp(log_epochs),
        batch_size=round(2**log_batch),
        weight_decay=10**log_decay,
        dropout=dropout,
    )
    runs = [trainer(Job(replace(recipe, seed=seed))) for seed in SEEDS]
    return [run.chance if run.accuracy is None else run.accuracy for run in runs]


def main() -> None:
    found = []
    for name in sys.argv[1:]:
        world, trainer = ReplayWorld(name), trainer_of(TASKS[name])
        other = ReplayWorld(name)
        other.surface = fit(load(name))
        for rung, epochs in world.epochs.items():
            x, point = world.best_points[rung], best_point(other, epochs)
            found.append(
                {
                    "task": name,
                    "rung": rung,
                    "promise": world.best_at[rung],
                    "runs": train(trainer, x),
                    "other_promise": float(other.truth(point)),
                    "other_runs": train(trainer, point),
                }
            )
            print(found[-1], flush=True)
    Path(__file__).with_name("checked.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
