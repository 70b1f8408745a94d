"""What `judge`, a resumed search and the rule for divergence do: the last tables of the page."""

from __future__ import annotations

import variants
from sections import section, table
from truths import HEAVY, SKEWED, SLIPS

from autosuperconv.core.verdict.looks import plan_looks


def single_looks(repetitions: int, seed: int) -> str:
    sizes = ((3, 3), (3, 6), (5, 5), (5, 10), (10, 10), (10, 19))
    names = ("normal", "baseline's sd x 2", "cycles' sd x 2", HEAVY, SKEWED, SLIPS)
    rows = [
        [f"{n}, {m}", *(f"{share:.1f}" for share in variants.single_look(n, m, repetitions, seed))]
        for n, m in sizes
    ]
    text = (
        "`judge` on recorded curves has one look and takes the margin from the curves that it "
        "judges, so the interval pays for the margin's own error too. How often C1 is met at "
        "sqrt(2) true sds, by the numbers of baseline and candidate runs:"
    )
    return section("Recorded curves", text) + table(["runs", *names], rows)


def extended(repetitions: int, seed: int) -> str:
    rows = [
        [f"{first} -> {most}", *(f"{share:.1f}" for share in variants.extended(*args))]
        for first, most in ((3, 10), (5, 8), (8, 12))
        for args in [(first, most, repetitions, seed)]
    ]
    text = (
        "A search that ends undecided can be resumed with more seeds; its earlier looks stay looks "
        "of the new plan. T_B / 2 at the bound, T_B / 5 below: gains in the first search, and in "
        "both together."
    )
    return section("Resumed with more seeds", text) + table(["seeds", "first", "both"], rows)


def divergence(repetitions: int, seed: int) -> str:
    rates = (0.01, 0.05, 0.2, 0.4)
    rows = [
        [f"{100 * rate:.0f}", *(f"{s:.1f}" for s in variants.diverged(rate, repetitions, seed))]
        for rate in rates
    ]
    text = (
        "DIVERGED at any look so far (2 of 6, 3 of 8 to 13, 4 of 17 to 22 runs), by the per cent "
        "of a recipe's runs that diverge; and for comparison, one of 6 as a veto."
    )
    numbers = [str(m) for _, m in plan_looks(3, 12).sizes]
    headings = ["diverge", *numbers, "a veto at 6"]
    return section("Divergence is a rate", text) + table(headings, rows)
