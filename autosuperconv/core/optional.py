"""What is done beside a search must not end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autosuperconv.core.events import Event, Listener, Note
from autosuperconv.core.format import reason_of

Tell = Callable[[str], None]


@contextmanager
def optional(what: str, tell: Tell) -> Iterator[None]:
    """Inside: a side matter, such as a picture. An error is told in one sentence and goes no
    further.

    Args:
        what: subject of the sentence.
        tell: takes it.
    """
    try:
        yield
    except Exception as error:
        tell(f"{what} was left out: {reason_of(error)}.")


def while_it_works(what: str, side: Listener, main: Listener) -> Listener:
    """The side listener up to its first error, of which the main one is told."""
    works = True

    def stop(text: str) -> None:
        nonlocal works
        works = False
        main(Note(text))

    def tell(event: Event) -> None:
        if works:
            with optional(what, stop):
                side(event)

    return tell
