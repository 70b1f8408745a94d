"""`Report`: everything that a search found, as one value with a JSON form."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.events import Step
from autosuperconv.core.plan import Plan
from autosuperconv.core.pruning_report import PruningReport
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.surrogate import SurrogateView
from autosuperconv.core.trace import Split, StopReason
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.verdict import Verdict

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Curve:
    """A run's course, thinned for drawing. All tuples have one entry a point."""

    phase: tuple[float, ...]
    epoch: tuple[float, ...]
    lr: tuple[float, ...]
    train_loss: tuple[float | None, ...]
    accuracy: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of a step other than the study.

    Args:
        role: "baseline", "candidate", "control", "tuning", "reverted:FACTOR" (the winner with that
            factor at the baseline's value), "forward:FACTOR" (the baseline's values with that
            factor at the winner's; "forward:none": with none) or "shapley:FACTOR+FACTOR" (with
            those factors at the winner's).
        accuracy: at the end, on `measured_on`; None where it did not complete.
    """

    role: str
    recipe: Recipe
    measured_on: Split
    accuracy: float | None
    stopped_because: StopReason
    samples: int
    seconds: float
    curve: Curve


@dataclass(frozen=True, slots=True)
class Baseline:
    """The tuned standard schedule.

    Args:
        recipe: the best one.
        validation_accuracy, validation_sd: over fresh seeds of it, those that completed.
        target: validation accuracy that a trial must match (this, less the margin).
        tuning: every run that was tried to tune it.
        share_of_cost: of the whole search's training samples.
    """

    recipe: Recipe
    validation_accuracy: float
    validation_sd: float | None
    target: float
    tuning: tuple[RunSummary, ...]
    share_of_cost: float


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """One trial of the study.

    Args:
        accuracy: validation, at the end; None where it did not get there.
        samples: really trained.
        edge: of the range test at this batch size and weight decay.
        feasible: finished with at least the target accuracy.
        on_front: on the accuracy/cost Pareto front of the completed trials.
        would_prune_at: phase at which the pruner would have stopped it, although it was kept
            running to measure the pruner's errors.
    """

    number: int
    state: StopReason
    detail: str
    recipe: Recipe
    accuracy: float | None
    samples: int
    seconds: float
    edge: float | None
    feasible: bool
    on_front: bool
    would_prune_at: float | None
    curve: Curve


@dataclass(frozen=True, slots=True)
class StepCost:
    """What one step really took; seconds are summed over workers."""

    step: Step
    runs: int
    samples: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a search found."""

    version: int
    setup: Setup
    plan: Plan
    range_test: RangeTest
    baseline: Baseline
    trials: tuple[TrialSummary, ...]
    winner: Recipe | None
    winner_validation_accuracy: float | None
    confirmation: tuple[RunSummary, ...]
    tradeoff: Tradeoff
    verdict: Verdict
    cost: tuple[StepCost, ...]
    not_measured: tuple[str, ...]
    started: str
    wall_seconds: float
    pruning: PruningReport | None = None
    surrogate: SurrogateView | None = None
