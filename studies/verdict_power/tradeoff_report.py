"""TRADEOFF.md, from `tradeoff_power`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats
from tradeoff_power import NOISE, SEEDINGS, Case, Shared, one_at_a_time, seeded, simulate

from autosuperconv.core.stats.simultaneous import simultaneous_quantile
from autosuperconv.core.tradeoff.fraction import REPEATS, contrasts, fraction, model_matrix

REPETITIONS = 20_000
CONFIRMED = ((3, 3, 3), (6, 3, 6), (10, 5, 10), (15, 8, 15))
USUAL = Case()
RATIOS = (0.7, 1.0, 1.25, 1.5, 2.0, 3.0)
WORTHS = (0.5, 1.0, 1.5, 2.0, 3.0)
SHARED = {
    "nothing": Shared(),
    "the level, 15 %": Shared(level=0.15),
    "the level, 50 %": Shared(level=0.5),
    "the level, 10 %, and each factor's worth, 5 %": Shared(0.1, 0.05),
    "the level, 10 %, and each factor's worth, 15 %": Shared(0.1, 0.15),
}


def tradeoff_report(repetitions: int = REPETITIONS, seed: int = 0) -> str:
    """The whole page."""
    parts = (_head(repetitions, seed), _false(repetitions, seed), _assumptions(repetitions, seed))
    more = (_power(repetitions, seed), _seeds(repetitions, seed), _quantile())
    return "\n".join([*parts, *more])


def _head(repetitions: int, seed: int) -> str:
    false, half = one_at_a_time(repetitions, seed)
    now = simulate(USUAL, repetitions, seed)
    halves = f"{now.mean_half:.2f} over both orders, {now.last_half:.1f} as the last change"
    compared = _table(
        ("", "new runs", "something is named", "half-width for all five at once"),
        [
            ("one factor at a time, both ways, 3 paired seeds", 33, _share(false), f"{half:.1f}"),
            ("half fraction, limits for all at once", 15, _share(now.false), halves),
        ],
    )
    return f"""# How often the trade-off names what is not there, and what it can see

Written by `autosuperconv reproduce studies/verdict_power`: {repetitions:,} simulated repetitions
of each case, random seed {seed}. Sizes are in standard deviations (sd) of a run over seeds, shares
in per cent of the repetitions. A trade-off names a factor where zero lies outside its limits, over
both orders or as the last change, the seeds that are added for one factor included.

Five factors and nothing there, with a confirmation of 6 winner, 3 baseline and 6 control runs:

{compared}
"""


def _false(repetitions: int, seed: int) -> str:
    rows = []
    for factors in REPEATS:
        for confirmed in CONFIRMED:
            case = Case(factors, confirmed, prior=confirmed != CONFIRMED[0])
            found = simulate(case, repetitions, seed + 1)
            runs = REPEATS[factors] * (len(fraction(factors)) - 1)
            numbers = (_share(found.false), f"{found.mean_half:.2f}", f"{found.last_half:.2f}")
            cells = (factors, runs, ", ".join(map(str, confirmed)), *numbers, _share(found.hung))
            rows.append(cells)
    heads = ("factors", "new runs", "winner, baseline, control runs", "something is named")
    limits = ("half-width over both orders", "as the last change", "more seeds trained")
    table = _table((*heads, *limits), rows)
    return f"""## Nothing there

With three runs of each side, nothing else of the search says how far runs spread; with more, a
prior of 10 degrees of freedom does. The levels at which limits are set (`MEAN_ALPHA`, `LAST_ALPHA`,
`MORE_ALPHA`) add up to more than 5 %; taking the larger of two spreads brings the error below that.

{table}
"""


def _assumptions(repetitions: int, seed: int) -> str:
    spreads = [simulate(replace(USUAL, ratio=ratio), repetitions, seed + 2) for ratio in RATIOS]
    noises = [simulate(replace(USUAL, noise=name), repetitions, seed + 3) for name in NOISE]
    heads = ("something is named", "half-width over both orders")
    by_ratio = _table(
        ("sd of a combination's runs over the winner's", *heads),
        [(r, _share(f.false), f"{f.mean_half:.2f}") for r, f in zip(RATIOS, spreads, strict=True)],
    )
    by_noise = _table(
        ("noise", *heads),
        [(n, _share(f.false), f"{f.mean_half:.2f}") for n, f in zip(NOISE, noises, strict=True)],
    )
    return f"""## Where the assumptions fail

Nothing is there, five factors, 6, 3 and 6 runs of the confirmation.

{by_noise}

**Where the combinations spread more than the winner, the error is above 5 %.** Their own spread is
read from ten interactions, which cannot do better. In three recorded searches whose combinations
had three to five runs each (`studies/results` at commit 8662bad), they spread 0.9 to 1.4 times as
much as the confirmation's runs.

{by_ratio}
"""


def _power(repetitions: int, seed: int) -> str:
    rows = []
    for worth in WORTHS:
        found = simulate(replace(USUAL, worth=(worth,)), repetitions, seed + 4)
        shares = (found.named[0], found.hung, found.more_named, found.false)
        rows.append((worth, *map(_share, shares)))
    heads = ("it is named", "more seeds trained", "named because of them", "another is named")
    return f"""## What it can see

One of five factors is worth something, the same first or last; 6, 3 and 6 runs.

{_table(("worth, sd", *heads), rows)}
"""


def _seeds(repetitions: int, seed: int) -> str:
    rows = [
        (what, *(_share(seeded(name, shared, repetitions, seed + 5)) for name in SEEDINGS))
        for what, shared in SHARED.items()
    ]
    return f"""## One seed for all runs, or a seed for each

How often something is named where nothing is there, by what part of a run's variance comes from
its seed, whatever is trained. A block of one seed takes out the level, but the limits gain nothing
by it, because their spread comes from runs over seeds. And it takes what one seed makes of a factor
for what the factor is worth. So each run has a seed of its own. No seeds are added here.

{_table(("shared by the runs of a seed", *SEEDINGS), rows)}
"""


def _quantile() -> str:
    """What the closed form costs against the exact law of the correlated estimates."""
    weights = contrasts(5)[0] @ np.linalg.pinv(model_matrix(fraction(5)))
    covariance = (weights * np.array([1 / 6, *[1] * 15])) @ weights.T
    sizes = np.sqrt(np.diag(covariance))
    law = stats.multivariate_t(shape=covariance / np.outer(sizes, sizes), df=22, seed=1)
    quantile = simultaneous_quantile(5, 22, 0.05)
    ends = np.full(5, quantile)
    covered = float(law.cdf(ends, lower_limit=-ends))
    correlation = covariance[0, 1] / covariance[0, 0]
    bonferroni = float(stats.t.isf(0.05 / 10, 22))
    return f"""## The quantile

The studentized maximum modulus takes the estimates as independent, which is careful where they are
not (Sidak 1967). For the five worths over both orders (22 degrees of freedom, 5 %) it is
{quantile:.3f}; by `scipy.stats.multivariate_t`, with their correlations of {correlation:.3f}, it
covers {100 * covered:.2f} %. Bonferroni's is {bonferroni:.3f}.
"""


def _share(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(map(str, row))} |" for row in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])
