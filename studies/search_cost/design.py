"""Trains the dense random design: real runs over the whole space, repeats, and the sweeps.

    AUTOSUPERCONV_DATA=data python studies/search_cost/design.py digits
    AUTOSUPERCONV_DATA=data python studies/search_cost/design.py mnist --sweeps
    AUTOSUPERCONV_DATA=data python studies/search_cost/design.py digits --probes

Writes `NAME.csv.xz` (one run a line) and `NAME-range-test.json.xz` beside this file; with
`--sweeps` the range test alone, as the tool makes it; with `--probes` the runs alone, probed on
their way, and `NAME-probes.csv.xz`.
"""

from __future__ import annotations

import argparse
import csv
import io
import lzma
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from probes import Probes, probe_row, train_probed
from scipy.stats import qmc
from tasks import DROPOUT, LOG_DECAY, LOG_LR, RUNGS, TASKS, TaskSpec, trainer_of

from autosuperconv import SearchOptions, range_test
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import to_dict, to_json
from autosuperconv.core.space import Choices
from autosuperconv.core.trace import Job, Trace
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.tuning.steps.study import CURVE_SHARE

HERE = Path(__file__).parent
PROCESSES = 2
LONGEST_SHARE = 0.3  # of the runs: the accuracy objective trains at the longest cycle only
REPEATED, SEEDS_EACH = 10, 6
FIELDS = ("max_lr", "epochs", "batch_size", "weight_decay", "dropout", "seed")
_trainer: list[TorchTrainer] = []


def draw(task: TaskSpec) -> list[Recipe]:
    """A scrambled Sobol design over the whole space, and repeated seeds at points that train."""
    unit = qmc.Sobol(6, seed=7).random(task.runs)
    spread = [_recipe(task, u, seed) for seed, u in enumerate(unit)]
    again = qmc.Sobol(6, seed=8).random(REPEATED)
    again[:, 0] = 0.3 + 0.4 * again[:, 0]  # rates of 0.016 to 0.63
    points = [_recipe(task, u, 0) for u in again]
    return spread + [replace(p, seed=1000 + s) for p in points for s in range(SEEDS_EACH)]


def _recipe(task: TaskSpec, u: np.ndarray, seed: int) -> Recipe:
    low, high = np.log(task.epochs)
    share = min(float(u[1]) / (1 - LONGEST_SHARE), 1.0)
    return Recipe(
        max_lr=float(10 ** (LOG_LR[0] + u[0] * (LOG_LR[1] - LOG_LR[0]))),
        epochs=float(np.exp(low + share * (high - low))),
        batch_size=task.batch_sizes[int(u[2] * 3)],
        weight_decay=float(10 ** (LOG_DECAY[0] + u[3] * (LOG_DECAY[1] - LOG_DECAY[0]))),
        dropout=float(DROPOUT[0] + u[4] * (DROPOUT[1] - DROPOUT[0])),
        seed=seed,
    )


def swept(task: TaskSpec) -> RangeTest:
    """The tool's own range test."""
    trainer = trainer_of(task)
    with tempfile.TemporaryDirectory() as folder:
        options = SearchOptions(
            storage=f"{folder}/sweeps.journal",
            epochs=task.epochs,
            space={"batch_size": Choices(task.batch_sizes)},
            precision=task.engine.precision,
            memory_format=task.engine.memory_format,
            workers=PROCESSES,
        )
        return range_test(trainer.factory, trainer.data, options)


def _start(name: str) -> None:
    _trainer.append(trainer_of(TASKS[name]))


def _train(job: Job) -> Trace:
    return _trainer[0](job)


def _train_probed(job: Job) -> tuple[Trace, Probes]:
    return train_probed(_trainer[0], job)


def row(trace: Trace) -> dict[str, object]:
    """A run as one line: its recipe, its accuracy at every rung, its end and its cost.

    `train` is the training accuracy at all points, per mille, without the last one.
    """
    recipe = to_dict(trace.recipe)
    at: dict[float, float | None] = dict.fromkeys(RUNGS)
    for phase, accuracy in trace.curve.evaluated(trace.curve.phase):
        at[min(RUNGS, key=lambda rung: abs(rung - phase))] = round(accuracy, 4)
    return {
        **{field: _short(recipe[field]) for field in FIELDS},
        **{f"at_{1000 * rung:g}": value for rung, value in at.items()},
        "train": " ".join(f"{1000 * (a or 0.0):.0f}" for a in trace.curve.train_accuracy[:-1]),
        "final": None if trace.accuracy is None else round(trace.accuracy, 4),
        "stopped_because": trace.stopped_because,
        "steps": trace.steps,
        "samples": trace.samples,
        "seconds": round(trace.seconds, 3),
    }


def _short(value: object) -> object:
    return float(f"{value:.5g}") if isinstance(value, float) else value


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> None:
    """As compressed CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(lzma.compress(text.getvalue().encode()))


def write_range_test(path: Path, test: RangeTest) -> None:
    """The range test as JSON, compressed."""
    path.write_bytes(lzma.compress(to_json(test).encode()))
    print(test.reason)
    for c in test.cells:
        print(c.batch_size, c.weight_decay, "edge", c.edge, "spread", c.edge_spread)


def train_all(name: str, with_probes: bool) -> None:
    """All runs of a task's design."""
    jobs = [Job(recipe, phases=RUNGS, curve_share=CURVE_SHARE) for recipe in draw(TASKS[name])]
    started = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(PROCESSES, _start, (name,)) as pool:
        if with_probes:
            probed = pool.map(_train_probed, jobs, chunksize=8)
            write_rows(HERE / f"{name}-probes.csv.xz", [probe_row(*each) for each in probed])
            traces = [trace for trace, _ in probed]
        else:
            traces = pool.map(_train, jobs, chunksize=8)
    write_rows(HERE / f"{name}.csv.xz", [row(trace) for trace in traces])
    print(f"{len(traces)} runs in {time.monotonic() - started:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=TASKS)
    parser.add_argument("--sweeps", action="store_true")
    parser.add_argument("--probes", action="store_true")
    asked = parser.parse_args()
    if not asked.probes:
        write_range_test(HERE / f"{asked.name}-range-test.json.xz", swept(TASKS[asked.name]))
    if not asked.sweeps:
        train_all(asked.name, asked.probes)


if __name__ == "__main__":
    main()
