"""The pruners that are counted, on each task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from counterfactual import (
    PHASES,
    Count,
    Course,
    Probing,
    Rule,
    count,
    first,
    halving,
    hyperband,
    median_by_phase,
    median_by_step,
    never,
    projected,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from world import Design, fit, load, noise_of

from autosuperconv.core.collapse import has_collapsed
from autosuperconv.tuning.steps.pruner import FIRST_PHASE, MIN_TRIALS

BEST_RATE = {
    "digits": -0.8,
    "mnist": -1.4,
    "mnist-mlp": -0.9,
    "cifar10": -1.2,
}  # log10: middle of the good region
SPREAD = 0.45
CHANCES = (0.02, 0.1, 0.2, 0.5)


def courses(design: Design) -> list[Course]:
    """The runs of the random design, without the repeats."""
    kept = ~design.repeat
    rows = zip(
        design.rungs[kept], design.probes[kept], design.x[kept], design.share[kept], strict=True
    )
    return [
        Course(rungs, probes, float(np.exp(x[1])), float(share) if share < 0.97 else 1.0)
        for rungs, probes, x, share in rows
    ]


def lost_at(train: np.ndarray, samples: float) -> float:
    """The phase at which the training accuracy is told to be lost; 1 where it is not.

    Args:
        samples: behind each of the accuracies.
    """
    hits = (i for i in range(10, len(train) + 1) if has_collapsed(train[:i].tolist(), 0.1, samples))
    first = next(hits, None)
    return 1.0 if first is None else first / (len(train) + 1)


def pruner_rows(name: str) -> list[dict[str, object]]:
    """All pruners on the uniform design and on one weighted towards good rates."""
    design = load(name)
    runs = courses(design)
    kept = [t for t, repeat in zip(design.train, design.repeat, strict=True) if not repeat]
    lost = {
        id(c): lost_at(t, c.epochs * design.n_train / (len(t) + 1))
        for c, t in zip(runs, kept, strict=True)
    }
    rates = design.x[~design.repeat][:, 0]
    focused = np.exp(-0.5 * ((rates - BEST_RATE[name]) / SPREAD) ** 2) + 0.02
    ends = np.array([c.rungs[-1] for c in runs])
    noise = noise_of(design, fit(design))[0]
    target = float(np.quantile(ends, 0.98)) - 2 * noise
    rows: list[dict[str, object]] = []
    every = rules(target, noise, lost) | limits(design, runs, target - noise)
    for draw, weights in (("whole space", np.ones(len(runs))), ("about good rates", focused)):
        for label, make in every.items():
            rows.append({"draw": draw, **asdict(counted(label, make, runs, weights))})
    return rows


def counted(label: str, make: Callable[[], Rule], runs: list[Course], weights: np.ndarray) -> Count:
    return count(label, make, runs, weights)


def rules(target: float, noise: float, lost: dict[int, float]) -> dict[str, Callable[[], Rule]]:
    """Each a maker: a rule may remember the search it is in."""

    def watched(rule: Rule) -> Rule:
        return lambda done, new: min(lost[id(new)], rule(done, new))

    def ours(
        bar: float | None,
        quantile: float = 1.0,
        first: float = FIRST_PHASE,
        least: int = MIN_TRIALS,
    ) -> Callable[[], Rule]:
        return lambda: watched(projected(bar, noise, quantile, first, least))

    def probing(at: tuple[float, ...], doubt: float | None = None) -> Callable[[], Rule]:
        return lambda: Probing(ours(target)(), target, noise, at, MIN_TRIALS, doubt)

    return {
        "median by step": lambda: median_by_step,
        "median by phase": lambda: median_by_phase,
        "ASHA": lambda: halving([], 0),
        "Hyperband": hyperband,
        "accuracy lost alone": lambda: watched(never),
        "ours, target known": ours(target),
        "- from phase 0.25": ours(target, first=0.25),
        "- from phase 0.1": ours(target, first=0.1),
        "- quantile 0.95": ours(target, 0.95),
        "- quantile 0.9": ours(target, 0.9),
        "- after 6 sound trials": ours(target, least=6),
        "- and a probe at 0.5": probing((0.5,)),
        "- and probes at 0.25, 0.5, 0.75": probing((0.25, 0.5, 0.75)),
        "- and the same, where in doubt": probing((0.25, 0.5, 0.75), doubt=0.75),
        "ours, against the best": ours(None),
    }


def limits(design: Design, runs: list[Course], bar: float) -> dict[str, Callable[[], Rule]]:
    """What could be saved by one who has seen the whole design.

    A random forest tells from all accuracies so far and from the recipe whether a run will reach
    the bar, having learned it from the other runs of the design: hundreds, where a search has a
    few. It stops the runs with less than some chance.
    """
    reached = np.array([c.rungs[-1] for c in runs]) >= bar

    def stops_below(least: float, chances: np.ndarray) -> Callable[[], Rule]:
        of = {id(c): row for c, row in zip(runs, chances, strict=True)}
        return lambda: lambda done, new: first(of[id(new)] < least, PHASES)

    alone = chances_by_rung(design, reached)
    probed = chances_by_rung(design, reached, probes=True)
    rows = {f"whole design known, chance under {p:.0%}": stops_below(p, alone) for p in CHANCES}
    label = "whole design and unpaid probes known, chance under"
    return rows | {f"{label} {p:.0%}": stops_below(p, probed) for p in CHANCES}


def chances_by_rung(design: Design, reached: np.ndarray, probes: bool = False) -> np.ndarray:
    """(n, 6): of every run at every rung, the chance to reach the bar, by the others.

    Args:
        probes: anneal probes at all rungs so far are known, too.
    """
    kept = ~design.repeat
    columns = []
    for k in range(len(PHASES) - 1):
        courses = [design.rungs[kept][:, : k + 1]]
        if probes:
            courses.append(np.nan_to_num(design.probes[kept][:, : k + 1], nan=0.1))
        seen = np.column_stack([design.x[kept], np.log(1.01 - np.hstack(courses))])
        forest = RandomForestClassifier(300, min_samples_leaf=3, random_state=0)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        columns.append(
            cross_val_predict(forest, seen, reached, cv=folds, method="predict_proba")[:, 1]
        )
    return np.column_stack(columns)
