"""The pruners that are counted, on each task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from counterfactual import (
    Count,
    Course,
    Rule,
    count,
    halving,
    hyperband,
    median_by_phase,
    median_by_step,
    never,
    projected,
)
from world import Design, load

from autosuperconv.core.lost_accuracy import KEPT, kept_share

NOISE = {"digits": 0.006, "mnist": 0.015}
BEST_RATE = {"digits": -0.8, "mnist": -1.4}  # log10: the middle of the good region
SPREAD = 0.45


def courses(design: Design) -> list[Course]:
    """The runs of the random design, without the repeats."""
    rows = zip(design.rungs, design.x, design.share, design.repeat, strict=True)
    return [
        Course(rungs, float(np.exp(x[1])), float(share) if share < 0.97 else 1.0)
        for rungs, x, share, repeat in rows
        if not repeat
    ]


def lost_at(train: np.ndarray) -> float:
    """The phase at which the training accuracy is told to be lost; 1 where it is not."""
    hits = (i for i in range(10, len(train) + 1) if kept_share(train[:i].tolist(), 0.1) < KEPT)
    first = next(hits, None)
    return 1.0 if first is None else first / (len(train) + 1)


def pruner_rows(name: str) -> list[dict[str, object]]:
    """All pruners on the uniform design and on one weighted towards good rates."""
    design = load(name)
    runs = courses(design)
    kept = [t for t, repeat in zip(design.train, design.repeat, strict=True) if not repeat]
    lost = {id(c): lost_at(t) for c, t in zip(runs, kept, strict=True)}
    rates = design.x[~design.repeat][:, 0]
    focused = np.exp(-0.5 * ((rates - BEST_RATE[name]) / SPREAD) ** 2) + 0.02
    ends = np.array([c.rungs[-1] for c in runs])
    target = float(np.quantile(ends, 0.98)) - 2 * NOISE[name]
    rows: list[dict[str, object]] = []
    for draw, weights in (("whole space", np.ones(len(runs))), ("about good rates", focused)):
        for label, make in rules(target, NOISE[name], lost).items():
            rows.append({"draw": draw, **asdict(counted(label, make, runs, weights))})
    return rows


def counted(label: str, make: Callable[[], Rule], runs: list[Course], weights: np.ndarray) -> Count:
    return count(label, make, runs, weights)


def rules(target: float, noise: float, lost: dict[int, float]) -> dict[str, Callable[[], Rule]]:
    """Each a maker: a rule may remember the search it is in."""

    def watched(rule: Rule) -> Rule:
        return lambda done, new: min(lost[id(new)], rule(done, new))

    def ours(bar: float | None, quantile: float, first: float) -> Callable[[], Rule]:
        return lambda: watched(projected(bar, noise, quantile, first))

    return {
        "median by step": lambda: median_by_step,
        "median by phase": lambda: median_by_phase,
        "ASHA": lambda: halving([], 0),
        "Hyperband": hyperband,
        "accuracy lost alone": lambda: watched(never),
        "ours, target known": ours(target, 0.95, 0.1),
        "- from phase 0.25": ours(target, 0.95, 0.25),
        "- from phase 0.5": ours(target, 0.95, 0.5),
        "- quantile 0.9": ours(target, 0.9, 0.1),
        "- quantile 1": ours(target, 1.0, 0.1),
        "ours, against the best": ours(None, 0.95, 0.1),
    }
