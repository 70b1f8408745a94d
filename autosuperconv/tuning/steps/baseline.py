"""The baseline: the standard piecewise-constant schedule, tuned, or a recipe of the user's own.

"Standard" is a constant learning rate, multiplied by 0.1 twice (Smith & Topin 1708.07120, section
2), with constant momentum. Its learning rate is tuned first, at one weight decay, from two values
on while the best one lies at an end. Then the weight decay is tuned at the best learning rate.
These runs end at 0.8 of the length: until there the course is the same, and the last fifth moves
nothing. Shorter runs favour other learning rates, even some that diverge at length, and save
nothing where they are followed by longer ones (studies/baseline_tuning). Last, the best recipe is
trained with three fresh seeds, to its end: they give the target, the spread over seeds, the cost
to level T_B, and runs that count in the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, mean, stdev
from types import MappingProxyType

from autosuperconv.core.events import Step
from autosuperconv.core.format import number, percent, size_in_points
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Job, StopReason, Trace
from autosuperconv.core.verdict import RunCurve
from autosuperconv.core.verdict.runs import samples_to_level, sound
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.steps.margin import freeze_margin
from autosuperconv.tuning.steps.run_curves import CURVES, fresh_jobs, run_curve
from autosuperconv.tuning.store.session import Session

STEP_LR = 10**0.5
FIRST_RATES = 2
MAX_GROWTH = 6  # more of them
TUNED_SHARE = 0.8  # of the length, after which a run that is only tuned ends
WEIGHT_DECAYS = (1e-4, 5e-4, 2e-3)
FRESH_SEEDS = 3  # without the run that won the tuning, because it won partly by luck
TUNING_RUNS = 4 + len(WEIGHT_DECAYS) - 1  # in the forecast: two rates more than the first ones


@dataclass(frozen=True, slots=True)
class MeasuredBaseline:
    """The baseline with its fresh runs, and the target that it sets.

    Args:
        recipe: the best standard schedule, or the user's own recipe.
        runs: of its fresh seeds, by seed, those that diverged included; sealed.
        curves: the same as the verdict reads them, or the user's recorded curves.
        margin: how far below its accuracy the target lies, fraction of 1.
        target: validation accuracy that a cycle must reach, fraction of 1.
        tuning: every run that was made to find the recipe.
    """

    recipe: Recipe
    runs: tuple[Trace, ...]
    curves: tuple[RunCurve, ...]
    margin: float
    target: float
    tuning: tuple[Trace, ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Validation accuracies of the runs that completed; of recorded curves their own."""
        if not self.runs:
            return tuple(c.final_accuracy for c in self.curves if not c.diverged)
        return tuple(t.accuracy for t in self.runs if t.completed and t.accuracy is not None)

    @property
    def diverged(self) -> int:
        """Fresh seeds that did not complete."""
        return len(self.runs or self.curves) - len(self.accuracies)

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


def cut_short(recipe: Recipe, share: float = TUNED_SHARE) -> Recipe:
    """A step schedule that ends after a share of its length, its course until there unchanged.

    `share` must lie above the last milestone.
    """
    milestones = tuple(milestone / share for milestone in recipe.milestones)
    return replace(recipe, epochs=recipe.epochs * share, milestones=milestones)


def first_grid(range_test: RangeTest | None) -> list[float]:
    """The first learning rates, a factor of sqrt(10) apart, a decade below the lowest edge of the
    range test."""
    edges = [c.edge for c in range_test.cells if c.edge] if range_test else []
    top = min(edges) / STEP_LR if edges else 0.3
    return [top / STEP_LR**i for i in range(1, 1 + FIRST_RATES)]


def measure_baseline(
    session: Session, setup: Setup, epochs: float, range_test: RangeTest | None
) -> MeasuredBaseline:
    """Tune the standard schedule, or take the user's recipe or recorded curves, and measure it.

    Args:
        session: the search.
        setup: the fields that are not tuned, the user's own baseline, target and margin.
        epochs: nominal length of the standard schedule.
        range_test: gives the grid to begin with.

    Raises:
        NothingCompleted: every run of it diverged, or the best one did on every fresh seed.
    """
    options = setup.options
    own, recorded = options.baseline, options.baseline_curves
    session.start(Step.BASELINE, _expected_runs(own is not None, bool(recorded)))
    if recorded:
        result = _recorded(setup, epochs, recorded)
    else:
        tuned: tuple[Recipe, Sequence[Trace]] = (
            (own, ())
            if own is not None
            else (tune_standard(session, setup.base, epochs, range_test, setup.fixed))
        )
        result = _measured(session, setup, *tuned)
    session.finish(Step.BASELINE, _text(result))
    return result


def _expected_runs(own: bool, recorded: bool) -> int:
    """Runs of the step, where no grid grows."""
    return 0 if recorded else FRESH_SEEDS + (0 if own else TUNING_RUNS)


def tune_standard(
    session: Session,
    base: Recipe,
    epochs: float,
    range_test: RangeTest | None,
    fixed: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Recipe, list[Trace]]:
    """The best standard schedule, at its whole length, and every run that was made to find it.

    What it costs and misses was measured in studies/baseline_tuning.
    """

    def attempt(rates: Sequence[float], decays: Sequence[float]) -> list[Trace]:
        recipes = [standard(base, epochs, lr, d, fixed) for d in decays for lr in rates]
        jobs = [Job(cut_short(recipe)) for recipe in recipes]
        return session.run(Step.BASELINE, "tuning", jobs, _label)

    usual = WEIGHT_DECAYS[1]
    tried = attempt(first_grid(range_test), [usual])
    for _ in range(MAX_GROWTH):
        beyond = _beyond_the_end(tried)
        if beyond is None:
            break
        tried += attempt([beyond], [usual])
    others = [] if "weight_decay" in fixed else [d for d in WEIGHT_DECAYS if d != usual]
    tried += attempt([best(tried).recipe.max_lr], others)
    found = best(tried).recipe
    return standard(base, epochs, found.max_lr, found.weight_decay, fixed), tried


def _measured(
    session: Session, setup: Setup, recipe: Recipe, tuning: Sequence[Trace]
) -> MeasuredBaseline:
    """What the fresh seeds of the chosen recipe give."""
    jobs = fresh_jobs(recipe, FRESH_SEEDS, CURVES["baseline"])
    runs = tuple(session.run(Step.BASELINE, "baseline", jobs, _label))
    best(runs)  # refuses where none completed
    curves = tuple(map(run_curve, runs))
    margin = freeze_margin(setup.options.criterion, runs).size
    found = MeasuredBaseline(recipe, runs, curves, margin, 0.0, tuple(tuning))
    return with_target(found, margin, setup.options.target)


def _recorded(setup: Setup, epochs: float, curves: tuple[RunCurve, ...]) -> MeasuredBaseline:
    """The user's recorded runs; the standard schedule stands for their recipe in what is trained
    beside them, at their highest learning rate."""
    lr = max(curve.max_lr for curve in curves)
    recipe = standard(setup.base, epochs, lr, WEIGHT_DECAYS[1], setup.fixed)
    ends = [curve.final_accuracy for curve in sound(curves)]
    margin = freeze_margin(setup.options.criterion, (), ends=ends).size
    found = MeasuredBaseline(recipe, (), curves, margin, 0.0, ())
    return with_target(found, margin, setup.options.target)


def with_target(
    baseline: MeasuredBaseline, margin: float, requested: float | None
) -> MeasuredBaseline:
    """The baseline with its margin, and the target that follows unless the user gave one."""
    target = baseline.accuracy - margin if requested is None else requested
    return replace(baseline, margin=margin, target=target)


def level_cost(curves: Sequence[RunCurve], margin: float) -> float:
    """T_B: samples after which the baseline stays at its final level; the mean over its sound
    runs."""
    return fmean(samples_to_level(curve, margin) for curve in sound(curves))


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
    return (
        f"{r.schedule} schedule, max_lr {number(r.max_lr)}, weight decay {number(r.weight_decay)}"
    )


def _text(result: MeasuredBaseline) -> str:
    n = len(result.accuracies)
    spread = f"n = {n}"
    if result.sd is not None:
        spread = f"standard deviation {size_in_points(result.sd)} percentage points, {spread}"
    if result.diverged:
        spread += f"; {result.diverged} of {n + result.diverged} seeds diverged"
    reached = f"{percent(result.accuracy)} ({spread}); target {percent(result.target)}"
    if not result.runs:
        return f"the recorded runs, on test data: {reached}"
    max_lr, weight_decay = number(result.recipe.max_lr), number(result.recipe.weight_decay)
    return f"max_lr {max_lr}, weight decay {weight_decay}: validation {reached}"
