"""Standard output and error in any encoding, so that printing never fails after a long search."""

from __future__ import annotations

import codecs
import io
import sys

NAME = "autosuperconv-nearest"
NEAREST = {
    "\u00b1": "+-",
    "\u2212": "-",
    "\u2013": "-",
    "\u2026": "~",
    "\u2192": "->",
    "\u2265": ">=",
}


def write_in_any_encoding() -> None:
    """From now on, replace characters that the encoding lacks by the nearest in ASCII."""
    codecs.register_error(NAME, nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAME)


def nearest(error: UnicodeError) -> tuple[str, int]:
    """The error handler: what is written instead, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(NEAREST.get(character, "?") for character in missing), error.end
