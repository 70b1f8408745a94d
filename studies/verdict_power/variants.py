"""What else the decision might have been, and what `judge` and a resumed search do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import power
from power import Rules
from scipy import stats
from truths import HEAVY, NORMAL, SKEWED, SLIPS, Array, Truth, noise

from autosuperconv.core.stats.moderated import PRIOR_DEGREES, moderated_variance
from autosuperconv.core.verdict.looks import plan_looks
from autosuperconv.core.verdict.margin import TWO_RUNS
from autosuperconv.core.verdict.runs import too_many

ALL = {"lone": 1.0, "each": 0.7}
"""Shares of the error that are right for normal noise of one spread."""


def no_prior(runs: Array, prior: Array, degrees: int) -> tuple[Array, Array]:
    """Each side's own variance (Welch)."""
    return moderated_variance(runs, None, 0)


def unless_refuted(
    runs: Array, prior: Array, degrees: int, most: int = PRIOR_DEGREES, level: float = 0.05
) -> tuple[Array, Array]:
    """Moderated both ways (Smyth), unless an F test refutes the prior."""
    own, n = runs.var(axis=1, ddof=1), runs.shape[1] - 1
    weight = min(degrees, most)
    kept = own / prior < stats.f.isf(level, n, degrees)
    moderated = (weight * prior + n * own) / (weight + n)
    return np.where(kept, moderated, own), np.where(kept, weight + n, float(n))


def weak(runs: Array, prior: Array, degrees: int) -> tuple[Array, Array]:
    """The same with a prior of 4 degrees, refuted at 20 %."""
    return unless_refuted(runs, prior, degrees, 4, 0.2)


def at_least_own(runs: Array, prior: Array, degrees: int) -> tuple[Array, Array]:
    """Never less than a side's own variance, with the prior's degrees of freedom all the same."""
    own, n = runs.var(axis=1, ddof=1), runs.shape[1] - 1
    weight = min(degrees, PRIOR_DEGREES)
    moderated = (weight * prior + n * own) / (weight + n)
    return np.maximum(own, moderated), np.full(len(own), float(weight + n))


def faded(runs: Array, prior: Array, degrees: int) -> tuple[Array, Array]:
    """The prior counts less, the less likely the side's variance is under it."""
    own, n = runs.var(axis=1, ddof=1), runs.shape[1] - 1
    likely = stats.f.sf(own / prior, n, degrees)
    weight = min(degrees, PRIOR_DEGREES) * np.minimum(1.0, 2 * likely) ** 2
    return (weight * prior + n * own) / (weight + n), weight + n


TRIED: Mapping[str, Rules] = {
    "no prior, all of the error": replace(Rules(), variance=no_prior, **ALL),
    "prior dropped where an F test at 5 % refutes it, all of the error": replace(
        Rules(), variance=unless_refuted, **ALL
    ),
    "the same with 4 degrees and at 20 %": replace(Rules(), variance=weak, **ALL),
    "never below a side's own variance": replace(Rules(), variance=at_least_own, **ALL),
    "prior fades as it becomes unlikely": replace(Rules(), variance=faded, **ALL),
    "prior widens only, all of the error": replace(Rules(), **ALL),
    "no prior, the product's shares": replace(Rules(), variance=no_prior),
    "prior widens only, the product's shares": Rules(),
}


def single_look(n: int, m: int, repetitions: int, seed: int) -> list[float]:
    """How often `judge` meets C1 at sqrt(2) true sds, margin from the same runs, in per cent."""
    found = []
    cases = ((NORMAL, 1.0, 1.0), (NORMAL, 1.0, 2.0), (NORMAL, 2.0, 1.0))
    for kind, cycle, base in (*cases, *((kind, 1.0, 1.0) for kind in (HEAVY, SKEWED, SLIPS))):
        rng = np.random.default_rng(seed)
        x, y = (sd * noise(kind, (repetitions, k), rng) for sd, k in ((cycle, m), (base, n)))
        own = 1 + 36 * 0.05 * 0.95 if kind == SLIPS else 1.0
        degrees = n + m - 2
        true = np.sqrt(own * ((m - 1) * cycle**2 + (n - 1) * base**2) / degrees)
        found.append(met(x - TWO_RUNS * true, y))
    return found


def met(x: Array, y: Array) -> float:
    """The share in which C1 is met, in per cent; a test holds that `judge` decides alike."""
    from autosuperconv.core.stats import pooled_sd
    from autosuperconv.core.stats.moderated import moderated_difference, t_limit

    found = moderated_difference(x, y, None, 0)
    margin = TWO_RUNS * pooled_sd(x, y)
    degrees = x.shape[1] + y.shape[1] - 2
    error = np.hypot(found.error, margin / np.sqrt(2 * degrees))
    low = found.mean - t_limit(float(stats.norm.isf(power.ERROR)), found.degrees) * error
    return power.percent(low > -margin)


def extended(first: int, most: int, repetitions: int, seed: int) -> tuple[float, float]:
    """Gains at the bound in a search of up to `first` baseline runs, and in that or in the one
    that resumes it where it was undecided, up to `most`; in per cent."""
    one = plan_looks(min(3, first), first)
    both = plan_looks(most, most, done=one.sizes)
    rules = replace(Rules(), looks=both)
    draws = power.draw(Truth(-2.5, 0, at_bound=True), rules, repetitions, seed)
    early = power.decide(draws, replace(rules, looks=one))
    late = power.decide(draws, rules)
    gained = (early.slow == power.PASSED) | (early.fast == power.PASSED)
    undecided = ~gained & (early.slow == power.OPEN)
    later = (late.slow == power.PASSED) | (late.fast == power.PASSED)
    return power.percent(gained), power.percent(gained | (undecided & later))


def diverged(rate: float, repetitions: int, seed: int) -> list[float]:
    """DIVERGED at any look so far, and with one of the first 6 as a veto, in per cent."""
    sizes = [m for _, m in plan_looks(3, 12).sizes]
    rng = np.random.default_rng(seed)
    counts = np.cumsum(rng.random((repetitions, sizes[-1])) < rate, axis=1)
    said, found = np.zeros(repetitions, bool), []
    for n in sizes:
        many = np.asarray([too_many(k, n) for k in range(n + 1)])
        said |= many[counts[:, n - 1]]
        found.append(power.percent(said))
    return [*found, power.percent(counts[:, sizes[0] - 1] > 0)]
