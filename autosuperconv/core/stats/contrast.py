"""`Contrast`: a difference of accuracies between two sides, with its t interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autosuperconv.core import format as fmt

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of accuracies between two sides, fractions of 1.

    Args:
        difference: its mean over the pairs.
        low: lower end of its confidence interval; None for a single pair.
        high: upper end.
        runs: pairs, or runs of the first side, those that diverged included.
        diverged: of `runs`, those with a run that diverged; they are left out of the difference,
            unless all did.
        confidence: of the interval.
        others: runs of the other side, where the sides are not paired; else None.
        error: standard error of an unpaired difference; None for single runs and for pairs.
        degrees: of freedom of that.
    """

    difference: float
    low: float | None
    high: float | None
    runs: int
    diverged: int = 0
    confidence: float = CONFIDENCE
    others: int | None = None
    error: float | None = None
    degrees: float | None = None

    @property
    def lowest(self) -> float:
        """The lower end; of a single pair, which has no interval, the difference itself."""
        return self.difference if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The upper end; of a single pair, which has no interval, the difference itself."""
        return self.difference if self.high is None else self.high

    @property
    def separable(self) -> bool:
        """Whether the interval tells the difference from zero."""
        return self.low is not None and (self.lowest > 0 or self.highest < 0)

    @property
    def pairs(self) -> int:
        """How many pairs, or runs of the first side, are behind the difference."""
        return self.runs if self.diverged == self.runs else self.runs - self.diverged

    @property
    def always_diverged(self) -> bool:
        """Whether every run diverged, of two or more."""
        return self.runs > 1 and self.diverged == self.runs

    @property
    def sd(self) -> float | None:
        """Standard deviation of the pairs' differences, as the interval has it."""
        if self.low is None or self.others is not None:
            return None
        return (
            (self.highest - self.lowest) / 2 / float(half_width(1.0, self.pairs, self.confidence))
        )

    def in_words(self) -> str:
        """E.g. "+0.30 points (95 %: -0.10 to +0.70)"."""
        text = f"{fmt.points(self.difference)} points"
        if self.low is None:
            return f"{text} (single runs)"
        return f"{text} ({fmt.level(self.confidence)}: {fmt.interval(self.low, self.high)})"


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t; cached, because SciPy takes 100 microseconds for one."""
    from scipy import stats  # 0.8 s to import, so no command loads it that asks for no quantile

    return float(stats.t.ppf(probability, degrees))


def half_width(sd: ArrayLike, n: int, confidence: float) -> NDArray[np.float64]:
    """Half of the two-sided t interval of a mean of n values with standard deviation sd."""
    quantile = t_quantile((1 + confidence) / 2, n - 1)
    return np.asarray(sd, dtype=float) * (quantile / math.sqrt(n))


def paired_contrast(
    differences: Sequence[float],
    confidence: float = CONFIDENCE,
    resolution: float = 0.0,
    diverged: int = 0,
) -> Contrast:
    """The mean of paired differences with its t interval; no interval for a single pair.

    Args:
        differences: at least one.
        resolution: step of the scale on which both sides were measured. Rounding alone spreads
            the difference of two such values by resolution / sqrt(6), so the spread is taken to
            be at least that: three equal differences are no proof of a spread of nothing.
        diverged: pairs that are left out of the differences because a run diverged.
    """
    values, n = np.asarray(differences, dtype=float), len(differences)
    mean, runs = float(values.mean()), n + diverged
    if n == 1:
        return Contrast(mean, None, None, runs, diverged, confidence)
    sd = max(float(values.std(ddof=1)), resolution / math.sqrt(6))
    half = float(half_width(sd, n, confidence))
    return Contrast(mean, mean - half, mean + half, runs, diverged, confidence)
