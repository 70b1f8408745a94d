"""What a time limit buys: trials, looks and the trade-off first, then the lengths of the runs.

The table is in the order of what a search gains least by. In replays (studies/whole_search) whole
searches with a tuned baseline took 21 to 26 runs of it by the first row, about 18 by the second and
15 by the fourth. The first row that fits
is taken. Where none does, runs are shortened; where not even that is enough, the search goes on as
far as it comes and ends with the best recipe so far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autosuperconv.core.format import counted, duration, listed
from autosuperconv.core.options import MOST_SEEDS, SearchOptions
from autosuperconv.core.plan import Budget, Forecast

TRIALS = 20  # without a time limit
MOST_TRIALS = 40  # with one: what is left of the time is spent on trials, but on no more
MIN_BASELINE_EPOCHS = 6.0
MIN_CYCLE = 0.5  # epochs of the shortest one, below which nothing is shortened
SHORTENED = 0.95  # per step


@dataclass(frozen=True, slots=True)
class Row:
    """One allocation.

    Args:
        trials: of the study.
        max_seeds: runs of the baseline at the last look.
        tradeoff: whether there is time for it after a gain.
    """

    trials: int
    max_seeds: int
    tradeoff: bool


ROWS = (
    Row(40, 12, True),
    Row(20, 10, True),
    Row(20, 5, False),
    Row(12, 5, False),
    Row(8, 3, False),
)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A budget, and what was left out for it.

    Args:
        budget: how much to train.
        notes: one sentence for each thing that the plan should say.
    """

    budget: Budget
    notes: tuple[str, ...] = ()


def allocate(
    budget: Budget,
    options: SearchOptions,
    forecast_of: Callable[[Budget], Sequence[Forecast]],
    seconds: float | None,
) -> Allocation:
    """The largest budget that fits in the time given.

    Args:
        budget: without a limit.
        options: numbers that were requested are never exceeded.
        forecast_of: what a budget is expected to take.
        seconds: that are left; None: no limit.
    """
    if seconds is None:
        return Allocation(budget)

    def takes(b: Budget) -> float:
        return sum(f.seconds for f in forecast_of(b))

    rows = [in_row(budget, row, options) for row in ROWS]
    chosen = next((b for b in rows if takes(b) <= seconds), rows[-1])
    while takes(chosen) > seconds and can_be_shortened(chosen):
        chosen = chosen.scaled(SHORTENED)
    notes = parts_left_out(chosen, budget, options)
    if takes(chosen) > seconds:
        notes = (*notes, no_time_for(chosen, takes(chosen), seconds))
    return Allocation(chosen, notes)


def in_row(budget: Budget, row: Row, options: SearchOptions) -> Budget:
    """The budget as a row of the table has it; what the user gave is the most."""
    trials = row.trials if options.trials is None else min(row.trials, options.trials)
    given = options.max_seeds is not None or options.seeds is not None
    explained = row.tradeoff or options.explain == "always"
    return replace(
        budget,
        trials=trials,
        max_seeds=budget.max_seeds if given else row.max_seeds,
        factors=budget.factors if explained else 0,
    )


def can_be_shortened(budget: Budget) -> bool:
    """Whether runs may be shorter still."""
    long = budget.epochs_high if budget.target else budget.baseline_epochs
    short = budget.epochs_low > MIN_CYCLE
    return not budget.fixed and long > MIN_BASELINE_EPOCHS and short


def parts_left_out(chosen: Budget, full: Budget, options: SearchOptions) -> tuple[str, ...]:
    """What a limit costs, in one sentence."""
    parts = []
    if full.factors and not chosen.factors and not chosen.target:
        parts.append("the trade-off")
    usual = options.trials or TRIALS
    if chosen.trials < usual:
        parts.append(f"{counted(usual - chosen.trials, 'trial')} of {usual}")
    if chosen.max_seeds < min(full.max_seeds, MOST_SEEDS):
        runs = "fresh runs" if chosen.target else "baseline runs"
        parts.append(f"looks at more than {chosen.max_seeds} {runs}")
    if chosen.baseline_epochs < full.baseline_epochs - 1e-9:
        share = chosen.baseline_epochs / full.baseline_epochs
        parts.append(f"{1 - share:.0%} of the length of the runs".replace("%", " %"))
    return (f"Left out to keep the time limit: {listed(parts)}.",) if parts else ()


def no_time_for(budget: Budget, takes: float, seconds: float) -> str:
    """That there is probably no time for an answer."""
    what = "an answer" if budget.target else "a verdict"
    return (
        f"There is probably no time for {what}: the smallest search of this kind takes about "
        f"{duration(takes)} here, and {duration(seconds)} are left. It ends with the best recipe "
        "so far."
    )
