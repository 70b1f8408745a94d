"""What each step of a search is expected to take, in runs, in work and in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autosuperconv.core.evaluation_budget import FORWARD, SIZES, affordable
from autosuperconv.core.events import Step
from autosuperconv.core.plan import BaselineKind, Budget, Forecast
from autosuperconv.core.setup import Setup
from autosuperconv.core.tradeoff import distinct_runs
from autosuperconv.tuning.steps.ask import CANDIDATES, SEEDS
from autosuperconv.tuning.steps.baseline import FRESH_SEEDS, TUNED_SHARE, TUNING_RUNS
from autosuperconv.tuning.steps.control import CONTROL_RATES
from autosuperconv.tuning.steps.pruner import RUNGS
from autosuperconv.tuning.steps.run_curves import CURVES
from autosuperconv.tuning.steps.study import CURVE_SHARE
from autosuperconv.tuning.steps.sweep_design import (
    SWEEP_PHASES,
    SweepGrid,
    SweepPlan,
    plan_sweeps,
)

BEFORE_THE_END = len(RUNGS) - 1  # evaluations of a trial
LEVEL = 0.6  # expected T_B, as a share of the baseline's length; .48 to .81 in recorded searches
LIKELY_LOOK = (5, 10)  # runs of baseline and candidate at which a verdict is likely to be settled


def mean_epochs(budget: Budget) -> float:
    """Expected cycle length under a log-uniform draw."""
    low, high = budget.epochs_low, budget.epochs_high
    return low if high <= low else (high - low) / math.log(high / low)


def rung_epochs(budget: Budget) -> tuple[float, float]:
    """Expected lengths of the two cycles that are confirmed, the shorter one first."""
    if budget.fixed_cycles:
        return budget.epochs_low, budget.epochs_high
    level = LEVEL * budget.baseline_epochs
    return level / budget.speedups[0], level / budget.speedups[1]


def confirm_runs(budget: Budget) -> int:
    """Likely runs of the confirmation: the best cycles at both lengths, tuning of the control, and
    what the second look adds."""
    baseline, candidate = likely_look(budget)
    asked = 2 * CANDIDATES * SEEDS
    return asked + len(CONTROL_RATES) + baseline - budget.seeds + 3 * candidate


def likely_look(budget: Budget) -> tuple[int, int]:
    """Runs of baseline and candidate at the look that probably decides."""
    more = max(LIKELY_LOOK[0], budget.seeds)
    return more, LIKELY_LOOK[1] * more // LIKELY_LOOK[0]


@dataclass(frozen=True, slots=True)
class StepSize:
    """How much one step trains and evaluates.

    Args:
        step: which one.
        runs: how many.
        epochs: of all its runs together.
        evaluations: of all its runs together, those at the end left out.
        curve_share: as in `Job`.
        tested: of its runs, those that are measured on the test split at their end.
        validated: those that are measured on the validation split; None: all.
    """

    step: Step
    runs: int
    epochs: float
    evaluations: int
    curve_share: float | None = None
    tested: int = 0
    validated: int | None = None

    def work(self, setup: Setup) -> float:
        """Sample-equivalents: an evaluated sample counts as a third of a trained one."""
        validated = self.runs if self.validated is None else self.validated
        ends = self.runs * setup.statistics + validated * setup.n_validation
        ends += self.tested * setup.n_test
        trained, curve = self.epochs * setup.n_train, setup.curve_cost
        if self.curve_share is not None:
            each = self.evaluations // self.runs
            subsets = affordable(round(trained / self.runs), each, self.curve_share, SIZES[-1])
            curve = min(sum(subsets), curve)
        return trained + FORWARD * (self.evaluations * curve + ends)


def other_steps(budget: Budget) -> tuple[StepSize, ...]:
    """All steps except the range test."""
    if budget.target:
        return target_steps(budget)
    ablations = distinct_runs(budget.factors)
    mean, long, trials = mean_epochs(budget), budget.baseline_epochs, budget.trials
    short, longer = rung_epochs(budget)
    baseline, candidate = likely_look(budget)
    more = baseline - budget.seeds
    asked = CANDIDATES * SEEDS * (short + longer)
    confirmed = more * long + candidate * (2 * short + longer) + len(CONTROL_RATES) * short
    curves = more * CURVES["baseline"] + candidate * (2 * CURVES["candidate"] + CURVES["control"])
    return (
        baseline_size(budget),
        StepSize(Step.STUDY, trials, trials * mean, BEFORE_THE_END * trials, CURVE_SHARE),
        StepSize(
            *(Step.CONFIRMATION, confirm_runs(budget), asked + confirmed, curves),
            tested=confirm_runs(budget) - len(CONTROL_RATES),
        ),
        StepSize(Step.ABLATION, ablations, ablations * longer, 0, tested=ablations, validated=0),
    )


def target_steps(budget: Budget) -> tuple[StepSize, ...]:
    """The same where the question is a target: the baseline comes last, and is not waited for."""
    mean, trials = mean_epochs(budget), budget.trials
    runs = CANDIDATES * SEEDS + LIKELY_LOOK[0]
    confirmed = (mean + budget.epochs_high) / 2  # a hard target takes the longest cycle
    return (
        StepSize(Step.STUDY, trials, trials * mean, BEFORE_THE_END * trials, CURVE_SHARE),
        StepSize(
            *(Step.CONFIRMATION, runs, runs * confirmed, LIKELY_LOOK[0] * CURVES["candidate"]),
            tested=runs,
        ),
        baseline_size(budget),
    )


def baseline_size(budget: Budget) -> StepSize:
    """The baseline: tuned, the user's own, or recorded and not trained at all."""
    tuned = budget.baseline is BaselineKind.TUNED
    trained = budget.baseline in (BaselineKind.TUNED, BaselineKind.GIVEN)
    fresh = FRESH_SEEDS if trained else 0
    runs = fresh + (TUNING_RUNS if tuned else 0)
    lengths = fresh + (TUNED_SHARE * TUNING_RUNS if tuned else 0.0)
    epochs = lengths * budget.baseline_epochs
    return StepSize(Step.BASELINE, runs, epochs, fresh * CURVES["baseline"], tested=fresh)


def sweeps_within(budget: Budget, setup: Setup, grid: SweepGrid) -> SweepPlan:
    """The sweeps that stay below their share of a search of this size."""
    others = sum(step.work(setup) for step in other_steps(budget))
    return plan_sweeps(grid, setup.n_train, setup.curve_cost, others)


def forecast(
    budget: Budget, setup: Setup, speeds: dict[int, float], grid: SweepGrid, workers: int
) -> tuple[Forecast, ...]:
    """Expected cost by step.

    Args:
        budget: how much to train.
        setup: with the sizes of the splits.
        speeds: training samples per second of one worker, by batch size.
        grid: of the range test.
        workers: processes that train at once.
    """
    speed = sum(speeds.values()) / len(speeds)
    plan = sweeps_within(budget, setup, grid)
    lengths = [plan.epochs(cell.batch_size, setup.n_train) for cell in plan.expected()]
    sweeps = StepSize(Step.RANGE_TEST, len(lengths), sum(lengths), SWEEP_PHASES * len(lengths))
    return tuple(
        Forecast(s.step, s.runs, s.epochs, s.work(setup) / speed / min(workers, max(s.runs, 1)))
        for s in (sweeps, *other_steps(budget))
    )
