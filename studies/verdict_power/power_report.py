"""The tables of `studies/verdict_power`, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import power
from power import MARGIN, Null

SDS = (0.1, 0.2, 0.3, 0.6)
SEEDS = (3, 4, 5, 7, 10)
EFFECTS = (0.5, 1.0, 2.0)
MOST = (5, 10)

INTRODUCTION = """# How often the verdict errs, and what it can detect

Written by `autosuperconv reproduce studies/verdict_power`: {repetitions:,} simulated repetitions
per cell ({judged:,} where `judge` itself runs on simulated curves), random seed {seed}. Noise (sd,
the standard deviation over seeds) and effects are in percentage points of accuracy, shares in per
cent of the repetitions. Intervals are at 95 %, so each side errs by design in 2.5 %. Margin:
{margin} points or the pooled sd, whichever is larger.
"""


def power_report(repetitions: int = 40_000, judged: int = 1_000, seed: int = 0) -> str:
    """All tables; the defaults are those of the committed page."""
    head = INTRODUCTION.format(repetitions=repetitions, judged=judged, seed=seed, margin=MARGIN)
    parts = (
        head,
        _same_runs(repetitions, judged, seed),
        _worse_by_the_margin(repetitions, seed),
        _sequential(repetitions, seed),
        _power(repetitions, seed),
        _pairing(repetitions, seed),
    )
    return "\n".join(parts)


def _same_runs(repetitions: int, judged: int, seed: int) -> str:
    reached = _table("sd", SDS, SEEDS, lambda sd, n: power.false_reached(sd, n, repetitions, seed))
    rows = [
        f"| {sd} | {n} | {ratio:g} | {_shares(power.outcomes(sd, n, ratio, judged, seed))} |"
        for ratio in (1.0, 10.0)
        for sd in (0.1, 0.6)
        for n in (3, 10)
    ]
    return "\n".join(
        [
            "## A/A: candidate, baseline and control have one distribution",
            "",
            "At the baseline's own cost REACHED is impossible, because k is at most 1. The",
            "demanding case is a baseline that is ten times too long: C2, C3 and C5 hold, and only",
            "C1 and C4 stand between seed noise and REACHED. False REACHED, in per cent:",
            "",
            reached,
            "",
            "The same through `judge`, on simulated curves with a control, at the baseline's cost",
            "(ratio 1) and at a tenth of it (ratio 10):",
            "",
            "| sd | seeds | cost ratio | outcomes, per cent |",
            "|---|---|---|---|",
            *rows,
            "",
            "Without a control, the last case is REACHED, CONTROL MISSING whenever C1 is met, and",
            "C1 should be met, because the accuracies are equal. That outcome claims nothing about",
            "the large learning rate.",
            "",
        ]
    )


def _worse_by_the_margin(repetitions: int, seed: int) -> str:
    kinds = (
        ("independent pairs", 0.0, False),
        ("independent, skewed noise", 0.0, True),
        ("correlation 0.5", 0.5, False),
        ("correlation 0.5, skewed noise", 0.5, True),
        ("correlation 0.9", 0.9, False),
    )
    lines = [
        "## The candidate is truly worse by exactly the margin",
        "",
        "How often C1 is met, in per cent, when the true difference is -max(0.2, sd). The margin",
        "is itself an estimate. With independent pairs that costs next to nothing. With pairs of",
        "correlation 0.5 the error stays below 5 % with normal noise and roughly reaches it with",
        "skewed noise. **With pairs of correlation 0.9 the error is 6 to 12 % where sd is at least",
        "0.2**: the interval is then narrower than the uncertainty of the margin. How strongly two",
        "schedules' runs from one seed are correlated was not measured here; the pairs of a",
        "confirmation show it.",
        "",
    ]
    for title, correlation, skewed in kinds:

        def share(sd: float, n: int, rho: float = correlation, bent: bool = skewed) -> float:
            null = Null(sd, -max(MARGIN, sd), rho, bent)
            return power.false_accuracy(null, n, repetitions, seed)

        lines += [f"### {title}", "", _table("sd", SDS, SEEDS, share), ""]
    return "\n".join(lines)


def _sequential(repetitions: int, seed: int) -> str:
    rows = []
    for most in MOST:
        for sd in SDS:
            margin = max(MARGIN, sd)
            null, equal, worse = (
                power.add_seeds(Null(sd, effect), most, repetitions, seed)
                for effect in (-margin, 0.0, -3 * margin)
            )
            cells = (
                f"{100 * null.met:.1f}",
                f"{100 * equal.met:.0f}, {equal.seeds:.1f}",
                f"{100 * (1 - worse.undecided - worse.met):.0f}, {worse.seeds:.1f}",
            )
            rows.append(f"| {most} | {sd} | {' | '.join(cells)} |")
    return "\n".join(
        [
            "## Adding seeds one by one",
            "",
            "A look after 3, 4, ... seeds up to the maximum, with the error spent as",
            "`confidence_at_look` says. It stops as soon as C1 is met or surely not met. The table",
            "gives the share settled that way, in per cent, and the mean number of seeds.",
            "",
            "| at most | sd | worse by the margin: C1 met | equal: C1 met, seeds "
            "| worse by three margins: surely not met, seeds |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _power(repetitions: int, seed: int) -> str:
    def accuracy(effect: float, n: int) -> float:
        return power.false_accuracy(Null(0.3, effect * 0.3), n, repetitions, seed)

    def control(effect: float, n: int) -> float:
        return power.shown_better(Null(0.3, effect * 0.3), n, repetitions, seed)

    return "\n".join(
        [
            "## Power",
            "",
            "sd = 0.3; the true effect is given in seed sd. C1, candidate against baseline:",
            "",
            _table("effect, sd", (0.0, *EFFECTS), SEEDS, accuracy),
            "",
            "C4, candidate against control:",
            "",
            _table("effect, sd", EFFECTS, SEEDS, control),
            "",
            "Three seeds settle C4 only where the candidate leads by several seed sd.",
            "",
        ]
    )


def _pairing(repetitions: int, seed: int) -> str:
    rows = []
    for correlation in (0.0, 0.5, 0.9):
        for n in (3, 5, 10):
            effects = [-0.3, 0.0, 0.3]
            shares = [
                power.paired_or_not(Null(0.3, effect, correlation), n, repetitions, seed)
                for effect in effects
            ]
            cells = [f"{100 * paired:.1f}, {100 * welch:.1f}" for paired, welch in shares]
            rows.append(f"| {correlation} | {n} | {' | '.join(cells)} |")
    return "\n".join(
        [
            "## What pairing costs and gains",
            "",
            "How often C1 is met, in per cent: first by the paired interval, then by Welch's",
            "unpaired one; sd = 0.3. Pairing pays where the two runs of a pair are correlated.",
            "Where they are not, it gives away half of the degrees of freedom, which matters at",
            "three to five seeds.",
            "",
            "| correlation | seeds | worse by the margin | equal | better by 1 sd |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _table(
    name: str,
    rows: Sequence[float],
    columns: Sequence[int],
    share: Callable[[float, int], float],
) -> str:
    head = f"| {name} | {' | '.join(f'{n} seeds' for n in columns)} |"
    body = [
        f"| {row} | {' | '.join(f'{100 * share(row, n):.1f}' for n in columns)} |" for row in rows
    ]
    return "\n".join([head, "|---" * (len(columns) + 1) + "|", *body])


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{outcome} {100 * share:.1f}" for outcome, share in shares.items())
