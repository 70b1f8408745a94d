"""What a search is made of before its first run."""

from __future__ import annotations

from autosuperconv.core.events import Event, Note
from autosuperconv.pipeline.setup import tell_all


def test_every_listener_is_told_in_turn() -> None:
    heard: list[tuple[str, Event]] = []
    first, second = (lambda event, name=name: heard.append((name, event)) for name in "ab")
    tell_all(first, second)(Note("hello"))
    assert heard == [("a", Note("hello")), ("b", Note("hello"))]
