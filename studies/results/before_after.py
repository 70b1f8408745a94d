"""What two searches cost and found, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from autosuperconv.core import format as fmt
from autosuperconv.core.events import Step
from autosuperconv.core.trace import StopReason

HERE = Path(__file__).parent
HEAD = """# Real searches

All searches ran on two CPU cores without a GPU. `studies/results/run.py` runs every search and
writes its pages. The CIFAR-10 images are JPEG (quality 75), so accuracies are slightly lower than
on the original images.

| search | command |
| --- | --- |
{commands}

## Before and after

Each search was run by this version ("after") and by the one before it ("before": TPE under the
range test's prior, eight sweeps of 80 steps, the older engine), on the same machine on one day.
Work is counted in training samples. A verdict rests on three paired seeds (MNIST: up to six), and
a search depends on the order in which its trials end, so one search is one draw. The older version
measured batch-norm statistics badly and read accuracies too low, the baseline's included, so its
target was lower. It runs 30 trials by default, this version 20. On digits neither version is
better: the verdict changes with the seed, in both directions. On CIFAR-10 no trial, of at most 6
epochs, reached the target, so the most accurate one was confirmed.

{table}

{ratios}
"""


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """The few figures of a report that are compared."""
    verdict, cost = report["verdict"], {c["step"]: c["samples"] for c in report["cost"]["steps"]}
    late = report["trials"][len(report["trials"]) // 3 :]
    return {
        "version": report["setup"]["environment"]["autosuperconv"],
        "outcome": verdict["outcome"],
        "speedup": verdict["speedup"],
        "difference": verdict["against_baseline"]["difference"],
        "low": verdict["against_baseline"]["low"],
        "high": verdict["against_baseline"]["high"],
        "epochs": report["winner"]["epochs"] if report["winner"] else None,
        "samples": {step: n for step, n in cost.items() if step != Step.PLAN},
        "seconds": report["wall_seconds"],
        "late_diverged": sum(t["state"] == StopReason.DIVERGED for t in late) / max(len(late), 1),
    }


def write_page(known: Mapping[str, Any], commands: Mapping[str, Sequence[str]]) -> None:
    """README.md of this folder."""
    pairs = [(name, seed, p) for name, seeds in known.items() for seed, p in sorted(seeds.items())]
    text = HEAD.format(
        commands="\n".join(
            f"| [{name}]({name}/report.md) | `autosuperconv search {' '.join(words)}` |"
            for name, words in commands.items()
        ),
        table=_table(pairs),
        ratios=_ratios(known),
    )
    (HERE / "README.md").write_text(text, encoding="utf-8")


def _table(pairs: Sequence[tuple[str, str, Any]]) -> str:
    rows = [
        "| search | seed | | verdict | k | accuracy, percentage points (interval) | study | "
        "all steps | wall time | diverged, late trials |",
        "|" + " --- |" * 10,
    ]
    for name, seed, pair in pairs:
        rows += [_row(name, seed, side, pair[side]) for side in ("before", "after")]
    return "\n".join(rows)


def _row(name: str, seed: str, side: str, s: Mapping[str, Any]) -> str:
    whole = sum(s["samples"].values())
    return (
        f"| {name} | {seed} | {side} | {s['outcome']} | {fmt.number(s['speedup'])} | "
        f"{fmt.points(s['difference'])} ({fmt.interval(s['low'], s['high'])}) | "
        f"{thousands(s['samples'][Step.STUDY])} | {thousands(whole)} | "
        f"{s['seconds']:.0f} s | {100 * s['late_diverged']:.0f} % |"
    )


def thousands(samples: float) -> str:
    """Samples, to the thousand."""
    return f"{samples / 1000:,.0f} k"


def _ratios(known: Mapping[str, Any]) -> str:
    """After over before, medians over the seeds of each search."""
    lines = []
    for name, seeds in known.items():
        pairs = list(seeds.values())
        study = [_over(p, lambda s: s["samples"][Step.STUDY]) for p in pairs]
        sweeps = [_over(p, lambda s: s["samples"][Step.RANGE_TEST]) for p in pairs]
        whole = [_over(p, lambda s: sum(s["samples"].values())) for p in pairs]
        wall = [_over(p, lambda s: s["seconds"]) for p in pairs]
        lines.append(
            f"- {name}, {fmt.counted(len(pairs), 'pair')}, after / before (median): samples of the "
            f"study {median(study):.2f}, of the range test {median(sweeps):.2f}, of all steps "
            f"{median(whole):.2f}; wall time {median(wall):.2f}. Verdicts: {_verdicts(pairs)}."
        )
    return "\n".join(lines)


def _verdicts(pairs: Sequence[Mapping[str, Any]]) -> str:
    """How verdicts changed from before to after, the most frequent change first."""
    changes = Counter((p["before"]["outcome"], p["after"]["outcome"]) for p in pairs)
    return ", ".join(
        f"{n} x {old} -> {'the same' if new == old else new}"
        for (old, new), n in changes.most_common()
    )


def _over(pair: Mapping[str, Any], of: Any) -> float:
    return float(of(pair["after"]) / max(of(pair["before"]), 1))
