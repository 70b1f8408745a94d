"""The plan: times a few training steps, chooses lengths, and forecasts what the search will take.

The range test gets a share of the forecast work of all steps (see `sweep_design`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from statistics import stdev

from autosuperconv.core.evaluation_budget import FORWARD
from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.plan import Budget, Plan
from autosuperconv.core.schedule.reach import reach_notes
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import DEFAULT_SPACE, ends
from autosuperconv.core.trace import Job
from autosuperconv.tuning.steps.allocation import TRIALS, allocate
from autosuperconv.tuning.steps.forecast import forecast
from autosuperconv.tuning.steps.sweep_design import SweepGrid
from autosuperconv.tuning.store.session import STEPS, Session

TIMING_STEPS = 24
TIMING_SHARE, NOISE_SHARE = 0.1, 0.03  # of the time that is left
NOISE_SEEDS = 3
BASELINE_EPOCHS = 30.0
SHORTEST, LONGEST = (end / BASELINE_EPOCHS for end in ends(DEFAULT_SPACE["epochs"]))  # cycles


def budget_of(setup: Setup) -> Budget:
    """How much to train, before anything is measured."""
    options = setup.options
    own = options.baseline.epochs if options.baseline else options.baseline_epochs
    given = options.epochs
    share = 1.0 if options.target is not None else LONGEST
    long = own or (given[1] / share if given else BASELINE_EPOCHS)
    asks_target = options.target is not None
    longest = long if asks_target else long * LONGEST
    low, high = options.epochs or (long * SHORTEST, longest)
    return Budget(
        trials=options.trials or TRIALS,
        baseline_epochs=long,
        epochs_low=low,
        epochs_high=high,
        seeds=options.first_seeds,
        fixed=options.epochs is not None or own is not None,
        factors=0 if options.explain == "never" else setup.factors,
        fixed_cycles=options.epochs is not None,
        baseline=setup.baseline_kind,
        speedups=(options.criterion.min_speedup, options.criterion.min_acceleration),
        max_seeds=options.most_seeds,
        target=asks_target,
    )


def make_plan(
    session: Session,
    budget: Budget,
    setup: Setup,
    grid: SweepGrid,
    choices: tuple[str, ...],
    searching: bool = True,
) -> Plan:
    """Time each batch size, measure the seed noise, choose lengths, forecast. Stored with the
    study, so that a resumed search keeps to it.

    Args:
        session: the search.
        budget: without a time limit.
        setup: sizes and options.
        grid: of the range test.
        choices: decisions that were made before, one sentence each.
        searching: it may train; else the plan is only read.
    """
    known = session.stored("plan")
    if known is not None:
        plan = from_json(Plan, known)
        return _resumed(session, plan, budget, setup, grid) if searching else plan
    batch_sizes = setup.batch_sizes
    session.start(Step.PLAN, len(batch_sizes) * max(2, session.executor.size) + NOISE_SEEDS)
    workers, speeds = session.executor.size, measured_speeds(session, setup)
    noise, without = _seed_noise(session, setup, budget, speeds)
    forecast_of = partial(forecast, setup=setup, speeds=speeds, grid=grid, workers=workers)
    allocation = allocate(budget, setup.options, forecast_of, session.time_left())
    budget = allocation.budget
    lengths = setup.base, setup.n_train, (budget.epochs_low, budget.epochs_high)
    plan = Plan(
        samples_per_second={str(b): round(r, 1) for b, r in speeds.items()},
        seed_noise=noise,
        budget=budget,
        workers=workers,
        forecast=forecast_of(budget),
        choices=(*choices, *without, *allocation.notes, *reach_notes(*lengths, batch_sizes)),
    )
    session.store("plan", to_json(plan))
    return plan


def _resumed(session: Session, plan: Plan, budget: Budget, setup: Setup, grid: SweepGrid) -> Plan:
    """The stored plan with its lengths. What a limit left out is planned anew: there may be more
    time now, and more may be requested than the first time. Trials stay as they are once the
    confirmation has begun."""
    known, kept = plan.budget, bool(session.run_store.of(Step.CONFIRMATION))
    lengths = replace(
        budget,
        baseline_epochs=known.baseline_epochs,
        epochs_low=known.epochs_low,
        epochs_high=known.epochs_high,
        fixed=True,
    )
    speeds = {int(size): speed for size, speed in plan.samples_per_second.items()}
    workers = session.executor.size
    forecast_of = partial(forecast, setup=setup, speeds=speeds, grid=grid, workers=workers)
    spent = sum(session.cost(step).seconds for step in STEPS) / workers
    left = session.time_left()
    seconds = None if left is None else left + spent
    new = allocate(lengths, setup.options, forecast_of, seconds).budget
    trials = known.trials if kept else max(known.trials, new.trials)
    plan = replace(plan, budget=replace(new, trials=trials, fixed=known.fixed))
    session.store("plan", to_json(plan))
    return plan


def measured_speeds(session: Session, setup: Setup) -> dict[int, float]:
    """Training samples per second, by batch size; of two sizes alone where they took much of the
    time. The first one is timed while processes start."""
    began = session.time_left()
    speeds: dict[int, float] = {}
    for size in setup.batch_sizes:
        left = session.time_left()
        late = began is not None and left is not None and left < (1 - TIMING_SHARE) * began
        if late and len(speeds) > 1:
            break
        speeds[size] = _speed(session, setup, size)
    return speeds


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
    session: Session, setup: Setup, budget: Budget, speeds: dict[int, float]
) -> tuple[float | None, tuple[str, ...]]:
    """Standard deviation of validation accuracy over seeds of one short, tame cycle; or None and a
    sentence that says why, where a seed did not complete or there is no time."""
    left = session.time_left()
    takes = NOISE_SEEDS * budget.epochs_low * setup.n_train / min(speeds.values())
    if left is not None and takes > NOISE_SHARE * left:
        return None, ("The seed noise was not measured, to save time.",)
    recipe = replace(setup.base, max_lr=0.1, epochs=budget.epochs_low)
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
