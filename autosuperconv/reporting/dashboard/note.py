"""The study's note in the dashboard; while a search runs, how far it is and what it found."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from autosuperconv.core.events import Event, Note, RunFinished, StepFinished, StepStarted
from autosuperconv.reporting.markdown import escape
from autosuperconv.reporting.progress import Watch, joined

if TYPE_CHECKING:
    from optuna import Study

EM_SPACE = "\u2003"
RUNNING, STOPPED = "## Running: ", "## Stopped: "
EARLIER = "\n---\n\n*The result of this search before that:*\n\n"
QUIET = 10.0  # seconds between two notes inside a step; a note costs some milliseconds


def spaced(markdown: str) -> str:
    """Room between the columns of tables: the dashboard sets none."""
    return re.sub(r"(?<=[^-]) \|(?=.*\|$)", f" {EM_SPACE}|", markdown, flags=re.MULTILINE)


def set_note(study: Study, text: str) -> None:
    """Set the study's note, in Markdown; writes nothing where it reads so already."""
    from optuna_dashboard import get_note, save_note

    if get_note(study) != text:
        save_note(study, text)


def earlier_result(study: Study) -> str:
    """What a finished search has written into the study's note; "" where none has finished."""
    from optuna_dashboard import get_note

    text = str(get_note(study))
    return text.partition(EARLIER)[2] if text.startswith((RUNNING, STOPPED)) else text


def settle_note(study: Study) -> None:
    """Nothing runs any more: the note is the earlier result again or, where there is none, says
    how far the search got."""
    from optuna_dashboard import get_note

    text = get_note(study)
    if text.startswith(RUNNING):
        stopped = f"{STOPPED}{text.removeprefix(RUNNING)}\nThe same command goes on from here.\n"
        set_note(study, earlier_result(study) or stopped)


class LiveNote:
    """A listener that keeps a note up to date: at once when a step begins or ends, and every few
    seconds in between.

    Args:
        name: of the search, e.g. "resnet8 on digits".
        publish: takes the note, in Markdown.
        clock: seconds, e.g. `time.monotonic`.
        earlier: gives the note of a search that has finished, which stays below.
    """

    def __init__(
        self,
        name: str,
        publish: Callable[[str], None],
        clock: Callable[[], float],
        earlier: Callable[[], str] = str,
    ) -> None:
        self._name, self._publish, self._clock = name, publish, clock
        self._earlier = earlier
        self._found: list[str] = []
        self._notes: list[str] = []
        self._watch, self._under_way = Watch(clock), False
        self._written = float("-inf")

    def __call__(self, event: Event) -> None:
        """Take an event in; write the note where it is time."""
        self._watch.take(event)
        match event:
            case StepStarted():
                self._under_way = True
            case StepFinished():
                self._found.append(f"- **{escape(event.step)}**: {escape(event.text)}")
                self._under_way = False
            case Note():
                self._notes.append(f"- {escape(event.text)}")
        if not isinstance(event, RunFinished) or self._clock() - self._written >= QUIET:
            self._written = self._clock()
            self._publish(self.text())

    def text(self) -> str:
        """The note as it stands."""
        parts = [f"{RUNNING}{escape(self._name)}", *(self._step() if self._under_way else [])]
        parts += ["\n".join(lines) for lines in (self._found, self._notes) if lines]
        earlier = self._earlier()
        return "\n\n".join(parts) + "\n" + (f"{EARLIER}{earlier}" if earlier else "")

    def _step(self) -> list[str]:
        watch = self._watch
        state = joined(f"run {watch.done} of {watch.runs}", watch.remaining())
        lines = [f"**{escape(watch.step)}**: {state}."]
        lines += [f"Best so far: {escape(watch.best)}."] if watch.best else []
        return lines + ([f"Last: {escape(watch.last)}"] if watch.last else [])
