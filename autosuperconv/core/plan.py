"""`Plan`: what a search will train, how long it will take, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from autosuperconv.core.events import Step


class BaselineKind(StrEnum):
    """Where the baseline comes from."""

    TUNED = "tuned"
    """A standard schedule, tuned by the search."""
    GIVEN = "given"
    """The user's recipe, trained by the search."""
    RECORDED = "recorded"
    """The user's recorded runs."""
    NONE = "none"
    """There is none: the question is a target's."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to train.

    Args:
        trials: of the study, in total over all starts.
        baseline_epochs: nominal length of the standard schedule.
        epochs_low: shortest cycle to search.
        epochs_high: longest cycle to search.
        seeds: runs of the baseline at the confirmation's first look.
        fixed: the lengths were given by the user and must not be shortened.
        factors: number of factors in which winner and baseline will probably differ; 0 where the
            trade-off is never measured.
        fixed_cycles: the cycle lengths were given by the user; else they follow from the baseline.
        baseline: where it comes from.
        speedups: least speed-ups of the two cycles that are confirmed, the higher one first.
        max_seeds: runs of the baseline at the last look.
        target: the question is how cheaply a target is reached; the baseline comes last, to
            compare with.
    """

    trials: int
    baseline_epochs: float
    epochs_low: float
    epochs_high: float
    seeds: int
    fixed: bool
    factors: int
    fixed_cycles: bool = False
    baseline: BaselineKind = BaselineKind.TUNED
    speedups: tuple[float, float] = (5.0, 2.0)
    max_seeds: int = 10
    target: bool = False

    def scaled(self, factor: float) -> Budget:
        """All lengths times a factor."""
        return replace(
            self,
            baseline_epochs=self.baseline_epochs * factor,
            epochs_low=self.epochs_low * factor,
            epochs_high=self.epochs_high * factor,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one step of the search is expected to take.

    Args:
        step: which one.
        runs: how many.
        epochs: of all its runs.
        seconds: by the clock, with all workers.
    """

    step: Step
    runs: int
    epochs: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan step: throughput measured, lengths chosen, seed noise, forecast.

    Args:
        samples_per_second: by batch size, as text keys (JSON).
        seed_noise: standard deviation of validation accuracy over seeds, fraction of 1.
        budget: what will be trained.
        workers: processes that train at once.
        forecast: expected cost, step by step.
        choices: decisions and why, one sentence each.
    """

    samples_per_second: dict[str, float]
    seed_noise: float | None
    budget: Budget
    workers: int
    forecast: tuple[Forecast, ...]
    choices: tuple[str, ...]

    @property
    def runs(self) -> int:
        return sum(step.runs for step in self.forecast)

    @property
    def seconds(self) -> float:
        return sum(step.seconds for step in self.forecast)
