"""A user's own schedule, named `package.module:function`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.shapes import LrMomentum
from autosuperconv.errors import InvalidInput
from autosuperconv.importing import import_callable

UserFunction = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class UserSchedule:
    """The function called `name`, of progress in [0, 1].

    It returns a factor of `max_lr` (momentum then stays at `momentum`) or an `LrMomentum`. The
    function is looked up by name, so that a copy in another process finds it too.
    """

    name: str
    max_lr: float
    momentum: float

    def __call__(self, progress: float) -> LrMomentum:
        value = load_function(self.name)(progress)
        if isinstance(value, LrMomentum):
            pair = value
        elif isinstance(value, Real):
            pair = LrMomentum(self.max_lr * float(value), self.momentum)
        else:
            raise self._refuse(value, progress)
        if not (math.isfinite(pair.lr) and pair.lr >= 0 and 0 <= pair.momentum < 1):
            raise self._refuse(value, progress)
        return pair

    def _refuse(self, value: object, progress: float) -> InvalidInput:
        return InvalidInput(
            f"Schedule {self.name!r} must return a factor of max_lr (finite, at least 0) or an "
            f"LrMomentum (momentum in [0, 1)), but returned {value!r} at progress {progress:g}."
        )


def user_schedule(recipe: Recipe) -> UserSchedule:
    """The schedule named `package.module:function` in the recipe.

    Raises:
        InvalidInput: there is no such module or function.
    """
    load_function(recipe.schedule)
    return UserSchedule(recipe.schedule, recipe.max_lr, recipe.max_momentum)


def load_function(name: str) -> UserFunction:
    """Import what `package.module:function` names.

    Raises:
        InvalidInput: there is no such module or function.
    """
    return import_callable("--schedule", name)
