"""`Contrast`: a difference of accuracies between two sides, with its t interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from autosuperconv.core import format as fmt

CONFIDENCE = 0.95


class WithInterval:
    """A difference that may have an interval."""

    __slots__ = ()
    difference: float
    low: float | None
    high: float | None

    @property
    def lowest(self) -> float:
        """The lower end; without an interval, the difference itself."""
        return self.difference if self.low is None else self.low

    @property
    def highest(self) -> float:
        """The upper end; without an interval, the difference itself."""
        return self.difference if self.high is None else self.high


@dataclass(frozen=True, slots=True)
class Contrast(WithInterval):
    """A difference of accuracies between two sides, fractions of 1.

    Args:
        difference: of the means.
        low: lower end of its confidence interval; None without one.
        high: upper end.
        runs: of the first side, those that diverged included.
        diverged: of `runs`; they are left out of the difference, unless all diverged.
        confidence: of the interval.
        others: runs of the other side that are behind the difference; None: not recorded.
        error: standard error of the difference; None without an interval.
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
    def compared(self) -> int:
        """Runs of the first side that are behind the difference."""
        return self.runs if self.diverged == self.runs else self.runs - self.diverged

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
