from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from autosuperconv.core.events import Note, RunFinished, Step, StepFinished, StepStarted
from autosuperconv.reporting.progress import make_listener


class Hands:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def _console(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[Console, io.StringIO]:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    return Console(file=stream, force_terminal=terminal, width=100), stream


RUN = RunFinished(Step.STUDY, "trial 12", "97.8 % after 3.0 epochs", "97.9 % (trial 4)", 1260.0)


def test_in_a_pipe_every_event_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(False, monkeypatch)
    clock = Hands()
    with make_listener(console, clock=clock) as tell:
        tell(StepStarted(Step.STUDY, 40, 11, 1300.0))
        tell(RUN)
        tell(Note("batch 2048 does not fit"))
        clock.now += 65
        tell(StepFinished(Step.STUDY, "9 trials reach the target"))
    assert stream.getvalue().splitlines() == [
        "study: 40 runs, 11 already done; about 22 min left",
        "study 12/40  trial 12: 97.8 % after 3.0 epochs; best so far: 97.9 % (trial 4); "
        "about 21 min left",
        "note: batch 2048 does not fit",
        "study: 9 trials reach the target (65 s)",
    ]


@pytest.mark.parametrize("terminal", [False, True])
def test_a_step_that_an_earlier_start_has_done_took_no_time(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    console, stream = _console(terminal, monkeypatch)
    clock = Hands()
    clock.now = 23520.0
    with make_listener(console, clock=clock) as tell:
        tell(StepFinished(Step.PLAN, "73 runs, about 28 s"))
    assert "73 runs, about 28 s" in stream.getvalue()
    assert "6 h" not in stream.getvalue()


def test_in_a_pipe_every_line_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(False, monkeypatch)
    flushed: list[str] = []
    monkeypatch.setattr(stream, "flush", lambda: flushed.append(stream.getvalue()))
    with make_listener(console) as tell:
        tell(Note("a"))
        tell(Note("b"))
    assert flushed == ["note: a\n", "note: a\nnote: b\n"]


def test_a_text_of_two_lines_stays_one_line_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(False, monkeypatch)
    with make_listener(console) as tell:
        tell(Note("first\nsecond [red]"))
    assert stream.getvalue() == "note: first second [red]\n"


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(True, monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    with make_listener(console) as tell:
        tell(Note("a"))
    assert stream.getvalue() == "note: a\n"


def test_a_quiet_listener_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (True, False):
        console, stream = _console(terminal, monkeypatch)
        with make_listener(console, quiet=True) as tell:
            tell(StepStarted(Step.STUDY, 40, 0, None))
            tell(RUN)
        assert stream.getvalue() == ""


def test_a_terminal_shows_step_run_best_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(True, monkeypatch)
    clock = Hands()
    with make_listener(console, clock=clock) as tell:
        tell(StepStarted(Step.STUDY, 40, 11, 1300.0))
        tell(RUN)
        clock.now += 120
        console.print("")  # draws the display again
    shown = stream.getvalue()
    assert "12/40" in shown
    assert "trial 12: 97.8 % after 3.0 epochs" in shown
    assert "best so far: 97.9 % (trial 4)" in shown
    assert "about 19 min left" in shown  # 1260 s told, 120 s ago


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_terminal_is_given_back_when_the_search_breaks_off(
    error: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    console, stream = _console(True, monkeypatch)

    def search() -> None:
        with make_listener(console) as tell:
            tell(StepStarted(Step.STUDY, 40, 0, None))
            raise error()

    with pytest.raises((KeyboardInterrupt, ValueError)):
        search()
    hidden, shown = (stream.getvalue().rfind(code) for code in ("\x1b[?25l", "\x1b[?25h"))
    assert 0 <= hidden < shown


def test_progress_leaves_standard_output_to_the_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with make_listener() as tell:
        tell(Note("a"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "note: a\n"


def test_a_step_of_no_runs_is_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(True, monkeypatch)
    with make_listener(console) as tell:
        tell(StepStarted(Step.ABLATION, 0, 0, None))
    assert "0/0" in stream.getvalue()


def test_a_step_that_ended_leaves_its_sentence_and_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    console, stream = _console(True, monkeypatch)
    with make_listener(console) as tell:
        tell(StepStarted(Step.STUDY, 40, 11, None))
        tell(StepFinished(Step.STUDY, "9 trials reach the target"))
    shown = stream.getvalue()
    assert "9 trials reach the target" in shown
    assert "11/40" not in shown[shown.index("9 trials") :]


def test_the_time_since_a_step_began_is_counted_by_the_given_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console, stream = _console(True, monkeypatch)
    clock = Hands()
    with make_listener(console, clock=clock) as tell:
        tell(StepStarted(Step.STUDY, 40, 0, None))
        clock.now += 125
    assert "0:02:05" in stream.getvalue()
