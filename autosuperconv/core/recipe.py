"""`Recipe`: everything that defines one training run, as one flat value.

Its field names are the search-space keys, the Optuna parameter names, the dashboard's columns
and the JSON keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf, isfinite
from numbers import Integral, Real

from autosuperconv.errors import InvalidRecipe, known_name, one_of

OPTIMIZERS = ("adam", "adamw", "nesterov", "sgd")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run.

    A field's metadata may hold `weaker`, the direction in which a change removes regularization
    (1: a larger value does), and `factor`, the factor of the trade-off that it is a part of.

    Args:
        max_lr: highest learning rate of the schedule, for a loss averaged over the batch.
        epochs: length of the run, in passes over the training data; may be fractional.
        batch_size: samples per step.
        weight_decay: coefficient of L2 regularization, added to the gradient (decoupled with
            `adamw`).
        dropout: drop probability of every dropout layer of the model.
        max_momentum: momentum (Adam: beta1) where the learning rate is lowest.
        base_momentum: momentum where the learning rate is highest; equal to `max_momentum`
            for a constant momentum.
        label_smoothing: share of the target spread evenly over the classes.
        optimizer: one of `OPTIMIZERS`, in upper or lower case.
        schedule: a name in `core.schedule.SCHEDULES`.
        seed: of initial weights, data order, augmentation and dropout.
        div_factor: max_lr over the learning rate at the start of the cycle; infinite for a
            linear range test from 0.
        final_div_factor: starting learning rate over the final one (1cycle's tail: 1000 as
            its author ran it).
        pct_start: share of the run in which the learning rate rises (1cycle, warm-up).
        pct_tail: share of the run spent in 1cycle's constant tail.
        cycles: cycles in the run (cyclical schedules; first SGDR period = epochs / sum of
            cycle lengths).
        cycle_mult: length of each SGDR period over the one before (T_mult).
        gamma: factor of each step of a step schedule, of each whole run of an exponential one.
        milestones: shares of the run at which a step schedule multiplies by `gamma`.
    """

    max_lr: float
    epochs: float = 10.0
    batch_size: int = field(default=128, metadata={"weaker": 1})
    weight_decay: float = field(default=1e-4, metadata={"weaker": -1})
    dropout: float = field(default=0.0, metadata={"weaker": -1})
    max_momentum: float = field(default=0.95, metadata={"factor": "momentum"})
    base_momentum: float = field(default=0.85, metadata={"factor": "momentum", "weaker": -1})
    label_smoothing: float = field(default=0.0, metadata={"weaker": -1})
    optimizer: str = "sgd"
    schedule: str = "1cycle"
    seed: int = 0
    div_factor: float = 10.0
    final_div_factor: float = 1000.0
    pct_start: float = 0.45
    pct_tail: float = 0.1
    cycles: int = 1
    cycle_mult: int = 1
    gamma: float = 0.1
    milestones: tuple[float, ...] = (0.5, 0.75)

    def __post_init__(self) -> None:
        for own in fields(self):
            value = getattr(self, own.name)
            if own.type == "int":
                self._check(own.name, isinstance(value, Integral), "a whole number")
            if own.type == "float":
                self._check(own.name, isinstance(value, Real), "a number")
                infinite = own.name == "div_factor" and value == inf
                self._check(own.name, infinite or isfinite(value), "finite")
        for name in ("max_lr", "epochs", "div_factor", "final_div_factor", "gamma"):
            self._check(name, getattr(self, name) > 0, "above 0")
        for name in ("batch_size", "cycles", "cycle_mult"):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        self._check("weight_decay", self.weight_decay >= 0, "at least 0")
        for name in ("dropout", "max_momentum", "base_momentum", "label_smoothing"):
            self._check(name, 0 <= getattr(self, name) < 1, "in [0, 1)")
        self._check("pct_start", 0 <= self.pct_start <= 1, "in [0, 1]")
        self._check("pct_tail", 0 <= self.pct_tail < 1, "in [0, 1)")
        rising = list(self.milestones) == sorted(set(self.milestones))
        inside = all(0 < m < 1 for m in self.milestones)
        self._check("milestones", rising and inside, "rising shares of the run in (0, 1)")
        object.__setattr__(self, "optimizer", one_of("optimizer", self.optimizer, OPTIMIZERS))
        self._check("schedule", isinstance(self.schedule, str), "a name")
        object.__setattr__(self, "schedule", schedule_name(self.schedule))

    def _check(self, field: str, holds: bool, rule: str) -> None:
        if not holds:
            raise InvalidRecipe(f"Recipe.{field} must be {rule}, but got {getattr(self, field)!r}.")


def schedule_name(name: str) -> str:
    """A schedule's name as `SCHEDULES` has it; any other name as it is, for `build_schedule`."""
    from autosuperconv.core.schedule import SCHEDULES  # here, because schedules are of recipes

    return known_name(name, SCHEDULES) or name


RECIPE_FIELDS = tuple(own.name for own in fields(Recipe))
