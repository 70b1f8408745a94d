"""When a search began, and how its time is divided between training and the report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

REPORT_OF_START = 1.0
"""What the report takes, pictures and end of the process included, as a share of what starting took
on the same machine, imports included. At .6, searches on two busy cores were 0, 5 and 7 s late."""
SHORTEST_REPORT, LONGEST_REPORT = 1.5, 20.0  # seconds
MOST_OF_THE_TIME = 0.2  # that is kept for the report; without pictures it takes less


@dataclass(frozen=True, slots=True)
class Start:
    """When a search began.

    Args:
        began: on the clock; imports and the reading of data count, where they come after it.
        clock: seconds, the same in all processes of a machine.
    """

    began: float
    clock: Callable[[], float] = time.monotonic

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return self.clock() - self.began

    def ends(self, timeout: float | None) -> tuple[float | None, float | None]:
        """When the last run must end, and when the report must be written; None without a limit."""
        if timeout is None:
            return None, None
        report_by = self.began + timeout
        return report_by - self.reserve(timeout), report_by

    def reserve(self, timeout: float) -> float:
        """Seconds that are kept for the report: in proportion to what starting took, which measures
        the machine and how busy it is."""
        measured = REPORT_OF_START * self.elapsed
        kept = min(max(measured, SHORTEST_REPORT), LONGEST_REPORT)
        return min(kept, MOST_OF_THE_TIME * timeout)


def started_now() -> Start:
    """A search that begins at this moment."""
    return Start(time.monotonic())
