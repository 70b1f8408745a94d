"""`Point`, a run's state after some step, and `Curve`, all points of a run as columns."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from autosuperconv.errors import InvalidInput

T = TypeVar("T")
Measured = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """The state of a run after some step.

    Args:
        step: steps so far.
        phase: share of the run that is done, in [0, 1].
        epoch: passes over the training data so far.
        samples: training samples seen so far.
        lr: learning rate of the last step.
        momentum: momentum of the last step.
        train_loss: mean over the steps since the last point.
        train_accuracy: mean over the steps since the last point, fraction of 1.
        loss: on the evaluation subset; None where it was not evaluated.
        accuracy: on the evaluation subset, fraction of 1; None where it was not evaluated.
        grad_norm: L2 norm of the last step's gradient; None where it was not measured.
        path_lr: learning rate that the curvature along the path suggests (Smith & Topin, eq. 8),
            a moving average; None where it was not measured.
        gradient_lr: learning rate that the curvature along the gradient suggests, g'g / g'Hg;
            None where it was not measured, or where the loss does not curve upwards.
    """

    step: int
    phase: float
    epoch: float
    samples: int
    lr: float
    momentum: float
    train_loss: float
    train_accuracy: float | None = None
    loss: float | None = None
    accuracy: float | None = None
    grad_norm: float | None = None
    path_lr: float | None = None
    gradient_lr: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A run's course: a column for each field of `Point`, with one entry a point.

    A column that was never measured is empty. None stands for "not measured at this point", and
    for a value that was not finite, which JSON cannot say.

    Raises:
        InvalidInput: columns of different lengths.
    """

    step: tuple[int, ...] = ()
    phase: tuple[float, ...] = ()
    epoch: tuple[float, ...] = ()
    samples: tuple[int, ...] = ()
    lr: tuple[float, ...] = ()
    momentum: tuple[float, ...] = ()
    train_loss: Measured = ()
    train_accuracy: Measured = ()
    loss: Measured = ()
    accuracy: Measured = ()
    grad_norm: Measured = ()
    path_lr: Measured = ()
    gradient_lr: Measured = ()

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in COLUMNS if getattr(self, name)}
        if len(set(lengths.values())) > 1:
            raise InvalidInput(f"Columns of a Curve must be equally long, but got {lengths}.")

    def __len__(self) -> int:
        return max(len(getattr(self, name)) for name in COLUMNS)

    @property
    def last_accuracy(self) -> float | None:
        """That of the last evaluation."""
        return next((a for a in reversed(self.accuracy) if a is not None), None)

    def evaluated(self, column: Sequence[T]) -> list[tuple[T, float]]:
        """A column's value and the accuracy, at each point that was evaluated."""
        if not self.accuracy:
            return []
        pairs = zip(column, self.accuracy, strict=True)
        return [(value, accuracy) for value, accuracy in pairs if accuracy is not None]

    def only(self, names: Collection[str], digits: int | None = None) -> Curve:
        """The same with some of the columns.

        Args:
            digits: significant digits to keep; None: all of them.
        """
        kept = {name: getattr(self, name) for name in names}
        if digits is not None:
            kept = {name: tuple(_short(v, digits) for v in column) for name, column in kept.items()}
        return Curve(**kept)


COLUMNS = tuple(field.name for field in fields(Curve))


def as_curve(points: Sequence[Point]) -> Curve:
    """Points, rising in step, as columns."""
    columns = {name: tuple(_finite(getattr(p, name)) for p in points) for name in COLUMNS}
    measured = {n: column for n, column in columns.items() if any(v is not None for v in column)}
    return Curve(**measured)  # type: ignore[arg-type]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _short(value: float | None, digits: int) -> float | None:
    return value if value is None or isinstance(value, int) else float(f"{value:.{digits}g}")
