"""The plan: times a few training steps, chooses lengths, and forecasts what the search will take.

The range test gets a share of the forecast work of all steps (see `sweep_design`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import stdev

from autosuperconv.core.evaluation_budget import FORWARD, SIZES, affordable
from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.plan import BaselineKind, Budget, Forecast, Plan
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.reach import reach_notes
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import DEFAULT_SPACE, ends
from autosuperconv.core.trace import Job
from autosuperconv.core.tradeoff import distinct_runs
from autosuperconv.errors import InvalidInput
from autosuperconv.tuning.steps.ask import CANDIDATES, SEEDS
from autosuperconv.tuning.steps.baseline import FRESH_SEEDS, TUNING_LENGTHS, TUNING_RUNS
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
from autosuperconv.tuning.store.session import Session

TIMING_STEPS = 24
BEFORE_THE_END = len(RUNGS) - 1  # evaluations of a trial
NOISE_SEEDS = 3
MIN_TRIALS = 12
MIN_BASELINE_EPOCHS = 6.0
BASELINE_EPOCHS = 30.0
SHORTEST, LONGEST = (end / BASELINE_EPOCHS for end in ends(DEFAULT_SPACE["epochs"]))  # cycles
LEVEL = 0.6  # expected T_B, as a share of the baseline's length; .48 to .81 in recorded searches
LIKELY_LOOK = (5, 10)  # runs of baseline and candidate at which a verdict is likely to be settled


def budget_of(setup: Setup) -> Budget:
    """How much to train, before anything is measured."""
    options = setup.options
    own = options.baseline.epochs if options.baseline else options.baseline_epochs
    long = own or (options.epochs[1] / LONGEST if options.epochs else BASELINE_EPOCHS)
    low, high = options.epochs or (long * SHORTEST, long * LONGEST)
    return Budget(
        trials=options.trials,
        baseline_epochs=long,
        epochs_low=low,
        epochs_high=high,
        seeds=options.first_seeds,
        fixed=options.epochs is not None or own is not None,
        factors=0 if options.explain == "never" else setup.factors,
        fixed_cycles=options.epochs is not None,
        baseline=setup.baseline_kind,
        speedups=(options.criterion.min_speedup, options.criterion.min_acceleration),
    )


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


def baseline_size(budget: Budget) -> StepSize:
    """The baseline: tuned, the user's own, or recorded and not trained at all."""
    tuned = budget.baseline is BaselineKind.TUNED
    fresh = 0 if budget.baseline is BaselineKind.RECORDED else FRESH_SEEDS
    runs = fresh + (TUNING_RUNS if tuned else 0)
    lengths = fresh + (TUNING_LENGTHS if tuned else 0.0)
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


def budget_within(
    budget: Budget, forecast_of: Callable[[Budget], Sequence[Forecast]], seconds: float | None
) -> Budget:
    """The largest budget that fits in the time given: fewer trials first, then shorter runs.

    Raises:
        InvalidInput: not even the smallest fits.
    """
    if seconds is None:
        return budget

    def takes(b: Budget) -> float:
        return sum(f.seconds for f in forecast_of(b))

    while budget.trials > MIN_TRIALS and takes(budget) > seconds:
        budget = replace(budget, trials=budget.trials - 1)
    while (
        not budget.fixed
        and budget.baseline_epochs > MIN_BASELINE_EPOCHS
        and budget.epochs_low > 0.5
        and takes(budget) > seconds
    ):
        budget = budget.scaled(0.95)
    if takes(budget) > 1.3 * seconds:
        raise InvalidInput(
            f"--timeout is too short: {max(seconds, 0):.0f} s of it are left, but the smallest "
            f"search of this kind takes about {takes(budget):.0f} s here. Give more time, fewer "
            "training samples (--n-train), shorter runs (--baseline-epochs, --epochs) or a smaller "
            "model."
        )
    return budget


def make_plan(
    session: Session, budget: Budget, setup: Setup, grid: SweepGrid, choices: tuple[str, ...]
) -> Plan:
    """Time each batch size, measure the seed noise, choose lengths, forecast. Stored with the
    study, so that a resumed search keeps to it."""
    known = session.stored("plan")
    if known is not None:
        return _resumed(session, from_json(Plan, known), budget)
    base, batch_sizes = setup.base, setup.batch_sizes
    session.start(Step.PLAN, len(batch_sizes) * max(2, session.executor.size) + NOISE_SEEDS)
    speeds = {b: _speed(session, setup, b) for b in batch_sizes}
    noise, without = _seed_noise(session, base, budget)
    workers = session.executor.size
    forecast_of = partial(forecast, setup=setup, speeds=speeds, grid=grid, workers=workers)
    budget = budget_within(budget, forecast_of, session.time_left())
    lengths = base, setup.n_train, (budget.epochs_low, budget.epochs_high)
    plan = Plan(
        samples_per_second={str(b): round(r, 1) for b, r in speeds.items()},
        seed_noise=noise,
        budget=budget,
        workers=workers,
        forecast=forecast_of(budget),
        choices=(*choices, *without, *reach_notes(*lengths, batch_sizes)),
    )
    session.store("plan", to_json(plan))
    return plan


def _resumed(session: Session, plan: Plan, budget: Budget) -> Plan:
    """The stored plan; more trials may be requested than the first time."""
    if budget.trials > plan.budget.trials and not session.run_store.of(Step.CONFIRMATION):
        plan = replace(plan, budget=replace(plan.budget, trials=budget.trials))
        session.store("plan", to_json(plan))
    return plan


def _speed(session: Session, setup: Setup, batch_size: int) -> float:
    """Training samples per second of one worker while all are busy."""
    recipe = replace(
        setup.base,
        max_lr=1e-3,
        schedule="constant",
        batch_size=batch_size,
        epochs=TIMING_STEPS * batch_size / setup.n_train,
    )
    jobs = [Job(replace(recipe, seed=seed)) for seed in range(max(2, session.executor.size))]
    traces = session.run(Step.PLAN, "timing", jobs, lambda job: f"timing batch {batch_size}")
    work = traces[0].samples + FORWARD * (setup.statistics + setup.n_validation)
    return work / min(t.seconds for t in traces)


def _seed_noise(
    session: Session, base: Recipe, budget: Budget
) -> tuple[float | None, tuple[str, ...]]:
    """Standard deviation of validation accuracy over seeds of one short, tame cycle; or None and a
    sentence that says why, where a seed did not complete."""
    recipe = replace(base, max_lr=0.1, epochs=budget.epochs_low)
    jobs = [Job(replace(recipe, seed=900 + seed)) for seed in range(NOISE_SEEDS)]
    traces = session.run(
        Step.PLAN, "noise", jobs, lambda job: f"seed noise, seed {job.recipe.seed}"
    )
    ends = [t.accuracy for t in traces if t.completed and t.accuracy is not None]
    if len(ends) == len(traces):
        return stdev(ends), ()
    lost = f"{len(traces) - len(ends)} of {len(traces)} short runs"
    why = f"The seed noise was not measured: {lost} at max_lr {number(recipe.max_lr)} diverged."
    return None, (why,)
