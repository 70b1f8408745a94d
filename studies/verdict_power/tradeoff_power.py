"""How often the trade-off names what is not there, and what it can see: simulations.

Accuracies are in standard deviations of a run over seeds. The functions are those of the ablation
(`core.tradeoff.estimate`), on arrays of repetitions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from autosuperconv.core.tradeoff.estimate import (
    MORE_ALPHA,
    estimate,
    half_width_alone,
    narrowly,
    pooled_noise,
)
from autosuperconv.core.tradeoff.fraction import REPEATS, contrasts, fraction, model_matrix
from autosuperconv.tuning.steps.ablation import MORE_SEEDS

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

PRIOR_RUNS = 21  # behind the spread that other runs of the search showed


@dataclass(frozen=True, slots=True)
class Case:
    """What the simulated runs are drawn from."""

    factors: int = 5
    confirmed: tuple[int, int, int] = (6, 3, 6)
    """Runs of the winner, the baseline and the control; 0: none."""
    prior: bool = True
    """Whether other runs of the search showed the spread."""
    ratio: float = 1.0
    """Spread of a combination's runs over that of the confirmation's."""
    worth: tuple[float, ...] = ()
    """Of the first factors, over both orders; the others are worth nothing."""
    pairs: tuple[float, ...] = ()
    """Of the first pairs of factors, added to the worth as the last change of both."""
    noise: str = "normal"
    """A key of `NOISE`."""


def _slips(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """One run in twenty falls short by 6 sd."""
    return np.asarray(rng.standard_normal(shape) - 6 * (rng.random(shape) < 0.05))


NOISE: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "t3": lambda rng, shape: np.asarray(rng.standard_t(3, shape) / np.sqrt(3)),
    "skewed": lambda rng, shape: np.asarray(1 - rng.exponential(size=shape)),
    "slips": _slips,
}


@dataclass(frozen=True, slots=True)
class Result:
    """Of one case; shares of the repetitions."""

    named: Array
    """By factor: said to be worth something, either way."""
    false: float
    """Something is said of a factor that is worth nothing, first or last; of any where all are."""
    mean_half: float
    """Mean half-width of the limits of the worth over both orders."""
    last_half: float
    """The same as the last change."""
    hung: float
    """More seeds were trained."""
    more_named: float
    """They led to the first factor being named."""


def simulate(case: Case, repetitions: int, seed: int) -> Result:
    """The fraction and the seeds that are added, as the ablation takes them."""
    rng = np.random.default_rng(seed)
    draw, cells = NOISE[case.noise], fraction(case.factors)
    truth = _truth(case)
    groups = [draw(rng, (repetitions, n)) for n in case.confirmed if n]
    runs = REPEATS[case.factors]
    values = [groups[0] + truth[0]]
    values += [t + case.ratio * draw(rng, (repetitions, runs)) for t in truth[1:]]
    prior = np.sqrt(rng.chisquare(PRIOR_RUNS - 1, repetitions) / (PRIOR_RUNS - 1))
    noise = pooled_noise(groups, (prior, PRIOR_RUNS - 1) if case.prior else None)
    found = estimate(cells, values, noise)
    told = (np.abs(found.mean) > found.mean_half) | (np.abs(found.last) > found.last_half)
    first = found.mean.argmax(axis=1)
    size, half = (
        np.take_along_axis(a, first[:, None], 1)[:, 0] for a in (found.mean, found.mean_half)
    )
    hung = narrowly(size, half) & ~told.any(axis=1)
    _, lasts = contrasts(case.factors)
    worth = _coefficients(case) @ lasts.T
    alone = case.ratio * draw(rng, (repetitions, MORE_SEEDS)).mean(axis=1)
    difference = groups[0].mean(axis=1) + worth[first] - alone
    both = (groups[0].shape[1], MORE_SEEDS)
    reach = half_width_alone(both, found.noise, 1, MORE_ALPHA)
    added = hung & (np.abs(difference) > reach)
    told[added, first[added]] = True
    nothing = np.array(worth == 0) & (np.arange(case.factors) >= len(case.worth))
    return Result(
        named=told.mean(axis=0),
        false=float(told[:, nothing].any(axis=1).mean()) if nothing.any() else 0.0,
        mean_half=float(found.mean_half.mean()),
        last_half=float(found.last_half.mean()),
        hung=float(hung.mean()),
        more_named=float((added & (first == 0)).mean()),
    )


def _coefficients(case: Case) -> Array:
    """Of `model_matrix`."""
    factors = case.factors
    found = np.zeros(1 + factors + factors * (factors - 1) // 2)
    found[1 : 1 + len(case.worth)] = np.array(case.worth) / 2
    found[1 + factors : 1 + factors + len(case.pairs)] = np.array(case.pairs) / 2
    return found


def _truth(case: Case) -> Array:
    return np.asarray(model_matrix(fraction(case.factors)) @ _coefficients(case))


def one_at_a_time(
    repetitions: int, seed: int, factors: int = 5, runs: int = 3
) -> tuple[float, float]:
    """As it was before: each factor reverted in the winner, and changed alone from the baseline's
    values, with the same seeds; a paired t interval of its own for each. The share of searches that
    name something where nothing is there, and the half-width for all factors at once (Bonferroni).
    """
    rng = np.random.default_rng(seed)
    winner, start = rng.standard_normal((2, repetitions, 1, runs))
    back, alone = rng.standard_normal((2, repetitions, factors, runs))
    ends = np.concatenate([winner - back, alone - start, winner - back - alone + start], axis=1)
    error = ends.std(axis=-1, ddof=1) / np.sqrt(runs)
    named = np.abs(ends.mean(axis=-1)) > stats.t.isf(0.025, runs - 1) * error
    wide = stats.t.isf(0.025 / factors, runs - 1) * error[:, :factors].mean()
    return float(named.any(axis=1).mean()), float(wide)


@dataclass(frozen=True, slots=True)
class Shared:
    """Parts of a run's variance that come from its seed, whatever is trained."""

    level: float = 0.0
    """Of the accuracy: the same for every combination of that seed."""
    factors: float = 0.0
    """Of the worth of each factor: for some seeds a change is worth more than for others."""


SEEDINGS: dict[str, Sequence[int]] = {
    "one seed for all": [0] * 16,
    "four seeds, four runs each": [(a * b > 0) * 2 + (a * c > 0) for a, b, c, *_ in fraction(5)],
    "a seed for each run": range(16),
}


def seeded(seeding: str, shared: Shared, repetitions: int, seed: int) -> float:
    """How often anything is named where nothing is there, by the seeds of the fifteen runs."""
    rng = np.random.default_rng(seed)
    blocks, cells = np.array(SEEDINGS[seeding]), np.array(fraction(5), dtype=float)
    own = np.sqrt(1 - shared.level - 5 * shared.factors)
    levels, slopes = np.sqrt(shared.level), np.sqrt(shared.factors)

    def drawn(of: NDArray[np.int_], at: Array) -> Array:
        """Runs of the seeds `of` in the cells `at`."""
        count = int(of.max()) + 1
        by_seed = levels * rng.standard_normal((repetitions, count))
        by_factor = slopes * rng.standard_normal((repetitions, count, 5))
        rest = own * rng.standard_normal((repetitions, len(of)))
        return np.asarray(by_seed[:, of] + (by_factor[:, of] * at).sum(axis=-1) + rest)

    runs = drawn(blocks, cells)
    groups = [drawn(np.arange(n), np.ones((n, 5))) for n in (6, 3, 6)]
    values = [groups[0], *(runs[:, [place]] for place in range(1, 16))]
    found = estimate(fraction(5), values, pooled_noise(groups))
    told = (np.abs(found.mean) > found.mean_half) | (np.abs(found.last) > found.last_half)
    return float(told.any(axis=1).mean())
