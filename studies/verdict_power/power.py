"""How often the verdict's rules err, and what they can see: simulations with a given seed.

Accuracies are in percentage points. The same `half_width` and `pooled_sd` as in `judge`, on arrays
of thousands of repetitions; a test holds that both decide alike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from autosuperconv.core.stats import FIRST_LOOK, confidence_at_seeds, half_width, pooled_sd
from autosuperconv.core.verdict import RunCurve, judge

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Null:
    """What the simulated runs are drawn from.

    Args:
        sd: seed noise of either side, percentage points.
        effect: true mean of the candidate minus that of the other side, percentage points.
        correlation: of the two runs of a pair; seeds shared between different schedules
            have little in common, so 0 is the case to plan for.
        skewed: noise with a long lower tail (a negated exponential) in place of a normal.
    """

    sd: float
    effect: float
    correlation: float = 0.0
    skewed: bool = False


def draw(null: Null, n: int, repetitions: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Final accuracies of candidate and other side, each of shape (repetitions, n)."""
    shared, one, other = (_noise(null.skewed, (repetitions, n), rng) for _ in range(3))
    common, own = np.sqrt(null.correlation), np.sqrt(1 - null.correlation)
    candidate = null.effect + null.sd * (common * shared + own * one)
    return candidate, null.sd * (common * shared + own * other)


def beats(candidate: Array, other: Array, bound: Array | float, confidence: float = 0.95) -> Bools:
    """Whether the paired interval lies above `bound`: C1 with bound -margin, C4 with bound 0."""
    difference = candidate - other
    half = half_width(difference.std(axis=-1, ddof=1), difference.shape[-1], confidence)
    return np.asarray(difference.mean(axis=-1) - half > bound)


def not_worse(candidate: Array, other: Array, confidence: float = 0.95) -> Bools:
    """C1 as `judge` checks it, with the margin taken from the data."""
    margin = np.maximum(MARGIN, pooled_sd(candidate, other))
    return beats(candidate, other, -margin, confidence)


def beats_unpaired(candidate: Array, other: Array, bound: Array | float) -> Bools:
    """As `beats` at 95 %, by Welch's interval: what is lost or won by pairing."""
    n = candidate.shape[-1]
    ours, theirs = (side.var(axis=-1, ddof=1) / n for side in (candidate, other))
    degrees = (n - 1) * (ours + theirs) ** 2 / (ours**2 + theirs**2)
    half = stats.t.ppf(0.975, degrees) * np.sqrt(ours + theirs)
    return np.asarray(candidate.mean(axis=-1) - other.mean(axis=-1) - half > bound)


def paired_or_not(null: Null, n: int, repetitions: int, seed: int) -> tuple[float, float]:
    """Shares in which C1 is met by the paired interval, and by Welch's."""
    candidate, other = draw(null, n, repetitions, np.random.default_rng(seed))
    bound = -np.maximum(MARGIN, pooled_sd(candidate, other))
    paired, unpaired = beats(candidate, other, bound), beats_unpaired(candidate, other, bound)
    return float(paired.mean()), float(unpaired.mean())


def false_accuracy(null: Null, n: int, repetitions: int, seed: int) -> float:
    """Share of repetitions in which C1 is met at n seeds, margin from the data."""
    return float(not_worse(*draw(null, n, repetitions, np.random.default_rng(seed))).mean())


def shown_better(null: Null, n: int, repetitions: int, seed: int) -> float:
    """Share in which C4 is met at n seeds: the candidate beats the other side."""
    candidate, other = draw(null, n, repetitions, np.random.default_rng(seed))
    return float(beats(candidate, other, 0.0).mean())


def false_reached(sd: float, n: int, repetitions: int, seed: int) -> float:
    """Share in which C1 and C4 are both met where candidate, baseline and control are one.

    The demanding A/A case: the candidate is many times cheaper and uses a large rate, so C2, C3
    and C5 hold, but only because the baseline was too long: the control is as good.
    """
    rng = np.random.default_rng(seed)
    candidate, baseline = draw(Null(sd, 0.0), n, repetitions, rng)
    control = sd * rng.standard_normal((repetitions, n))
    return float((not_worse(candidate, baseline) & beats(candidate, control, 0.0)).mean())


@dataclass(frozen=True, slots=True)
class Sequential:
    """Adding seeds one by one, from 3 to a maximum: how often C1 is met, and at what cost."""

    met: float
    undecided: float
    seeds: float


def add_seeds(null: Null, most: int, repetitions: int, seed: int) -> Sequential:
    """Look after 3, 4, ... `most` seeds; stop as soon as C1 is met or surely not."""
    candidate, other = draw(null, most, repetitions, np.random.default_rng(seed))
    running, met = np.ones(repetitions, bool), np.zeros(repetitions, bool)
    seeds = np.full(repetitions, most)
    for n in range(FIRST_LOOK, most + 1):
        confidence = confidence_at_seeds(n, most)
        ours, theirs = candidate[:, :n], other[:, :n]
        margin = np.maximum(MARGIN, pooled_sd(ours, theirs))
        good, bad = (
            beats(ours, theirs, -margin, confidence),
            beats(theirs, ours, margin, confidence),
        )
        met |= running & good
        seeds[running & (good | bad)] = n
        running &= ~(good | bad)
    return Sequential(float(met.mean()), float(running.mean()), float(seeds.mean()))


def simulated_run(
    final: float, samples: float, max_lr: float, seed: int, rng: np.random.Generator
) -> RunCurve:
    """A run of a step schedule, or of a cycle: a plateau, a jump at 3/4 of it, the final level.

    Args:
        final: accuracy at the end, points. Evaluations wobble around the levels by 0.05 points.
    """
    phase = np.linspace(0, 1, 51)[1:]
    level = np.where(phase > 0.75, final, final - 5) + 0.05 * rng.standard_normal(50)
    accuracy = tuple(float(a) for a in level / 100)
    costs = tuple(float(s) for s in phase * samples)
    return RunCurve(costs, accuracy, final / 100, max_lr, chance=0.1, seed=seed)


def outcomes(sd: float, n: int, ratio: float, repetitions: int, seed: int) -> dict[str, float]:
    """Shares of the outcomes of `judge` itself on A/A runs, with a control.

    Args:
        ratio: cost of the baseline over that of candidate and control; 1 is plain A/A, with the
            baseline's learning rate; above 1 the candidate's rate is 10 x the baseline's.
    """
    rng = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    for _ in range(repetitions):
        finals = 90 + sd * rng.standard_normal((3, n))
        settings = ((1.0, 0.1 if ratio == 1 else 1.0), (ratio, 0.1), (1.0, 0.1))
        sides = [
            [simulated_run(float(a), 1e6 * cost, lr, i, rng) for i, a in enumerate(row)]
            for row, (cost, lr) in zip(finals, settings, strict=True)
        ]
        candidate, baseline, control = sides
        counts[judge(candidate, baseline, control).outcome] += 1
    return {outcome: count / repetitions for outcome, count in sorted(counts.items())}


def _noise(skewed: bool, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    return 1 - rng.exponential(size=shape) if skewed else rng.standard_normal(shape)
