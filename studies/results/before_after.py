"""What two searches took and found, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from autosuperconv.core.events import Step
from autosuperconv.core.trace import StopReason

HERE = Path(__file__).parent
HEAD = """# Real searches

Two CPU cores, no GPU; every search and its pages come from `studies/results/run.py`. CIFAR-10's
images are JPEG (quality 75), so accuracies lie a little under those of the original.

| search | command |
| --- | --- |
{commands}

## Before and after

Each search by this version ("after") and by the one before it (TPE under the range test's prior,
eight sweeps of 80 steps, the older engine), on the same machine on one day. Work is training
samples. A verdict rests on three paired seeds (MNIST: up to six), and a search on the order in
which its trials end: one search is one draw. The older version measured batch norm's statistics
badly and read accuracies low, the baseline's included, so its target was lower. It makes 30 trials
by default, this one 20. On digits neither is better: a verdict there changes with the seed, either
way. On CIFAR-10 no trial, of at most 6 epochs, reached the target, so the most accurate of them
was confirmed.

{table}

{ratios}
"""


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """The few figures of a report that are compared."""
    verdict, cost = report["verdict"], {c["step"]: c["samples"] for c in report["cost"]}
    late = report["trials"][len(report["trials"]) // 3 :]
    return {
        "version": report["environment"]["autosuperconv"],
        "outcome": verdict["outcome"],
        "speedup": verdict["speedup"],
        "difference": verdict["accuracy_difference"],
        "low": verdict["accuracy_low"],
        "high": verdict["accuracy_high"],
        "epochs": report["winner"]["epochs"] if report["winner"] else None,
        "samples": {step: n for step, n in cost.items() if step != Step.PLAN},
        "seconds": report["wall_seconds"],
        "late_broken": sum(t["state"] == StopReason.DIVERGED for t in late) / max(len(late), 1),
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
        "| search | seed | | verdict | k | accuracy, points (interval) | study | all steps | "
        "wall time | broken, late |",
        "|" + " --- |" * 10,
    ]
    for name, seed, pair in pairs:
        rows += [_row(name, seed, side, pair[side]) for side in ("before", "after")]
    return "\n".join(rows)


def _row(name: str, seed: str, side: str, s: Mapping[str, Any]) -> str:
    k = "-" if s["speedup"] is None else f"{s['speedup']:.1f}"
    whole = sum(s["samples"].values())
    return (
        f"| {name} | {seed} | {side} | {s['outcome']} | {k} | {s['difference']:+.2f} "
        f"({s['low']:.2f} to {s['high']:.2f}) | {thousands(s['samples'][Step.STUDY])} | "
        f"{thousands(whole)} | {s['seconds']:.0f} s | {100 * s['late_broken']:.0f} % |"
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
            f"- {name}, {len(pairs)} of each, after over before (median): study's samples "
            f"{median(study):.2f}, the range test's {median(sweeps):.2f}, all steps' "
            f"{median(whole):.2f}, wall time {median(wall):.2f}. Verdicts: {_verdicts(pairs)}."
        )
    return "\n".join(lines)


def _verdicts(pairs: Sequence[Mapping[str, Any]]) -> str:
    """What became of each kind of verdict, the most frequent first."""
    changes = Counter((p["before"]["outcome"], p["after"]["outcome"]) for p in pairs)
    return ", ".join(
        f"{n} x {old} -> {'the same' if new == old else new}"
        for (old, new), n in changes.most_common()
    )


def _over(pair: Mapping[str, Any], of: Any) -> float:
    return float(of(pair["after"]) / max(of(pair["before"]), 1))
