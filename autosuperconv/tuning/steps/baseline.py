"""The baseline: the standard piecewise-constant schedule, tuned with a fair share of the budget.

"Standard" is a constant learning rate, multiplied by 0.1 twice (Smith & Topin 1708.07120, section
2), with constant momentum. Its learning rate is tuned first, at one weight decay, on a grid that
grows while the best value lies at its end. Then the weight decay is tuned at the best learning
rate. Last, the best recipe is trained with three fresh seeds: they give the target and the seed
noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from types import MappingProxyType

from autosuperconv.core.events import Step
from autosuperconv.core.format import number, percent, size_in_points
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, StopReason, Trace
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.store.session import Session

STEP_LR = 10**0.5
GRID = 4
BASELINE_RUNS = 10  # in the forecast; a grid that grows takes more
MAX_GROWTH = 3
WEIGHT_DECAYS = (1e-4, 5e-4, 2e-3)
FRESH_SEEDS = 3  # without the run that won the tuning, because it won partly by luck


@dataclass(frozen=True, slots=True)
class TunedBaseline:
    """The best standard schedule, how it was found, and the target that it sets.

    Args:
        recipe: the best one.
        accuracies: validation accuracies over its fresh seeds that completed, fractions of 1.
        diverged: fresh seeds that did not complete.
        margin: how far below its accuracy the target lies, fraction of 1.
        target: mean of `accuracies` less the margin, unless the user gave one.
        tuning: every run that was made to find it.
    """

    recipe: Recipe
    accuracies: tuple[float, ...]
    diverged: int
    margin: float
    target: float
    tuning: tuple[Trace, ...]

    @property
    def accuracy(self) -> float:
        return mean(self.accuracies)

    @property
    def sd(self) -> float | None:
        return stdev(self.accuracies) if len(self.accuracies) > 1 else None


def standard(
    base: Recipe,
    epochs: float,
    max_lr: float,
    weight_decay: float,
    fixed: Mapping[str, float] = MappingProxyType({}),
) -> Recipe:
    """A standard recipe like `base`; what the user has fixed is as in every run."""
    usual = {"dropout": 0.0, "max_momentum": 0.9, "base_momentum": 0.9}
    given = {**usual, "weight_decay": weight_decay, **fixed}
    return replace(base, schedule="step", epochs=epochs, max_lr=max_lr, **given)  # type: ignore[arg-type]


def first_grid(range_test: RangeTest | None) -> list[float]:
    """The first learning rates, by factors of sqrt(10), below the lowest edge of the range test."""
    edges = [c.edge for c in range_test.cells if c.edge] if range_test else []
    top = min(edges) / STEP_LR if edges else 0.3
    return [top / STEP_LR**i for i in range(GRID)]


def tune_baseline(
    session: Session,
    base: Recipe,
    epochs: float,
    range_test: RangeTest | None,
    target: float | None,
    min_margin: float,
    fixed: Mapping[str, float] = MappingProxyType({}),
) -> TunedBaseline:
    """Tune the standard schedule.

    Args:
        session: the search.
        base: the fields that are not tuned.
        epochs: nominal length of the schedule.
        range_test: gives the grid to begin with.
        target: validation accuracy that the user gave for the trials; None: the baseline's, less
            the margin.
        min_margin: the margin, unless the spread over seeds is larger; a fraction of 1.
        fixed: recipe fields that have one value in every run.

    Raises:
        NothingCompleted: every run of it diverged, or the best one did on every fresh seed.
    """
    session.start(Step.BASELINE, BASELINE_RUNS)
    tried: list[Trace] = []

    def attempt(rates: Sequence[float], weight_decay: float) -> None:
        jobs = [Job(standard(base, epochs, lr, weight_decay, fixed)) for lr in rates]
        tried.extend(session.run(Step.BASELINE, "tuning", jobs, _label))

    attempt(first_grid(range_test), WEIGHT_DECAYS[1])
    for _ in range(MAX_GROWTH):
        beyond = _beyond_the_end(tried)
        if beyond is None:
            break
        attempt([beyond], WEIGHT_DECAYS[1])
    lr = best(tried).recipe.max_lr
    for weight_decay in () if "weight_decay" in fixed else WEIGHT_DECAYS:
        attempt([lr], weight_decay)
    chosen = best(tried).recipe
    again = [Job(replace(chosen, seed=base.seed + 1 + i)) for i in range(FRESH_SEEDS)]
    fresh = session.run(Step.BASELINE, "tuning", again, _label)
    best(fresh)  # refuses where none completed
    result = _measured(chosen, tried, fresh, target, min_margin)
    session.finish(Step.BASELINE, _text(result))
    return result


def _measured(
    recipe: Recipe,
    tried: Sequence[Trace],
    fresh: Sequence[Trace],
    target: float | None,
    min_margin: float,
) -> TunedBaseline:
    """What the fresh seeds of the chosen recipe give."""
    ends = tuple(t.accuracy for t in fresh if t.completed and t.accuracy is not None)
    margin = max(min_margin, stdev(ends) if len(ends) > 1 else 0.0)
    reached = target if target is not None else mean(ends) - margin
    unique = {t.recipe: t for t in (*tried, *fresh)}
    lost = len(fresh) - len(ends)
    return TunedBaseline(recipe, ends, lost, margin, reached, tuple(unique.values()))


def best(traces: Sequence[Trace]) -> Trace:
    """The completed run with the highest accuracy.

    Raises:
        NothingCompleted: there is none.
    """
    completed = [t for t in traces if t.completed and t.accuracy is not None]
    if not completed:
        why = "; ".join(sorted({t.detail for t in traces}))
        raise NothingCompleted(
            f"No baseline run completed, so there is nothing to compare with: {why}. "
            f"{_instead(traces)}"
        )
    return max(completed, key=lambda t: t.accuracy or 0.0)


def _instead(traces: Sequence[Trace]) -> str:
    """What to change where no run completed, by what ended them."""
    if all(t.stopped_because is StopReason.OUT_OF_MEMORY for t in traces):
        return "Search smaller batches (--batch-size), or take a smaller model."
    if any("no better than chance" in t.detail for t in traces):
        longest = max(t.recipe.epochs for t in traces)
        return (
            f"Train longer, such as --baseline-epochs {2 * longest:.3g}; if that does not help, "
            "check that the labels belong to the samples."
        )
    return (
        "Even low learning rates diverge: check the scale of the inputs (--normalise) and the "
        "model's initial weights."
    )


def _beyond_the_end(traces: Sequence[Trace]) -> float | None:
    """The next learning rate outside the grid, where the best one lies at its end or no run
    completed."""
    rates = sorted({t.recipe.max_lr for t in traces})
    none_completed = not any(t.completed for t in traces)
    at = rates[0] if none_completed else best(traces).recipe.max_lr
    if at == rates[0]:
        return rates[0] / STEP_LR
    return rates[-1] * STEP_LR if at == rates[-1] else None


def _label(job: Job) -> str:
    r = job.recipe
    return f"standard schedule, max_lr {number(r.max_lr)}, weight decay {number(r.weight_decay)}"


def _text(result: TunedBaseline) -> str:
    max_lr, weight_decay = number(result.recipe.max_lr), number(result.recipe.weight_decay)
    n = len(result.accuracies)
    spread = f"n = {n}"
    if result.sd is not None:
        spread = f"standard deviation {size_in_points(result.sd)} percentage points, {spread}"
    if result.diverged:
        spread += f"; {result.diverged} of {n + result.diverged} seeds diverged"
    return (
        f"standard schedule, max_lr {max_lr}, weight decay {weight_decay}: validation "
        f"{percent(result.accuracy)} ({spread}); target {percent(result.target)}"
    )
