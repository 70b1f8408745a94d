"""The confirmation: winner, tuned baseline and compressed baseline on fresh paired seeds.

Only this step and `tuning.steps.ablation` read the test set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace, evenly
from autosuperconv.core.verdict import RunCurve
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.steps.baseline import STEP_LR, best
from autosuperconv.tuning.store.session import Session

CURVE = 50  # evaluations of a baseline run: T_B is rounded up to the next one
FIRST_SEED = 10_000
CONTROL_RATES = (-1, 0, 1)  # powers of sqrt(10) times the baseline's learning rate
PHASES = {"baseline": CURVE, "candidate": 10, "control": 10}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Test-set runs on paired seeds.

    Args:
        candidate: runs of the winner.
        baseline: runs of the tuned baseline.
        control: runs of the baseline compressed to the winner's length; empty where none of its
            tuning runs completed.
    """

    candidate: tuple[Trace, ...]
    baseline: tuple[Trace, ...]
    control: tuple[Trace, ...]


def seeds(n: int) -> list[int]:
    """Fresh seeds, which no other step uses."""
    return [FIRST_SEED + i for i in range(n)]


def run_confirmation(
    session: Session, winner: Recipe, baseline: Recipe, control: Recipe | None, n: int
) -> Confirmation:
    """Train all three sides on the same fresh seeds and measure them on the test set."""
    sides = [("candidate", winner), ("baseline", baseline)]
    if control is not None:
        sides.append(("control", control))
    found: dict[str, tuple[Trace, ...]] = {}
    for role, recipe in sides:
        jobs = [Job(replace(recipe, seed=s), "test", evenly(PHASES[role])) for s in seeds(n)]
        found[role] = tuple(session.run(Step.CONFIRMATION, role, jobs, _labeller(role)))
    return Confirmation(found["candidate"], found["baseline"], found.get("control", ()))


def tune_control(session: Session, winner: Recipe, baseline: Recipe) -> Recipe | None:
    """The standard schedule compressed to the winner's length, with its learning rate tuned again
    on validation data; None where every learning rate diverges."""
    rates = [baseline.max_lr * STEP_LR**i for i in CONTROL_RATES]
    jobs = [Job(replace(baseline, epochs=winner.epochs, max_lr=lr)) for lr in rates]
    traces = session.run(Step.CONFIRMATION, "control tuning", jobs, _labeller("control tuning"))
    try:
        return best(traces).recipe
    except NothingCompleted:
        return None


def run_curve(trace: Trace) -> RunCurve:
    """A trace as the verdict reads it. A run that diverged before it was ever evaluated has one
    point, at chance."""
    chance = trace.chance
    pairs = trace.curve.evaluated(trace.curve.samples) or [(max(trace.samples, 1), chance)]
    return RunCurve(
        samples=tuple(float(samples) for samples, _ in pairs),
        accuracy=tuple(accuracy for _, accuracy in pairs),
        final_accuracy=trace.accuracy if trace.accuracy is not None else chance,
        max_lr=trace.highest_lr,
        chance=chance,
        seed=trace.recipe.seed,
        diverged=not trace.completed,
    )


def by_seed(traces: Sequence[Trace]) -> dict[int, float]:
    """Final accuracy by seed; a run that did not complete counts as chance."""
    return {t.recipe.seed: t.accuracy if t.accuracy is not None else t.chance for t in traces}


def sound_by_seed(traces: Sequence[Trace]) -> dict[int, float]:
    """The same of the runs that completed; of all where none did."""
    return by_seed([trace for trace in traces if trace.completed] or traces)


def _labeller(role: str) -> Callable[[Job], str]:
    return lambda job: f"{role}, seed {job.recipe.seed}"
