"""The replay world: a smooth mean of the real runs, and their own residuals as its noise."""

from __future__ import annotations

import csv
import io
import json
import lzma
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from probes import PROBED
from scipy.spatial.distance import cdist
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from tasks import DROPOUT, LOG_DECAY, LOG_LR, RUNGS, TASKS, TaskSpec

from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.serialization import from_dict
from autosuperconv.core.space import Range

MATERN = Matern(nu=2.5)  # of height 1, of points in length scales
HERE = Path(__file__).parent
Floats = NDArray[np.float64]
TREES = " by trees"
MAX_LR = Range(1e-3, 10.0, log=True)
CHANCE = 0.1
DIGITS = 1079  # training samples of all of digits
FLOOR = 0.01
NEAREST = 5  # real runs, a random one of which lends its residual, or its end, to a replayed one
WHOLE = 0.97  # share of a run that was trained below which it broke
SCALE = np.array([0.25, 0.8, 0.8, 1.5, 0.4])  # one unit of distance between neighbours
"""Of log10 max_lr, ln epochs, log2 batch size, log10 weight decay, dropout."""


@dataclass(frozen=True)
class Design:
    """All real runs of a task, one a row.

    Args:
        x: (n, 5) coordinates. rungs: (n, 7) accuracies, chance after a divergence.
        probes: (n, 5) accuracies of anneal probes at the first rungs; NaN where there is none.
        share: of the run that was trained. repeat: row belongs to the repeated points.
        train: training accuracy on the way, per run.
    """

    task: TaskSpec
    x: Floats
    rungs: Floats
    probes: Floats
    share: Floats
    repeat: NDArray[np.bool_]
    seconds: float
    sweep_samples: int
    n_train: int
    train: tuple[Floats, ...]
    range_test: RangeTest


def coordinates(
    max_lr: float, epochs: float, batch_size: float, weight_decay: float, dropout: float
) -> Floats:
    return np.array(
        [np.log10(max_lr), np.log(epochs), np.log2(batch_size), np.log10(weight_decay), dropout]
    )


def load(name: str) -> Design:
    """A task's committed design."""
    task = TASKS[name]
    rows = _rows(f"{name}.csv.xz")
    range_test = recorded_range_test(name)
    x = np.array(
        [
            coordinates(
                *(
                    float(r[k])
                    for k in ("max_lr", "epochs", "batch_size", "weight_decay", "dropout")
                )
            )
            for r in rows
        ]
    )
    n_train = task.n_train or DIGITS
    return Design(
        task=task,
        x=x,
        rungs=np.array([rungs_of(r) for r in rows]),
        probes=np.array([_probes(r) for r in _rows(f"{name}-probes.csv.xz")]),
        share=np.array(
            [min(1.0, float(r["samples"]) / (float(r["epochs"]) * n_train)) for r in rows]
        ),
        repeat=np.array([int(r["seed"]) >= 1000 for r in rows]),
        seconds=sum(float(r["seconds"]) for r in rows),
        sweep_samples=range_test.cost.samples if range_test.cost else 0,
        n_train=n_train,
        train=tuple(np.array([float(v) / 1000 for v in r["train"].split()]) for r in rows),
        range_test=range_test,
    )


def recorded_range_test(name: str) -> RangeTest:
    """A task's committed range test, without the sweeps' curves: a search reads none of them, and
    older records have them in another format."""
    data = json.loads(lzma.decompress((HERE / f"{name}-range-test.json.xz").read_bytes()))
    cells = [{**cell, "curves": []} for cell in data["cells"]]
    return from_dict(RangeTest, {**data, "cells": cells})


def _rows(file: str) -> list[dict[str, str]]:
    text = lzma.decompress((HERE / file).read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text)))


def _probes(row: dict[str, str]) -> list[float]:
    return [float(row[f"probe_{1000 * rung:g}"] or "nan") for rung in PROBED]


def rungs_of(row: dict[str, str]) -> list[float]:
    """Accuracy at every rung; a rung that a short run misses has the one before."""
    ended = row["stopped_because"] == "diverged"
    values: list[float] = []
    for rung in RUNGS:
        text = row[f"at_{1000 * rung:g}"]
        before = values[-1] if values else CHANCE
        values.append(float(text) if text else (CHANCE if ended else before))
    if row["final"]:
        values[-1] = float(row["final"])
    return values


@dataclass(frozen=True)
class Surface:
    """A Gaussian process through all rungs at once, and each run's leave-one-out residuals.

    Fitted on the end of the run; the other rungs share its kernel.
    """

    at: Floats
    lengths: Floats
    height: float
    weights: Floats
    centre: Floats
    residuals: Floats

    def mean(self, x: Floats) -> Floats:
        """(7,) or (m, 7): the expected accuracies."""
        values = self.log_error(np.atleast_2d(x))
        return accuracy(values[0] if x.ndim == 1 else values)

    def log_error(self, x: Floats) -> Floats:
        """(m, 7): the same, as the surface has it."""
        return self._kernel(x / SCALE) @ self.weights + self.centre

    def _kernel(self, scaled: Floats) -> Floats:
        return self.height * MATERN(scaled / self.lengths, self.at / self.lengths)

    def near(self, x: Floats, k: int) -> NDArray[np.int64]:
        """Rows of the k nearest runs."""
        return np.argpartition(((self.at - x / SCALE) ** 2).sum(axis=1), k)[:k]


def log_error(accuracy: Floats) -> Floats:
    """Errors differ by factors: on this scale 98 and 99 % are as far apart as 60 and 80 %."""
    return np.log(1 + FLOOR - accuracy)


def accuracy(value: Floats) -> Floats:
    """The inverse of `log_error`."""
    return np.clip(1 + FLOOR - np.exp(value), 0.08, 1.0)


def fit(design: Design) -> Surface:
    """The surface of a task; its hyper-parameters are stored beside the design."""
    at, y = design.x / SCALE, log_error(design.rungs)
    lengths, height, noise = hyper_parameters(design.task.name, at, y[:, -1])
    gram = height * MATERN(at / lengths)
    inverse = np.linalg.inv(gram + noise * np.eye(len(at)))
    centre = y.mean(axis=0)
    weights = inverse @ (y - centre)
    residuals = weights / np.diag(inverse)[:, None]
    return Surface(at, lengths, height, weights, centre, residuals)


def hyper_parameters(name: str, at: Floats, y: Floats) -> tuple[Floats, float, float]:
    """(length scales, height, noise variance) by maximum likelihood on the end of the runs."""
    path = HERE / "surfaces.json"
    stored = json.loads(path.read_text()) if path.exists() else {}
    if name not in stored:
        kernel = Matern(np.full(5, 3.0), (0.2, 30.0), nu=2.5)
        full = ConstantKernel(1.0, (1e-3, 50)) * kernel + WhiteKernel(0.1, (1e-5, 1.0))
        gp = GaussianProcessRegressor(full, random_state=0).fit(at, y - y.mean())
        k = gp.kernel_
        lengths = [round(float(v), 3) for v in k.k1.k2.length_scale]
        stored[name] = [lengths, round(k.k1.k1.constant_value, 4), round(k.k2.noise_level, 5)]
        path.write_text(json.dumps(stored, indent=1) + "\n")
    lengths, height, noise = stored[name]
    return np.array(lengths), height, noise


class Trees:
    """Extremely randomised trees through all rungs: a surface of another kind, to see what a
    search by Gaussian process owes to being replayed on one. As `Surface`, for `World`."""

    def __init__(self, design: Design) -> None:
        self.at = design.x / SCALE
        y = log_error(design.rungs)
        self._trees = ExtraTreesRegressor(
            120, min_samples_leaf=3, bootstrap=True, oob_score=True, random_state=0
        ).fit(self.at, y)
        self.residuals: Floats = y - self._trees.oob_prediction_
        self._known: dict[bytes, Floats] = {}

    def mean(self, x: Floats) -> Floats:
        """(7,) or (m, 7): the expected accuracies."""
        if x.ndim > 1:
            return accuracy(self.log_error(x))
        key = x.tobytes()
        if key not in self._known:
            self._known[key] = accuracy(self.log_error(x[None])[0])
        return self._known[key]

    def log_error(self, x: Floats) -> Floats:
        """(m, 7): the same, as the surface has it."""
        return np.asarray(self._trees.predict(x / SCALE))

    def near(self, x: Floats, k: int) -> NDArray[np.int64]:
        """Rows of the k nearest runs."""
        return np.argpartition(((self.at - x / SCALE) ** 2).sum(axis=1), k)[:k]


def make_world(name: str, objective: str, shift: float) -> World:
    """A world by its task's name, with `TREES` behind it where trees are its surface."""
    design = load(name.removesuffix(TREES))
    surface = Trees(design) if name.endswith(TREES) else fit(design)
    return World(design, surface, objective, shift)


class World:
    """A task to be searched again and again.

    Args:
        objective: "accuracy" (at the longest cycle) or "cost" (cycle length is searched).
        shift: decades by which the range test's edges are made wrong.
    """

    def __init__(
        self, design: Design, surface: Surface | Trees, objective: str, shift: float = 0.0
    ) -> None:
        self.design, self.surface, self.objective = design, surface, objective
        self.range_test = shifted(design.range_test, shift)
        self.longest_samples = design.task.epochs[1] * design.n_train
        self.noise, self._noise_factor = noise_of(design, surface)
        self.best_x, self.best = self._find_best()
        self.tolerance = max(0.005, self.noise)
        self.target = self.best - max(0.01, 2 * self.noise)
        self.cheapest = self._find_cheapest()

    def truth(self, x: Floats) -> Floats:
        """Expected accuracy at the end, runs that break counted in: () or (m,)."""
        breaks = self.breaks(x)
        return (1 - breaks) * self.surface.mean(x)[..., -1] + breaks * CHANCE

    def breaks(self, x: Floats) -> Floats:
        """Share of the runs there that break: () or (m,)."""
        broke = self.design.share < WHOLE
        if x.ndim == 1:
            return np.asarray(broke[self.surface.near(x, NEAREST)].mean())
        parts = np.array_split(x, -(-len(x) // 2000))
        away = [cdist(part / SCALE, self.surface.at, "sqeuclidean") for part in parts]
        near = [np.argpartition(distances, NEAREST, axis=1)[:, :NEAREST] for distances in away]
        return np.asarray(broke[np.vstack(near)].mean(axis=1))

    def run(self, x: Floats, rng: np.random.Generator) -> tuple[Floats, float]:
        """One run: accuracies at all rungs, and the share of it that was trained."""
        i = int(rng.choice(self.surface.near(x, NEAREST)))
        if self.design.share[i] < WHOLE:
            return self.design.rungs[i], float(self.design.share[i])
        mean = self.surface.log_error(x[None])[0]
        return accuracy(mean + self._noise_factor * self.surface.residuals[i]), 1.0

    def _sample(self, n: int) -> Floats:
        task, rng = self.design.task, np.random.default_rng(3)
        low, high = np.log(task.epochs)
        return np.column_stack(
            [
                rng.uniform(*LOG_LR, n),
                rng.uniform(low, high, n) if self.objective == "cost" else np.full(n, high),
                np.log2(rng.choice(task.batch_sizes, n)),
                rng.uniform(*LOG_DECAY, n),
                rng.uniform(*DROPOUT, n),
            ]
        )

    def _find_best(self) -> tuple[Floats, float]:
        x = self._sample(40_000)
        truth = self.truth(x)
        return x[truth.argmax()], float(truth.max())

    def _find_cheapest(self) -> float:
        """Fewest samples of a point that reaches the target."""
        x = self._sample(40_000)
        enough = self.truth(x) >= self.target
        return float(np.exp(x[enough, 1].min())) * self.design.n_train

    def share_good(self, factor: float = 1.25) -> float:
        """Share of the space that counts as found."""
        return float(np.mean([self.found(row, factor) for row in self._sample(5_000)]))

    def found(self, x: Floats, factor: float = 1.25) -> bool:
        """Whether the search may stop here: within half a point, or the seed noise, of the best;
        by cost: at the target (less half of that) within `factor` times the cheapest."""
        truth = float(self.truth(x))
        if self.objective == "accuracy":
            return truth >= self.best - self.tolerance
        cost = float(np.exp(x[1])) * self.design.n_train
        return truth >= self.target - self.tolerance / 2 and cost <= factor * self.cheapest


def noise_of(design: Design, surface: Surface | Trees) -> tuple[float, float]:
    """(seed sd of good runs, factor that brings the surface's residuals down to it)."""
    ends = design.rungs[design.repeat, -1].reshape(-1, 6)
    good = np.median(ends, axis=1) > np.quantile(design.rungs[:, -1], 0.5)
    seeds = float(np.sqrt((ends[good].var(axis=1, ddof=1)).mean()))
    logs = log_error(ends)
    within = float(np.sqrt((logs[good].var(axis=1, ddof=1)).mean()))
    top = design.rungs[:, -1] > np.quantile(design.rungs[:, -1], 0.6)
    spread = float(np.sqrt(np.mean(surface.residuals[top, -1] ** 2)))
    return seeds, min(1.0, within / spread)


def shifted(range_test: RangeTest, decades: float) -> RangeTest:
    """The range test as it would be, were all its rates wrong by a factor."""

    def moved(value: float | None) -> float | None:
        return None if value is None else value * 10**decades

    cells = tuple(
        replace(
            c,
            edge=moved(c.edge),
            floor=moved(c.floor),
            readings=tuple(replace(r, peak_lr=moved(r.peak_lr)) for r in c.readings),
            curves=(),
        )
        for c in range_test.cells
    )
    return replace(range_test, cells=cells)
