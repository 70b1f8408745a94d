"""Replays whole searches on the designs of `studies/search_cost`; writes the page and its results.

    python studies/whole_search/run.py [--seeds 30] [--processes 2] [--only digits]
    python studies/whole_search/run.py --page

Seeds that results.jsonl.xz already holds are not replayed again; `--page` only writes the page.
"""

from __future__ import annotations

import argparse
import json
import lzma
import multiprocessing
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "search_cost"))

from page import Row, write_page
from replay_world import ReplayWorld
from search import Plan, study, whole_search
from tasks import TASKS

DISTANCES = (-3, -2, -1, 0, 1, 2, 3)
PLANS = (Plan(12, 5), Plan(20, 8), Plan(20, 12))
LONG = Plan(40, 12)
LONG_SEEDS = 4  # seeds for which the longest plan is replayed, too
VARIANTS: dict[str, dict[str, float]] = {
    "": {},
    "half the noise on validation data": {"validation_noise": 0.5},
    "twice the noise on validation data": {"validation_noise": 2.0},
    "study from T_B/5 on": {"shortest": 1.0},
    "study from half of T_B/5 on": {"shortest": 0.5},
}
VARIANT_TASKS, VARIANT_SEEDS = ("cifar10", "digits"), 4
RESULTS = Path(__file__).with_name("results.jsonl.xz")


def replayed(task: str, variant: str, seed: int) -> list[Row]:
    """All distances and plans of one seed."""
    warnings.simplefilter("ignore")
    world = ReplayWorld(task, **VARIANTS[variant])
    long = [LONG] if seed < LONG_SEEDS and not variant else []
    plans = [PLANS[1]] if variant else [*PLANS, *long]
    rows = []
    for distance in DISTANCES:
        studied = study(world, distance, seed, max(plan.trials for plan in plans))
        for plan in plans:
            found = whole_search(studied, plan)
            rows.append(
                Row(task, variant, seed, distance, plan.trials, plan.max_seeds, **asdict(found))
            )
    return rows


def wanted(seeds: int, only: str | None) -> Iterator[tuple[str, str, int]]:
    """What is replayed, one seed of a task after the other, so that any stop leaves balance."""
    tasks = [task for task in TASKS if only in (None, task)]
    for seed in range(seeds):
        yield from ((task, "", seed) for task in tasks)
        for variant in list(VARIANTS)[1:] if seed < VARIANT_SEEDS else ():
            yield from ((task, variant, seed) for task in tasks if task in VARIANT_TASKS)


def known() -> list[Row]:
    """What was replayed so far."""
    if not RESULTS.exists():
        return []
    with lzma.open(RESULTS, "rt") as file:
        return [Row(**json.loads(line)) for line in file]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=TASKS)
    parser.add_argument("--page", action="store_true", help="Only write the page again.")
    asked = parser.parse_args()
    if not asked.page:
        done = {(row.task, row.variant, row.seed) for row in known()}
        left = [job for job in wanted(asked.seeds, asked.only) if job not in done]
        with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
            for rows in pool.imap(_starred, left):
                with lzma.open(RESULTS, "at") as file:
                    file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
    write_page(known())


def _starred(job: tuple[str, str, int]) -> list[Row]:
    return replayed(*job)


if __name__ == "__main__":
    main()
