"""A user's own schedule, named `package.module:function`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

from autosuperconv.core.schedule.shapes import LrMomentum
from autosuperconv.errors import InvalidInput
from autosuperconv.importing import import_callable


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
        value: object = import_callable("--schedule", self.name)(progress)
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
