"""The study's note in the dashboard; while a search runs, how far it is and what it found."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from autosuperconv.core import format as fmt
from autosuperconv.core.events import Event, Note, RunFinished, StepFinished, StepStarted
from autosuperconv.reporting.markdown import escape

if TYPE_CHECKING:
    from optuna import Study

EM_SPACE = "\u2003"
QUIET = 10.0  # seconds between two notes inside a step; a note costs some milliseconds


def spaced(markdown: str) -> str:
    """Room between the columns of tables: the dashboard sets none."""
    return re.sub(r"(?<=[^-]) \|(?=.*\|$)", f" {EM_SPACE}|", markdown, flags=re.MULTILINE)


def set_note(study: Study, text: str) -> None:
    """Set the study's note, in Markdown; writes nothing where it reads so already."""
    from optuna_dashboard import get_note, save_note

    if get_note(study) != text:
        save_note(study, text)


class LiveNote:
    """A listener that keeps a note up to date: at once when a step begins or ends, and every few
    seconds in between.

    Args:
        name: of the search, e.g. "resnet8 on digits".
        publish: takes the note, in Markdown.
        clock: seconds, e.g. `time.monotonic`.
    """

    def __init__(
        self, name: str, publish: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._name, self._publish, self._clock = name, publish, clock
        self._found: list[str] = []
        self._notes: list[str] = []
        self._step, self._runs, self._done = "", 0, 0
        self._last = ""
        self._best: str | None = None
        self._left: float | None = None
        self._written = float("-inf")

    def __call__(self, event: Event) -> None:
        """Take an event in; write the note where it is time."""
        match event:
            case StepStarted():
                self._step, self._runs, self._done = event.step, event.runs, event.done
                self._left, self._last, self._best = event.seconds_left, "", None
            case RunFinished():
                self._done += 1
                self._last = f"{event.label}: {event.text}"
                self._best, self._left = event.best or self._best, event.seconds_left
            case StepFinished():
                self._found.append(f"- **{escape(event.step)}**: {escape(event.text)}")
                self._step = ""
            case Note():
                self._notes.append(f"- {escape(event.text)}")
        if not isinstance(event, RunFinished) or self._clock() - self._written >= QUIET:
            self._written = self._clock()
            self._publish(self.text())

    def text(self) -> str:
        """The note as it stands."""
        parts = [f"## Running: {escape(self._name)}", *self._under_way()]
        parts += ["\n".join(lines) for lines in (self._found, self._notes) if lines]
        return "\n\n".join(parts) + "\n"

    def _under_way(self) -> list[str]:
        if not self._step:
            return []
        share = f"run {self._done} of {max(self._runs, self._done)}"
        left = "" if self._left is None else f"; about {fmt.duration(self._left)} left"
        lines = [f"**{escape(self._step)}**: {share}{left}."]
        lines += [f"Best so far: {escape(self._best)}."] if self._best else []
        return lines + ([f"Last: {escape(self._last)}"] if self._last else [])
