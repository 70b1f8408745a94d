"""What is shown while a search runs: a live display on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from autosuperconv.core import format as fmt
from autosuperconv.core.events import (
    Event,
    Listener,
    Note,
    RunFinished,
    Step,
    StepFinished,
    StepStarted,
    silent,
)

Clock = Callable[[], float]


@contextmanager
def make_listener(
    console: Console | None = None, quiet: bool = False, clock: Clock = time.monotonic
) -> Iterator[Listener]:
    """A listener for the length of a search.

    On a terminal the display is live, and the terminal is given back on leaving, also by an
    exception or Ctrl-C.

    Args:
        console: where to write; None: the standard error stream, so that standard output stays
            free for results.
        quiet: write nothing.
    """
    console = console or Console(stderr=True)
    if quiet:
        yield silent
    elif console.is_terminal and not console.is_dumb_terminal:
        display = LiveDisplay(console, Watch(clock), make_progress(console, clock))
        with Live(
            console=console, get_renderable=display.view, refresh_per_second=4, transient=True
        ):
            yield display
    else:
        yield PlainLines(console, Watch(clock))


@dataclass
class Watch:
    """What has happened so far: the state behind the displays and the dashboard's note."""

    clock: Clock
    """Seconds, e.g. `time.monotonic`."""
    step: str = ""
    """The current step; empty before the first one."""
    runs: int = 0
    """How many runs it will take."""
    done: int = 0
    """How many of them are done."""
    last: str = ""
    """What the last run was, and how it ended."""
    best: str | None = None
    """The step's best run so far."""
    left: float | None = None
    """Seconds to the end of the search, by the last forecast."""
    forecast_at: float = 0.0
    """When that forecast was made."""
    began: float = 0.0
    """When the step began."""

    def take(self, event: Event) -> None:
        """Count an event in."""
        if isinstance(event, StepStarted):
            self.step, self.runs, self.done = event.step, event.runs, event.done
            self.last, self.best, self.began = "", None, self.clock()
            self._left(event.seconds_left)
        elif isinstance(event, RunFinished):
            self.done += 1
            self.runs = max(self.runs, self.done)
            self.last = f"{event.label}: {event.text}"
            self.best = event.best or self.best
            self._left(event.seconds_left)

    def _left(self, seconds: float | None) -> None:
        if seconds is not None:
            self.left, self.forecast_at = seconds, self.clock()

    def remaining(self) -> str:
        """The forecast, counted down since it was made."""
        if self.left is None:
            return ""
        return f"about {fmt.duration(max(self.left - (self.clock() - self.forecast_at), 0.0))} left"

    def took_for(self, step: str) -> str:
        """How long a step took, in brackets; nothing where it was done at an earlier start."""
        return f" ({fmt.duration(self.clock() - self.began)})" if step == self.step else ""


@dataclass
class PlainLines:
    """One line an event, without colour or cursor movement: for pipes and files."""

    console: Console
    """Where to write."""
    watch: Watch
    """What has happened so far."""

    def __call__(self, event: Event) -> None:
        """Write the event's line, and flush it."""
        self.watch.take(event)
        stream = self.console.file
        stream.write(self._line(event).replace("\n", " ") + "\n")
        stream.flush()

    def _line(self, event: Event) -> str:
        watch = self.watch
        if isinstance(event, StepStarted):
            kept = f", {event.done} already done" if event.done else ""
            runs = fmt.counted(event.runs, _unit(event))
            return joined(f"{event.step}: {runs}{kept}", watch.remaining())
        if isinstance(event, RunFinished):
            best = f"best so far: {event.best}" if event.best else ""
            head = f"{event.step} {watch.done}/{watch.runs}  {event.label}: {event.text}"
            return joined(head, best, watch.remaining())
        if isinstance(event, StepFinished):
            return f"{event.step}: {event.text}{watch.took_for(event.step)}"
        return f"note: {event.text}"


def _unit(event: StepStarted) -> str:
    """What the step counts: `train` reports the evaluations of its one run."""
    return "evaluation" if event.step is Step.TRAIN else "run"


def joined(*parts: str) -> str:
    """The parts that are not empty, with semicolons."""
    return "; ".join(part for part in parts if part)


@dataclass
class LiveDisplay:
    """Finished steps stay above as lines; the current step is redrawn below them."""

    console: Console
    """Where finished steps are written."""
    watch: Watch
    """What has happened so far."""
    progress: Progress
    """Draws the current step's row."""
    row: TaskID | None = None
    """The row of the current step; None between steps."""

    def __call__(self, event: Event) -> None:
        """Count the event in; write a line where it should stay on the screen."""
        self.watch.take(event)
        if isinstance(event, StepStarted):
            self._begin(event)
        elif isinstance(event, RunFinished) and self.row is not None:
            self.progress.update(self.row, completed=self.watch.done, total=self.watch.runs)
        elif isinstance(event, StepFinished):
            self._end(event)
        elif isinstance(event, Note):
            self.console.print(Text.assemble(("note            ", "bold yellow"), event.text))

    def _begin(self, event: StepStarted) -> None:
        self._forget()
        self.row = self.progress.add_task(
            event.step, completed=event.done, total=event.runs, remaining=""
        )

    def _end(self, event: StepFinished) -> None:
        took = (self.watch.took_for(event.step), "dim")
        self._forget()
        self.console.print(Text.assemble((f"{event.step:<15} ", "bold green"), event.text, took))

    def _forget(self) -> None:
        if self.row is not None:
            self.progress.remove_task(self.row)
            self.row = None

    def view(self) -> RenderableType:
        """The current step; drawn again four times a second, so the time left counts down."""
        if self.row is None:
            return Text()
        self.progress.update(self.row, remaining=self.watch.remaining())
        lines = [Text(f"  {self.watch.last}", "dim", no_wrap=True, overflow="ellipsis")]
        if self.watch.best:
            best = f"  best so far: {self.watch.best}"
            lines.append(Text(best, no_wrap=True, overflow="ellipsis"))
        return Group(self.progress.get_renderable(), *lines)


def make_progress(console: Console, clock: Clock) -> Progress:
    """A step's row: its name, a bar, runs done, time since it began, and the forecast.

    The time left is the search's own forecast; rich would assume that all runs take equally long.
    """
    return Progress(
        TextColumn("{task.description:<15}", style="bold", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[remaining]}", style="cyan", markup=False),
        console=console,
        get_time=clock,
    )
