"""Writes README.md and cost.svg from the results."""

# ruff: noqa: E501 - table rows and sentences of the page

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from metrics import FACTORS
from scipy.stats import spearmanr
from tasks import TASKS
from world import HERE, TREES, Design, World, accuracy, fit, load, log_error

plt.rcParams["svg.hashsalt"] = "search cost"  # the same numbers, the same file
BUDGET = 30.0
TITLES = {
    ("cost", 0.0): "the shortest cycle that reaches the target",
    ("accuracy", 0.0): "the most accurate cycle of the longest length",
    ("cost", -1.0): "the shortest cycle, all learning rates of the range test ten times too low",
    ("cost", 1.0): "the shortest cycle, all learning rates of the range test ten times too high",
}
PRIMARY = 1  # of FACTORS, for the plot
PLAIN = ("TPE", "TPE + median")


def write_page(data: dict[str, Any]) -> None:
    """The study's page and plot."""
    searches = data["searches"]
    parts = [
        _head(data["seeds"]),
        _goal(searches),
        _by_trials(searches),
        *[_task(load(name)) for name in TASKS],
    ]
    worlds = list(dict.fromkeys(tuple(s["world"]) for s in searches))
    for world in worlds:
        parts.append(_searches(world, [s for s in searches if tuple(s["world"]) == world]))
    parts += [_pruners(name, rows) for name, rows in data["pruners"].items()]
    live = HERE / "live.json"
    if live.exists():
        parts.append(_live(json.loads(live.read_text())))
    parts.append((HERE / "reading.md").read_text())
    (HERE / "README.md").write_text("\n\n".join(part.strip() for part in parts) + "\n")
    _plot([s for s in searches if tuple(s["world"]) == ("digits", "cost", 0.0)])
    plot_pruners(data["pruners"])


def _goal(searches: Sequence[dict[str, Any]]) -> str:
    """Ours against the better plain search, for every task and factor."""
    lines = [
        "## The goal: a third of plain Optuna's training",
        "",
        "Mean cost until the search has found, capped at 30: *ours* without and with the sweeps of its range test; *plain*",
        "is the better of TPE and TPE + median; *ratio* is ours with sweeps over plain. *By trees*: replayed on a surface",
        "of another kind.",
        "",
        "| task | within | ours | with sweeps | plain | ratio |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for task, rows in _shortest(searches):
        of = {name: _means(row) for name, row in rows.items()}
        sweeps = _sweeps(task)
        for k, factor in enumerate(FACTORS):
            plain = min(of[name][k] for name in PLAIN)
            mine = of["ours"][k]
            lines.append(
                f"| {task} | {factor:g} x | {mine:.1f} | {mine + sweeps:.1f} | {plain:.1f} | {(mine + sweeps) / plain:.2f} |"
            )
    return "\n".join(lines)


def _by_trials(searches: Sequence[dict[str, Any]]) -> str:
    """The share of searches that have found after a number of trials."""
    lines = [
        "## Found after 20 trials, the tool's default, and after 30",
        "",
        "| task | within | ours, 20 | TPE, 20 | TPE + median, 20 | ours, 30 | TPE, 30 | TPE + median, 30 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for task, rows in _shortest(searches):
        of = {name: np.array(row["trials_until"]) for name, row in rows.items()}
        for k, factor in enumerate(FACTORS):
            cells = [
                f"{100 * (of[name][:, k] <= n).mean():.0f} %"
                for n in (20, 30)
                for name in ("ours", *PLAIN)
            ]
            lines.append(f"| {task} | {factor:g} x | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shortest(
    searches: Sequence[dict[str, Any]],
) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Every task that is searched for its shortest cycle, with each search's results by name."""
    wanted = [s for s in searches if s["world"][1:] == ["cost", 0.0]]
    for task in sorted({s["world"][0] for s in wanted}, key=lambda name: (TREES in name, name)):
        yield task, {s["name"]: s for s in wanted if s["world"][0] == task}


def _means(row: dict[str, Any]) -> list[float]:
    """Mean cost at each factor; the budget where it was not enough."""
    return [float(v) for v in np.minimum(np.array(row["costs"], dtype=float), BUDGET).mean(axis=0)]


def _sweeps(name: str) -> float:
    """What the range test of a task cost, in longest cycles."""
    design = load(name.removesuffix(TREES))
    return design.sweep_samples / (design.task.epochs[1] * design.n_train)


def plot_pruners(pruners: dict[str, Sequence[dict[str, Any]]]) -> None:
    """Training saved against the best tenth lost, about good rates and over the whole space."""
    draws = ("whole space", "about good rates")
    figure, grid = plt.subplots(len(pruners), 2, figsize=(9, 3 * len(pruners)), squeeze=False)
    for line, (name, rows) in zip(grid, pruners.items(), strict=True):
        for axes, draw in zip(line, draws, strict=True):
            _pruner_panel(axes, [r for r in rows if r["draw"] == draw])
            axes.set_title(f"{name}, {draw}", fontsize=9)
    grid[0][0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(HERE / "pruners.svg", metadata={"Date": None})


def _pruner_panel(axes: Any, rows: Sequence[dict[str, Any]]) -> None:
    groups = {
        "ours": [r for r in rows if r["name"].startswith(("ours, target", "- "))],
        "whole design known": [r for r in rows if r["name"].startswith("whole design")],
        "others": [r for r in rows if not r["name"].startswith(("ours", "- ", "whole"))],
    }
    for marker, (label, group) in zip("os^", groups.items(), strict=True):
        x, y = [100 * r["lost"] for r in group], [100 * r["saved"] for r in group]
        axes.plot(x, y, marker, ls="-" if label.startswith("whole") else "", label=label, ms=5)
    for r in groups["others"]:
        axes.annotate(r["name"], (100 * r["lost"], 100 * r["saved"]), fontsize=6)
    axes.axvline(2, color="grey", lw=0.7)
    axes.axhline(40, color="grey", lw=0.7)
    axes.set(xlabel="best tenth lost, %", ylabel="training saved, %")


def _head(seeds: int) -> str:
    return f"""# What a search costs

Written by `python studies/search_cost/run.py --seeds {seeds} --gp --neps`. The searches are replayed on dense random
designs of real runs (`design.py`, trained by the project's own `TorchTrainer`). Nothing is trained in the replay.
Cost is counted in longest cycles of the task. A search ends after {BUDGET:g} of them or 60 trials; there are {seeds} seeds.
The sweeps of the range test are an extra cost of ours, shown in a column of their own.
A search has *found* when its shortlist holds a trial that is good enough: its *expected* accuracy, diverged runs included,
reaches the target, and its length is at most 1.25, 1.5 or 2 times that of the cheapest recipe there is. The shortlist is the
three cheapest trials that reached the target; for ours, according to its model of all trials.
The primary figure is the factor 1.25 on digits. Where few searches get that far, the mean cost, capped at the budget, says
more than a median.

![Share of searches that have found, against cost](cost.svg)

![Training saved by pruners, against the best tenth lost](pruners.svg)"""


def _task(design: Design) -> str:
    surface = fit(design)
    world = World(design, surface, "cost")
    ends = design.rungs[:, -1]
    left = accuracy(log_error(ends) - surface.residuals[:, -1])
    top = ends >= np.quantile(ends, 0.4)
    r2 = 1 - float(np.mean((ends - left) ** 2)) / float(ends.var())
    rank = float(spearmanr(left[top], ends[top])[0])
    sweeps = design.sweep_samples / world.longest_samples
    return f"""## {design.task.name}: {design.task.model}, {len(ends)} runs

{design.n_train} training samples, cycles of {design.task.epochs[0]:g} to {design.task.epochs[1]:g} epochs,
batch sizes {", ".join(map(str, design.task.batch_sizes))}; the design took {design.seconds / 60:.0f} minutes of
one core. The replay's surface is a Gaussian process on the log error, with a leave-one-out R2 of {r2:.2f} over all
runs and a rank correlation of {rank:.2f} among the best 60 %. Added to it is the residual of a random one of the five
nearest runs, scaled to the seed noise (sd {100 * world.noise:.2f} percentage points among good repeats); where that run diverged, so
does the replayed one. The best expected accuracy is {100 * world.best:.2f} %. The target, {100 * world.target:.2f} %, takes at least
{world.cheapest / design.n_train:.2f} epochs, and {100 * world.share_good():.2f} % of the space is that good (factor 1.25). The sweeps
cost {sweeps:.1f} longest cycles."""


def _searches(world: tuple[str, str, float], rows: Sequence[dict[str, Any]]) -> str:
    name, objective, shift = world
    by_cost = objective == "cost"
    factors = FACTORS if by_cost else FACTORS[:1]
    shares = " | ".join(f"found, {f:g} x" if by_cost else "found" for f in factors)
    head = f"| search | median cost (quartiles) | mean cost, capped at {BUDGET:g} | sweeps | {shares} | diverged, last two thirds |"
    lines = [
        f"### {name}: {TITLES[(objective, shift)]}",
        "",
        head,
        "|" + " --- |" * (5 + len(factors)),
    ]
    sweeps = _sweeps(name)
    for row in rows:
        costs = np.array(row["costs"], dtype=float)
        capped = np.minimum(costs[:, 0], BUDGET)
        found = " | ".join(
            f"{100 * np.isfinite(costs[:, k]).mean():.0f} %" for k in range(len(factors))
        )
        extra = f"+{sweeps:.1f}" if row["sweeps"] else "-"
        lines.append(
            f"| {row['name']} | {_median(costs[:, 0])} | {_with_error(capped)} | {extra} | {found} | "
            f"{100 * row['late_broken']:.1f} % |"
        )
    if by_cost:
        lines += [
            "",
            "Mean cost at the looser factors 1.5 and 2: "
            + "; ".join(_looser(r) for r in rows)
            + ".",
        ]
    return "\n".join(lines)


def _looser(row: dict[str, Any]) -> str:
    means = _means(row)
    return f"{row['name']} {means[1]:.1f} and {means[2]:.1f}"


def mean_costs(costs: Sequence[Sequence[float]]) -> str:
    """Mean and standard error over the seeds, at each factor."""
    capped = np.minimum(np.array(costs, dtype=float), BUDGET)
    errors = capped.std(axis=0, ddof=1) / np.sqrt(len(capped))
    return "  ".join(
        f"{factor:g} x: {mean:.1f} +- {error:.1f}"
        for factor, mean, error in zip(FACTORS, capped.mean(axis=0), errors, strict=True)
    )


def _median(costs: np.ndarray) -> str:
    low, middle, high = (np.quantile(costs, q, method="inverted_cdf") for q in (0.25, 0.5, 0.75))
    return f"{_cost(middle)} ({_cost(low)} to {_cost(high)})"


def _cost(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "not found"


def _pruners(name: str, rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        f"### {name}: what pruners save, and which runs they stop",
        "",
        "| pruner | saved, whole space | best tenth lost | saved, around good learning rates | best tenth lost |",
        "| --- | --- | --- | --- | --- |",
    ]
    for label in dict.fromkeys(r["name"] for r in rows):
        cells = [
            f"{100 * r['saved']:.0f} % | {100 * r['lost']:.1f} %"
            for r in rows
            if r["name"] == label
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _live(rows: Sequence[dict[str, Any]]) -> str:
    """What searches that really trained had found, by what they had paid."""
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    seeds = 1 + max(row["seed"] for row in rows)
    lines = [
        "## Searches that train",
        "",
        f"Written by `python studies/search_cost/live.py {' '.join(tasks)} --seeds {seeds}`. There is no surface: every trial is a real run.",
        "*After 5* to *after 30*: the shortest cycle, in epochs, that the shortlist held after that much training and that reached",
        "the target on average over four fresh seeds; median over the searches (quartiles), with the sweeps charged to ours.",
        "*Within*: the mean cost until the shortlist held a cycle of at most 1.25 or 1.5 times the shortest that any search found,",
        f"capped at {BUDGET:g}; in brackets, how much less it is for ours, pair by pair of one seed.",
        "",
        "| task | search | after 5 | after 10 | after 20 | after 30 | within 1.25 x | within 1.5 x | diverged, last two thirds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for task in tasks:
        of = [row for row in rows if row["task"] == task]
        best = min(epochs for row in of for _, epochs in row["found"])
        names = dict.fromkeys(row["search"] for row in of)
        by_search = {name: [row for row in of if row["search"] == name] for name in names}
        lines += [_live_line(task, name, by_search, best) for name in by_search]
    return "\n".join(lines)


def _live_line(
    task: str, name: str, by_search: dict[str, list[dict[str, Any]]], best: float
) -> str:
    rows, sweeps = by_search[name], _sweeps(task) if name == "ours" else 0.0
    cells = []
    for paid in (5, 10, 20, 30):
        held = [
            min((e for cost, e in row["found"] if cost + sweeps <= paid), default=np.inf)
            for row in rows
        ]
        cells.append(_median(np.array(held)).replace("not found", "none"))
    for factor in FACTORS[:2]:
        until = _until(rows, factor * best, sweeps)
        cells.append(_with_error(until))
        if name != "ours":
            ours = _until(by_search["ours"], factor * best, _sweeps(task))
            cells[-1] += f" ({_with_error(until - ours)})"
    broken = 100 * np.mean([row["late_broken"] for row in rows])
    return f"| {task} | {name} | {' | '.join(cells)} | {broken:.1f} % |"


def _until(rows: Sequence[dict[str, Any]], epochs: float, sweeps: float) -> np.ndarray:
    """(seeds,) cost until the shortlist held a cycle of at most so many epochs."""
    return np.array(
        [
            min((cost + sweeps for cost, e in row["found"] if e <= epochs), default=BUDGET)
            for row in sorted(rows, key=lambda row: int(row["seed"]))
        ]
    )


def _with_error(values: np.ndarray) -> str:
    """Mean and its standard error."""
    return f"{np.mean(values):.1f} +- {np.std(values, ddof=1) / np.sqrt(len(values)):.1f}"


def _plot(rows: Sequence[dict[str, Any]]) -> None:
    figure, axes = plt.subplots(figsize=(7, 4))
    for row in rows:
        costs = np.sort(np.array(row["costs"], dtype=float)[:, PRIMARY])
        ours = row["name"].startswith("ours")
        share = np.arange(1, len(costs) + 1) / len(costs)
        seen = np.isfinite(costs)
        axes.step(
            [0, *costs[seen], BUDGET],
            [0, *share[seen], seen.mean()],
            where="post",
            label=row["name"],
            lw=2.2 if ours else 1.2,
        )
    axes.set(
        xlabel="training cost, longest cycles (sweeps not included)",
        ylabel="share of searches that have found",
        xlim=(0, BUDGET),
        ylim=(0, 1),
    )
    axes.set_title(
        f"digits, shortest cycle, within {FACTORS[PRIMARY]:g} x of the cheapest", fontsize=10
    )
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(HERE / "cost.svg", metadata={"Date": None})
