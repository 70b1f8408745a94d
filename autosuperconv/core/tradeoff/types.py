"""What the trade-off is made of. Import these from `core.tradeoff`."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core import format as fmt
from autosuperconv.core.stats.contrast import WithInterval
from autosuperconv.core.tradeoff.factors import JOINT

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Worth(WithInterval):
    """A difference of accuracies, fractions of 1; positive: the change gains accuracy.

    Args:
        difference: as estimated.
        low: lower limit; None where no spread is known. All limits of a trade-off hold at once.
        high: upper limit.
    """

    difference: float
    low: float | None
    high: float | None

    @property
    def separable(self) -> bool:
        """Whether zero lies outside the limits."""
        return self.low is not None and (self.lowest > 0 or self.highest < 0)

    @property
    def gains(self) -> bool:
        """Whether the change surely gains accuracy."""
        return self.separable and self.difference > 0

    @property
    def costs(self) -> bool:
        """Whether it surely costs some."""
        return self.separable and self.difference < 0

    def in_words(self) -> str:
        """E.g. "+0.30 points (95 %: -0.10 to +0.70)"."""
        text = f"{fmt.points(self.difference)} points"
        if self.low is None:
            return f"{text} (no limits)"
        return f"{text} ({fmt.level(CONFIDENCE)}: {fmt.interval(self.low, self.high)})"


@dataclass(frozen=True, slots=True)
class Effect:
    """What changing one factor from the baseline's value to the winner's is worth.

    Args:
        factor: the recipe field, or "momentum" for the momentum range; "momentum+label_smoothing"
            where two were changed together.
        winner_value: as a text, e.g. "1e-4".
        baseline_value: as a text, e.g. "2e-3".
        mean: its worth over both orders, the mean of what it is worth as the first and as the last
            change; None where runs that diverged leave it open.
        last: its worth as the last change, the winner less the winner with the factor reverted;
            None as above.
        alone: runs with this factor alone reverted that were made for it beside the combinations;
            `last` then comes from them.
        diverged: how many of these did not complete.
    """

    factor: str
    winner_value: str
    baseline_value: str
    mean: Worth | None
    last: Worth | None = None
    alone: int = 0
    diverged: int = 0

    @property
    def factors(self) -> tuple[str, ...]:
        """One, or those that were changed together."""
        return tuple(self.factor.split(JOINT))

    @property
    def worth(self) -> Worth | None:
        """Over both orders; as the last change where that is not known."""
        return self.last if self.mean is None else self.mean

    @property
    def always_diverged(self) -> bool:
        """Whether every run with the factor alone reverted diverged, of two or more."""
        return self.alone > 1 and self.diverged == self.alone

    @property
    def clearly_gains(self) -> bool:
        """Whether reverting it surely costs accuracy, by one measure and against none."""
        found = [worth for worth in (self.mean, self.last) if worth is not None]
        gains, costs = any(w.gains for w in found), any(w.costs for w in found)
        return self.always_diverged or (gains and not costs)


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """All effects, the largest first, and the sentence that names the trade-off.

    Args:
        effects: one per changed factor; empty where nothing was retrained.
        unchanged: factors in which winner and baseline agree, so nothing was retrained.
        sentence: what had to give way for a higher max_lr; or why that was not measured.
        notes: what else is to be known of the measurement, one sentence each.
        spread: standard deviation of a run over seeds behind the limits, fraction of 1; None where
            it is not known.
        runs: that were made for it, the winner's left out.
        measured: whether it was; else the sentence says why not.
    """

    effects: tuple[Effect, ...]
    unchanged: tuple[str, ...]
    sentence: str
    notes: tuple[str, ...] = ()
    spread: float | None = None
    runs: int = 0
    measured: bool = True
