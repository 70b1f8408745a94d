"""The control: the baseline compressed to a cycle's length, with its learning rate tuned again."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.errors import NothingCompleted
from autosuperconv.tuning.steps.baseline import STEP_LR, best
from autosuperconv.tuning.store.session import Session

CONTROL_RATES = (-1, 0, 1)  # powers of sqrt(10) times the baseline's learning rate


def tune_control(session: Session, winner: Recipe, baseline: Recipe) -> Recipe | None:
    """The standard schedule compressed to the winner's length, with its learning rate tuned again
    on validation data; None where every learning rate diverges."""
    rates = [baseline.max_lr * STEP_LR**i for i in CONTROL_RATES]
    jobs = [Job(replace(baseline, epochs=winner.epochs, max_lr=lr)) for lr in rates]
    traces = session.run(Step.CONFIRMATION, "control tuning", jobs, _label)
    try:
        return best(traces).recipe
    except NothingCompleted:
        return None


def _label(job: Job) -> str:
    r = job.recipe
    return f"control tuning, max_lr {number(r.max_lr)}, {number(r.epochs)} epochs"
