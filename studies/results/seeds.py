"""What searches that differ in their seed alone found and cost, as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from autosuperconv.core.events import Step
from autosuperconv.core.format import counted, duration, number, percent, points

HERE = Path(__file__).parent
STEPS = ("no", "open", "faster", "reached")
"""Answers in their order; one step apart are neighbours."""
ANSWERS = {
    "stable-but-short": "no",
    "diverged": "no",
    "not-found": "open",
    "undecided": "open",
    "accelerated": "faster",
    "reached": "reached",
    "reached-control-missing": "reached",
}

PAGE = """# Real searches

All searches ran on two CPU cores without a GPU. `python studies/results/run.py` runs them and
writes their pages and this one; the folders hold the search of seed 0. The CIFAR-10 images are JPEG
(quality 75), so accuracies are slightly lower than on the original images.

| search | command |
| --- | --- |
{commands}

## What the seed changes

The same command with another `--seed`: another study, other fresh seeds, other training samples
where not all are used. *Accuracy*: the cycle's on test data less the baseline's, in percentage
points, with the interval of the last look. *Baselines*: all training of the search over one
baseline run's.

| search | seed | verdict | likely as accurate | k | accuracy | margin | baselines | wall time |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

{sums}
"""


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """The few figures of a report that are compared."""
    verdict, against = report["verdict"], report["verdict"]["against_baseline"]
    return {
        "version": report["setup"]["environment"]["autosuperconv"],
        "outcome": verdict["outcome"],
        "probability": verdict["probability"],
        "speedup": verdict["speedup"],
        "difference": against["difference"],
        "low": against["low"],
        "high": against["high"],
        "margin": verdict["margin"],
        "baselines": report["cost"]["baselines"],
        "samples": {
            step["step"]: step["samples"]
            for step in report["cost"]["steps"]
            if step["step"] != Step.PLAN
        },
        "seconds": report["wall_seconds"],
    }


def row(name: str, seed: str, found: Mapping[str, Any]) -> str:
    """A search as a line of the table."""
    interval = f"{points(found['low'])} to {points(found['high'])}"
    sure = "-" if found["probability"] is None else percent(found["probability"], 0)
    return (
        f"| {name} | {seed} | {found['outcome']} | {sure} | {number(found['speedup'])} | "
        f"{points(found['difference'])} ({interval}) | {points(found['margin']).lstrip('+')} | "
        f"{number(found['baselines'])} | {duration(found['seconds'])} |"
    )


def summed(name: str, found: Sequence[Mapping[str, Any]]) -> str:
    """The seeds of one search in a line."""
    answers = [ANSWERS[one["outcome"]] for one in found]
    counts = Counter(one["outcome"] for one in found)
    middle = STEPS.index(Counter(answers).most_common(1)[0][0])
    near = sum(abs(STEPS.index(answer) - middle) <= 1 for answer in answers)
    named = ", ".join(f"{n} x {outcome}" for outcome, n in counts.most_common())
    cost = median(one["baselines"] for one in found)
    return (
        f"- {name}, {counted(len(found), 'seed')}: {named}. {near} of {len(found)} give the most "
        f"frequent answer or one a step away. Median cost: {number(cost)} baseline runs."
    )


def write_page(known: Mapping[str, Mapping[str, Any]], commands: Mapping[str, list[str]]) -> None:
    """README.md from the recorded figures."""
    lines = [
        f"| [{name}]({name}/report.md) | `autosuperconv search {' '.join(command)}` |"
        for name, command in commands.items()
    ]
    text = PAGE.format(
        commands="\n".join(lines),
        rows="\n".join(
            row(name, seed, found)
            for name, seeds in sorted(known.items())
            for seed, found in sorted(seeds.items(), key=lambda pair: int(pair[0]))
        ),
        sums="\n".join(summed(name, list(seeds.values())) for name, seeds in sorted(known.items())),
    )
    (HERE / "README.md").write_text(text, encoding="utf-8")
