"""An error beside a search is told once and ends nothing."""

from __future__ import annotations

import pytest

from autosuperconv.core.events import Event, Note
from autosuperconv.core.format import reason_of
from autosuperconv.core.optional import optional, while_it_works


def test_an_error_is_told_with_its_kind_and_first_line() -> None:
    told: list[str] = []
    with optional("The picture", told.append):
        raise ValueError("no room.\nTraceback of something")
    assert told == ["The picture was left out: ValueError: no room."]
    assert reason_of(KeyError()) == "KeyError"


def test_an_interrupt_is_no_error() -> None:
    with pytest.raises(KeyboardInterrupt), optional("The picture", pytest.fail):
        raise KeyboardInterrupt


def test_a_side_listener_hears_no_more_after_its_first_error() -> None:
    heard: list[Event] = []
    main: list[Event] = []

    def side(event: Event) -> None:
        heard.append(event)
        if len(heard) == 2:
            raise OSError("disk full")

    tell = while_it_works("The note", side, main.append)
    for _ in range(4):
        tell(Note("on we go"))
    assert len(heard) == 2
    assert main == [Note("The note was left out: OSError: disk full.")]
