"""What is told of one recipe that is trained by itself."""

from __future__ import annotations

from collections.abc import Callable

from autosuperconv.core.curve import Point
from autosuperconv.core.events import Listener, RunFinished, Step
from autosuperconv.core.format import number, percent


def teller(listener: Listener) -> Callable[[Point], None]:
    """What tells the listener of each evaluation."""

    def tell_point(point: Point) -> None:
        if point.accuracy is not None:
            label = f"epoch {number(point.epoch)}, lr {number(point.lr)}"
            listener(RunFinished(Step.TRAIN, label, point_text(point), None, None))

    return tell_point


def point_text(point: Point) -> str:
    """An evaluation in a few words."""
    parts = [percent(point.accuracy), f"train loss {number(point.train_loss)}"]
    if point.path_lr is not None:
        parts.append(f"curvature suggests lr {number(point.path_lr)} along the path")
    if point.gradient_lr is not None:
        parts.append(f"{number(point.gradient_lr)} along the gradient")
    return ", ".join(parts)
