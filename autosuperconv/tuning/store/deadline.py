"""The end of the time that a search was given, inside of its runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autosuperconv.core.curve import Point
from autosuperconv.core.trace import OnPoint, PruneTraining, StopReason, Trace

TIME_IS_UP = "the time of the search was up"


@dataclass(frozen=True, slots=True)
class UntilTime:
    """Ends a run once the time is up; the training loop calls it, perhaps in another process.

    Args:
        end: on the clock.
        clock: seconds; in all processes of a machine the same, as `time.monotonic` is.
        on_point: sees every point first; None: nobody does.
    """

    end: float
    clock: Callable[[], float]
    on_point: OnPoint | None = None

    def __call__(self, point: Point) -> None:
        if self.on_point is not None:
            self.on_point(point)
        if point.phase < 1 and self.clock() > self.end:
            raise PruneTraining(TIME_IS_UP)


def was_cut(trace: Trace) -> bool:
    """Whether the run ended because the time was up; it then says nothing of its recipe."""
    return trace.stopped_because is StopReason.PRUNED and trace.detail == TIME_IS_UP
