"""`Report`: everything that a search found, as one value with a JSON form."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.curve import Curve
from autosuperconv.core.events import Step
from autosuperconv.core.plan import Plan
from autosuperconv.core.pruning_report import PruningReport
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recommendation import Recommendation
from autosuperconv.core.setup import Setup
from autosuperconv.core.surrogate import SurrogateView
from autosuperconv.core.trace import StopReason, Trace
from autosuperconv.core.tradeoff import Tradeoff
from autosuperconv.core.verdict import Verdict
from autosuperconv.core.verdict.target import TargetAnswer

FORMAT_VERSION = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a step other than the study.

    Args:
        role: "baseline", "candidate", "control", "tuning"; "candidate:K" and "control:K" at the
            other length, where the speed-up would be K; or "reverted:FACTOR+FACTOR" (the winner
            with those factors at the baseline's values).
        trace: what happened, with the columns of its curve that the report draws.
    """

    role: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Baseline:
    """The tuned standard schedule.

    Args:
        recipe: the best one.
        validation_accuracy: mean over its fresh seeds that completed, fraction of 1.
        validation_sd: standard deviation over the same seeds; None for a single one.
        target: validation accuracy that a trial must reach, fraction of 1.
        tuning: every run that was made to tune it.
        share_of_cost: share of the whole search's training samples that it took.
        diverged: fresh seeds that did not complete.
        recorded: the user gave recorded runs, so nothing was trained for it.
    """

    recipe: Recipe
    validation_accuracy: float
    validation_sd: float | None
    target: float
    tuning: tuple[Run, ...]
    share_of_cost: float
    diverged: int = 0
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of the study.

    Args:
        number: Optuna's.
        state: how it ended.
        detail: one sentence more on that, or "".
        recipe: that it proposed.
        trace: what happened, with the columns of its curve that the report draws; None where
            nothing was trained.
        edge: of the range test at this batch size and weight decay.
        feasible: whether it finished with at least the target accuracy.
        on_front: whether it is on the accuracy/cost Pareto front of the completed trials.
        would_prune_at: phase at which the pruner would have stopped it, although it was kept
            running to measure the pruner's errors.
    """

    number: int
    state: StopReason
    detail: str
    recipe: Recipe
    trace: Trace | None
    edge: float | None
    feasible: bool
    on_front: bool
    would_prune_at: float | None

    @property
    def accuracy(self) -> float | None:
        """On validation data, at the end; None where it did not get there."""
        return self.trace.accuracy if self.trace is not None and self.trace.completed else None

    @property
    def samples(self) -> int:
        """Training samples that it really took."""
        return self.trace.samples if self.trace is not None else 0

    @property
    def seconds(self) -> float:
        return self.trace.seconds if self.trace is not None else 0.0

    @property
    def curve(self) -> Curve:
        return self.trace.curve if self.trace is not None else Curve()


@dataclass(frozen=True, slots=True)
class StepCost:
    """What one step really took.

    Args:
        step: which one.
        runs: that it made.
        samples: training samples of all its runs.
        seconds: of all its runs; those of workers that ran at once are added up.
    """

    step: Step
    runs: int
    samples: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What the whole search really took.

    Args:
        steps: one by one.
        baselines: training samples of all steps over those of one baseline run; None where no
            baseline run is known.
    """

    steps: tuple[StepCost, ...]
    baselines: float | None

    @property
    def runs(self) -> int:
        return sum(step.runs for step in self.steps)

    @property
    def samples(self) -> int:
        return sum(step.samples for step in self.steps)


@dataclass(frozen=True, slots=True)
class AskedLength:
    """A length at which the best cycle was asked for on validation data.

    Args:
        speedup: the least speed-up that it gives.
        epochs: the length.
        accuracy: of the best cycle at it, by the model of the trials and runs at that length;
            on validation data, fraction of 1.
        sd: how sure that is.
    """

    speedup: float
    epochs: float
    accuracy: float
    sd: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a search found.

    Args:
        version: of this format.
        setup: what was requested, and the task's facts.
        plan: of the search, with its budget.
        range_test: cells, readings and curves.
        baseline: the tuned standard schedule; None where there is none.
        trials: of the study, by number.
        winner: the recipe that was confirmed; None where there is none.
        winner_validation_accuracy: its mean over seeds, fraction of 1.
        confirmation: every run of confirmation and ablation, with its role.
        tradeoff: what each change is worth.
        verdict: outcome and conditions.
        cost: of all steps.
        not_measured: one sentence for each thing that was left out.
        started: when the search began (ISO 8601, UTC).
        wall_seconds: how long it took, all its starts together.
        pruning: what pruning saved; None where nothing was pruned.
        surrogate: what a model of the trials says; None where there is none.
        recommendation: the recipe to use, and the others that were confirmed; None in a report of
            an earlier version.
        asked: lengths at which the best cycle was asked for, the fastest first; those that the
            verdict has not in its `rungs` fell so far short there that they were not confirmed.
        answer: how cheaply the requested target is reached; None where none was requested.
    """

    version: int
    setup: Setup
    plan: Plan
    range_test: RangeTest
    baseline: Baseline | None
    trials: tuple[Trial, ...]
    winner: Recipe | None
    winner_validation_accuracy: float | None
    confirmation: tuple[Run, ...]
    tradeoff: Tradeoff
    verdict: Verdict
    cost: Cost
    not_measured: tuple[str, ...]
    started: str
    wall_seconds: float
    pruning: PruningReport | None = None
    surrogate: SurrogateView | None = None
    recommendation: Recommendation | None = None
    asked: tuple[AskedLength, ...] = ()
    answer: TargetAnswer | None = None

    @property
    def target(self) -> float | None:
        """Validation accuracy that a trial had to reach, fraction of 1; None where none was set."""
        return self.setup.options.target if self.baseline is None else self.baseline.target
