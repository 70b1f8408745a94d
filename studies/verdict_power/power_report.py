"""The tables of `studies/verdict_power`, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import power
import variants
from other_tables import divergence, extended, single_looks
from power import Found, Rules
from sections import section, table
from truths import HEAVY, SKEWED, SLIPS, Truth

from autosuperconv.core.stats.moderated import PRIOR_DEGREES
from autosuperconv.core.verdict.comparison import FUTILE
from autosuperconv.core.verdict.decision import EACH_RUNG, LONE_RUNG
from autosuperconv.core.verdict.looks import Looks, candidates_beside, plan_looks

MOST = (5, 10, 12)
COARSE = tuple((n, candidates_beside(n)) for n in (3, 5, 8, 12))
EQUAL = Truth(0, 0, 0)
BOUND = Truth(0, 0, at_bound=True)
SLOW_ONLY = replace(BOUND, fast=-2.5)

INTRODUCTION = """# How often the decision errs, and what it can see

Written by `autosuperconv reproduce studies/verdict_power`: {repetitions:,} simulated searches per
row, random seed {seed}. Noise and effects are in sds over seeds, shares in per cent of the
searches, costs in baseline trainings beyond the first three (a cycle at T_B / 5 takes {fast}, one
at T_B / 2 {slow}). A search looks at (baseline, cycle) runs (3, 6), (4, 8), (5, 10), (7, 13), (9,
17) and (12, 22), as far as `--max-seeds` allows. Its margin is sqrt(2) x the pooled sd of its own
runs before the confirmation, here from {degrees} degrees of freedom; the bound is the margin that
came out. The goal of every error is 5 %, one-sided: {lone} of it is spent on the only rung or on a
no, and {each} on passing each of two rungs. More runs are not trained where the predictive
probability that the last look settles the question is below {futile} %. A share of 5 % has a
standard error of 0.15.
"""

NULLS: Mapping[str, tuple[Truth, str]] = {
    "three equal sides at both lengths: REACHED": (EQUAL, "reached"),
    "the same, cycles with twice the sd: REACHED": (replace(EQUAL, cycle_sd=2.0), "reached"),
    "the same, baseline and control with twice the sd: REACHED": (
        replace(EQUAL, baseline_sd=2.0),
        "reached",
    ),
    "the same, slips 1 in 20: REACHED": (replace(EQUAL, noise=SLIPS), "reached"),
    "T_B / 5 at the bound, T_B / 2 fine: REACHED": (replace(BOUND, slow=2.0), "reached"),
    "both at the bound: a gain": (BOUND, "gain"),
    "T_B / 2 at the bound, T_B / 5 below: a gain": (SLOW_ONLY, "gain"),
    "both at the bound, t with 3 df: a gain": (replace(BOUND, noise=HEAVY), "gain"),
    "both at the bound, skewed: a gain": (replace(BOUND, noise=SKEWED), "gain"),
    "both at the bound, slips 1 in 20: a gain": (replace(BOUND, noise=SLIPS), "gain"),
    "both at the bound, cycles' sd x 2: a gain": (replace(BOUND, cycle_sd=2.0), "gain"),
    "both at the bound, cycles' sd x 1/2: a gain": (replace(BOUND, cycle_sd=0.5), "gain"),
    "both at the bound, baseline's sd x 2: a gain": (replace(BOUND, baseline_sd=2.0), "gain"),
    "both at the bound, baseline's sd x 1/2: a gain": (replace(BOUND, baseline_sd=0.5), "gain"),
    "T_B / 2 at the bound, baseline's sd x 2: a gain": (
        replace(SLOW_ONLY, baseline_sd=2.0),
        "gain",
    ),
    "both at the bound, pairs not correlated: a gain": (replace(BOUND, correlation=0.0), "gain"),
    "both at the bound, pairs correlated by .5: a gain": (replace(BOUND, correlation=0.5), "gain"),
    "both at the bound: NO": (BOUND, "no"),
    "both at the bound, baseline's sd x 2: NO": (replace(BOUND, baseline_sd=2.0), "no"),
    "both at the bound, cycles' sd x 2: NO": (replace(BOUND, cycle_sd=2.0), "no"),
}

POWERS: Mapping[str, tuple[Truth, str, str]] = {
    "-0.5": (Truth(-3.0, -0.5), "gain", "-"),
    "equal": (Truth(-2.5, 0.0), "gain", "90"),
    "+0.5": (Truth(-2.0, 0.5), "gain", "98"),
    "+1": (Truth(-1.5, 1.0), "gain", "100"),
}

STOPPED: Mapping[str, Truth] = {
    "at the bound": SLOW_ONLY,
    "half a margin above it": replace(SLOW_ONLY, slow=2**-0.5),
    "equal": POWERS["equal"][0],
    "+0.5": POWERS["+0.5"][0],
    "+1": POWERS["+1"][0],
}

CREDITS: Mapping[str, Truth] = {
    "equal, control 1 sd below": Truth(0.0, 1.0, -1.0),
    "equal, control 3 sd below": Truth(0.0, 1.0, -3.0),
    "+1, control 1 sd below": Truth(1.0, 2.0, -1.0),
    "+1, control 3 sd below": Truth(1.0, 2.0, -3.0),
}


def power_report(repetitions: int = 20_000, seed: int = 0) -> str:
    """All tables; the defaults are those of the committed page."""
    head = INTRODUCTION.format(
        repetitions=repetitions,
        seed=seed,
        fast=power.FAST_COST,
        slow=power.SLOW_COST,
        degrees=Rules().degrees,
        lone=f"{LONE_RUNG:g}",
        each=f"{EACH_RUNG:g}",
        futile=f"{100 * FUTILE:g}",
    )
    own = (_errors, _powers, _futility, _factor, _margins, _tried)
    parts = (*own, single_looks, extended, divergence)
    return "\n".join([head, *(part(repetitions, seed) for part in parts)])


def _rules(most: int, **changed: object) -> Rules:
    return replace(Rules(), looks=plan_looks(3, most), **changed)  # type: ignore[arg-type]


def _share(truth: Truth, rules: Rules, said: str, repetitions: int, seed: int) -> float:
    found = power.simulate(truth, rules, repetitions, seed)
    return float(getattr(found, said))


def _errors(repetitions: int, seed: int) -> str:
    rows = []
    for name, (truth, said) in NULLS.items():
        shares = [_share(truth, _rules(most), said, repetitions, seed) for most in MOST]
        rows.append([name, *(f"{share:.1f}" for share in shares)])
    headings = ["what is false", *(f"up to {most}" for most in MOST)]
    return section("Errors", "The goal is 5 at most, by the largest number of baseline runs.") + (
        table(headings, rows)
    )


def _powers(repetitions: int, seed: int) -> str:
    rows = []
    for name, (truth, said, goal) in POWERS.items():
        found = [power.simulate(truth, _rules(most), repetitions, seed) for most in MOST]
        rows.append([name, goal, *(_with_cost(one, said) for one in found)])
    headings = ["cycle at T_B / 2", "goal", *(f"up to {most}" for most in MOST)]
    text = section(
        "Power",
        "A gain is shown at T_B / 2 where the cycle at T_B / 5 is 2.5 sd worse: share, then the "
        "mean cost of the confirmation.",
    ) + table(headings, rows)
    credits = [
        [
            name,
            *(
                _with_cost(power.simulate(truth, _rules(most), repetitions, seed), "reached")
                for most in MOST
            ),
        ]
        for name, truth in CREDITS.items()
    ]
    headings = ["cycle at T_B / 5", *(f"up to {most}" for most in MOST)]
    return f"{text}\nREACHED, where the cycle at T_B / 2 is 1 sd better:\n\n" + table(
        headings, credits
    )


def _with_cost(found: Found, said: str) -> str:
    return f"{getattr(found, said):.1f}, {found.cost.mean():.1f}"


def _futility(repetitions: int, seed: int) -> str:
    fine, coarse = (plan_looks(3, most) for most in (10, 12)), Looks(COARSE)
    plans = [(looks, futile) for looks in fine for futile in (0.0, 0.15, FUTILE, 0.25, 0.35)]
    rows = []
    for looks, futile in [*plans, (coarse, 0.0), (coarse, FUTILE)]:
        rules = replace(Rules(), looks=looks, futile=futile)
        found = [power.simulate(truth, rules, repetitions, seed) for truth in STOPPED.values()]
        name = "never" if futile == 0 else f"below {100 * futile:g} %"
        most = f"{looks.sizes[-1][0]}{', fewer looks' if looks == coarse else ''}"
        rows.append([most, name, *(_with_cost(one, "gain") for one in found)])
    text = (
        "A look that leaves a rung open is followed by another only where that may help: not where "
        "the predictive probability that the last planned look settles the question is small. That "
        "makes claims rarer, so no error rises; it costs power. Gains in per cent, then the mean "
        "cost of the confirmation. The last rows have fewer looks, at 3, 5, 8 and 12 baseline runs:"
    )
    return section("Where more runs would hardly help", text) + table(
        ["looks to", "stops", *STOPPED], rows
    )


def _factor(repetitions: int, seed: int) -> str:
    names = {"sqrt(2)": 2**0.5, "1": 1.0}
    cases = {
        "error: both at the bound": (BOUND, "gain"),
        "error: the same, baseline's sd x 2": (replace(BOUND, baseline_sd=2.0), "gain"),
        "error: three equal sides, REACHED": (EQUAL, "reached"),
        "power: T_B / 2 equal": (POWERS["equal"][0], "gain"),
        "power: T_B / 2 +0.5": (POWERS["+0.5"][0], "gain"),
        "power: T_B / 2 +1": (POWERS["+1"][0], "gain"),
        "0.2 points are 2 sd, power: T_B / 2 equal": (POWERS["equal"][0], "gain"),
    }
    rows = []
    for name, (truth, said) in cases.items():
        smallest = 2.0 if name.startswith("0.2") else 0.0
        row = [name]
        for factor in names.values():
            for most in (10, 12):
                rules = _rules(most, factor=factor, smallest=smallest)
                row.append(f"{_share(truth, rules, said, repetitions, seed):.1f}")
        rows.append(row)
    headings = ["", *(f"{name}, up to {most}" for name in names for most in (10, 12))]
    text = (
        "The factor moves the bound and with it what is a null, so it hardly moves the errors; it "
        "buys the power."
    )
    return section("The margin's factor", text) + table(headings, rows)


def _margins(repetitions: int, seed: int) -> str:
    rows = []
    for degrees in (2, 4, 8, 20):
        rules = _rules(12, degrees=degrees)
        true = Truth(-2.5 - 2**0.5, -(2**0.5))
        draws = power.draw(true, rules, repetitions, seed)
        found = power.decide(draws, rules)
        passed = found.slow == power.PASSED
        false = passed & (draws.margin < 2**0.5)
        rows.append(
            [
                str(degrees),
                f"{_share(BOUND, rules, 'gain', repetitions, seed):.1f}",
                f"{power.percent(false):.1f}",
                f"{power.percent(passed):.1f}",
                f"{_share(POWERS['equal'][0], rules, 'gain', repetitions, seed):.1f}",
            ]
        )
    headings = [
        "degrees of freedom",
        "at the margin that came out",
        "at sqrt(2) true sds, beyond the margin that came out",
        "at sqrt(2) true sds, all",
        "power: equal",
    ]
    text = (
        "A verdict claims no more than the margin that it states. Few degrees of freedom make that "
        "margin uncertain: the claims stay true, but a margin that came out wide passes more than "
        "one of the true sd would (fourth column), and one that came out narrow costs power."
    )
    return section("The margin is an estimate", text) + table(headings, rows)


def _tried(repetitions: int, seed: int) -> str:
    cases = {
        "both at the bound": (BOUND, "gain"),
        "baseline's sd x 2": (replace(BOUND, baseline_sd=2.0), "gain"),
        "cycles' sd x 2": (replace(BOUND, cycle_sd=2.0), "gain"),
        "REACHED, equal": (EQUAL, "reached"),
        "power: equal": (POWERS["equal"][0], "gain"),
        "power: +0.5": (POWERS["+0.5"][0], "gain"),
    }
    rows = [
        [name, *(f"{_share(t, rules, said, repetitions, seed):.1f}" for t, said in cases.values())]
        for name, rules in variants.TRIED.items()
    ]
    text = (
        "Up to 12 baseline runs. The prior is what the search's own runs say of the spread, worth "
        f"{PRIOR_DEGREES} degrees of freedom at most. A prior that narrows a side buys two points "
        "of power and errs where the side really spreads more; one that only widens errs less than "
        "none, at the same power. The last row is the product's."
    )
    return section("What was tried", text) + table(["rule", *cases], rows)
