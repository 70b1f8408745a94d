"""One trial: its recipe is suggested, its course is reported, its result is told to the study.

The default objective is the definition of super-convergence: the fewest training samples, with the
constraint that validation accuracy reaches the target. A trial that goes wrong gets a finite worst
value and a violated constraint. A NaN would make the trial FAIL; every Optuna sampler ignores such
trials and would propose the same again.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace

import optuna
from optuna.pruners import BasePruner
from optuna.trial import Trial, TrialState

from autosuperconv.core.collapse import has_collapsed
from autosuperconv.core.curve import Point
from autosuperconv.core.format import number, percent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, SearchSpace
from autosuperconv.core.trace import PruneTraining, StopReason, Trace
from autosuperconv.tuning.steps.pruner import kept_running, nearest_rung
from autosuperconv.tuning.store.observation import DETAIL, STOPPED, WOULD_PRUNE_AT, attributes_of
from autosuperconv.tuning.store.run_store import step_of
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import Direction

DIRECTIONS: dict[str, Direction] = {"accuracy": "maximize", "cost": "minimize"}
LAST = "max_lr"  # suggested last: its prior depends on batch size and weight decay


@dataclass(frozen=True, slots=True)
class Objective:
    """What a finished trial is worth.

    Args:
        name: "cost" or "accuracy".
        target: validation accuracy that a trial must reach, fraction of 1.
        n_train: training samples of one epoch.
        worst_epochs: longest cycle of the space; a failed trial counts twice its cost.
    """

    name: str
    target: float
    n_train: int
    worst_epochs: float

    def value(self, trace: Trace) -> float:
        """The trial's value; finite whatever happened."""
        if self.name == "accuracy":
            return trace.accuracy if trace.accuracy is not None else 0.0
        return float(trace.samples) if trace.completed else self.worst()

    def worst(self) -> float:
        """The value of a trial that did not complete."""
        return 0.0 if self.name == "accuracy" else 2 * self.worst_epochs * self.n_train

    def shortfall(self, accuracy: float | None) -> float:
        """The constraint: at most 0 where the target is reached."""
        return self.target - (accuracy or 0.0)


def suggest(trial: Trial, space: SearchSpace, base: Recipe, seed: int) -> Recipe:
    """The recipe that the trial proposes."""
    names = sorted(space.dimensions, key=lambda name: (name == LAST, name))
    values: dict[str, float | int] = {}
    for name in names:
        dimension = space.dimensions[name]
        if isinstance(dimension, Choices):
            values[name] = int(trial.suggest_categorical(name, dimension.values))
        else:
            low, high = dimension.low, dimension.high
            values[name] = trial.suggest_float(name, low, high, log=dimension.log)
    return replace(base, **values, seed=seed)  # type: ignore[arg-type]


def tell(study: optuna.Study, trial: Trial, objective: Objective, trace: Trace) -> None:
    """Tell a trial's result to the study."""
    for key, value in attributes_of(trace).items():
        trial.set_user_attr(key, value)
    reached = trace.accuracy if trace.completed else None
    pruned = trace.stopped_because == StopReason.PRUNED
    shortfall = objective.shortfall(trace.curve.last_accuracy if pruned else reached)
    # a pruned trial is infeasible, even if it was at the target for a moment
    trial.set_constraint("accuracy", max(shortfall, 1e-3) if pruned else shortfall)
    if pruned:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, objective.value(trace))


def tell_above_edge(study: optuna.Study, trial: Trial, objective: Objective, cap: float) -> None:
    """Tell a trial that is not trained, because its learning rate lies above the edge."""
    detail = f"max_lr {number(trial.params[LAST])} lies above the edge, {number(cap)}"
    trial.set_user_attr(STOPPED, StopReason.ABOVE_EDGE)
    trial.set_user_attr(DETAIL, detail)
    trial.set_constraint("accuracy", objective.shortfall(None))
    study.tell(trial, objective.worst())


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports a run's accuracy to the study, and ends the run where the pruner says so or where
    the training accuracy collapses. The training loop calls it, perhaps in another process.

    Args:
        storage_url: of the study.
        study_name: of the study.
        trial_id: Optuna's.
        pruner: decides at each evaluation.
        chance: accuracy without learning anything; None: do not watch the training accuracy.
    """

    storage_url: str
    study_name: str
    trial_id: int
    pruner: BasePruner
    chance: float | None = None
    _learned: list[float] = field(default_factory=list)

    def __call__(self, point: Point) -> None:
        collapses = self._collapses(point)
        if point.accuracy is None and not collapses:
            return
        study = optuna.load_study(
            study_name=self.study_name,
            storage=open_storage(self.storage_url),
            pruner=self.pruner,
        )
        trial = Trial(study, self.trial_id)
        if point.accuracy is not None:
            self._report(trial, point.accuracy, point.phase)
        if WOULD_PRUNE_AT in trial.user_attrs:
            return
        if collapses:
            why = f"training accuracy collapsed at phase {point.phase:.2f}"
            self._prune(trial, point.phase, why)
        elif trial.should_prune():
            now = f"{percent(point.accuracy)} at phase {point.phase:.2f}"
            self._prune(trial, point.phase, f"{now} cannot reach the target")

    def _report(self, trial: Trial, accuracy: float, phase: float) -> None:
        with warnings.catch_warnings():  # a run taken up again reports the same points again
            warnings.simplefilter("ignore", UserWarning)
            trial.report(accuracy, step_of(nearest_rung(phase)))

    def _collapses(self, point: Point) -> bool:
        """Whether the training accuracy falls away from its own peak."""
        if self.chance is None or point.train_accuracy is None:
            return False
        self._learned.append(point.train_accuracy)
        return has_collapsed(self._learned, self.chance, point.samples / len(self._learned))

    def _prune(self, trial: Trial, phase: float, why: str) -> None:
        """End the run, unless it is kept running to measure the pruner's errors."""
        if not kept_running(trial.number):
            raise PruneTraining(why)
        trial.set_user_attr(WOULD_PRUNE_AT, nearest_rung(phase))
