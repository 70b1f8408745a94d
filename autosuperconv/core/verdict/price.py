"""What it would cost to settle an open question: more runs, at a power of 80 %."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autosuperconv.core import format as fmt
from autosuperconv.core.stats.contrast import Contrast, t_quantile
from autosuperconv.core.verdict.looks import candidates_beside

PROBABLY = 0.8
"""Power at which more runs "would probably settle" a question."""
MOST_RUNS = 30
"""Of a side: a forecast of more is not offered, because the effect is too near its bound."""


@dataclass(frozen=True, slots=True)
class Price:
    """More runs, which would probably settle what is open.

    Args:
        baseline: runs of the baseline.
        candidate: runs of the cycle.
        control: runs of the control.
    """

    baseline: int
    candidate: int
    control: int = 0

    def in_words(self) -> str:
        """E.g. "6 more runs of the baseline and 11 of the candidate"."""
        named = {"the baseline": self.baseline, "the candidate": self.candidate}
        named["the control"] = self.control
        (first, count), *others = [(name, n) for name, n in named.items() if n > 0]
        parts = [f"{fmt.counted(count, 'more run')} of {first}"]
        return fmt.listed([*parts, *(f"{n} of {name}" for name, n in others)])


def price_of(contrast: Contrast, bound: float, with_control: bool = False) -> Price | None:
    """The fewest runs after which the interval would probably lie on one side of the bound.

    Takes the difference and the spread so far as the truth. None for single runs, and where it
    takes more than 30 runs of the other side.

    Args:
        with_control: the other side is the control, and has as many runs as the candidate.
    """
    if contrast.error is None or contrast.degrees is None:
        return None
    m, n = contrast.compared, contrast.others or 1
    distance = abs(contrast.difference - bound)
    sure = reached_by(contrast, contrast.difference > bound)
    for others in range(n + 1, MOST_RUNS + 1):
        runs = max(m, others if with_control else candidates_beside(others))
        error = contrast.error * math.sqrt((1 / others + 1 / runs) / (1 / n + 1 / m))
        degrees = contrast.degrees * (others + runs - 2) / max(n + m - 2, 1)
        if (t_quantile(sure, degrees) + t_quantile(PROBABLY, degrees)) * error <= distance:
            more, added = others - n, runs - m
            return Price(0, added, more) if with_control else Price(more, added)
    return None


def reached_by(contrast: Contrast, above: bool) -> float:
    """The level of the end of the interval that has to reach the bound."""
    from scipy.special import stdtr

    end = contrast.lowest if above else contrast.highest
    return float(stdtr(contrast.degrees, abs(end - contrast.difference) / (contrast.error or 1)))
