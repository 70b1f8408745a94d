"""The best recipe of a search that ended before it could compare any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import fmean

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Trace
from autosuperconv.tuning.steps.study import finished
from autosuperconv.tuning.store.session import STEPS, Session

SWEEPS = "lr_range"  # how the schedules of sweeps begin, which no recipe has


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """A recipe and what it rests on.

    Args:
        recipe: as it was trained.
        accuracy: mean of its runs on validation data, fraction of 1.
        samples: training samples of one run.
        seconds: mean of its runs.
        runs: that completed.
    """

    recipe: Recipe
    accuracy: float
    samples: float
    seconds: float
    runs: int


def best_so_far(session: Session, target: float | None) -> BestSoFar | None:
    """Of the recipes that reach the target the shortest one, else the most accurate; None where no
    run has completed.

    Args:
        session: the search.
        target: validation accuracy, fraction of 1; None: none is known.
    """
    by_recipe: dict[Recipe, list[Trace]] = defaultdict(list)
    for trace in validated(session):
        by_recipe[replace(trace.recipe, seed=0)].append(trace)
    found = [_of(own) for own in by_recipe.values()]
    if not found:
        return None
    reaching = [one for one in found if target is not None and one.accuracy >= target]
    if reaching:
        return min(reaching, key=lambda one: (one.samples, -one.accuracy))
    return max(found, key=lambda one: one.accuracy)


def validated(session: Session) -> Iterator[Trace]:
    """Completed runs of recipes with an accuracy on validation data."""
    outside = (t for step in STEPS for _, t in session.run_store.of(step) if step != Step.STUDY)
    trials = (trial.trace for trial in finished(session.study))
    for trace in (*trials, *outside):
        if trace is None or not trace.completed or trace.accuracy is None:
            continue
        if trace.measured_on == "validation" and not trace.recipe.schedule.startswith(SWEEPS):
            yield trace


def _of(own: list[Trace]) -> BestSoFar:
    accuracy = fmean(trace.accuracy or 0.0 for trace in own)
    samples, seconds = fmean(t.samples for t in own), fmean(t.seconds for t in own)
    return BestSoFar(own[0].recipe, accuracy, samples, seconds, len(own))
