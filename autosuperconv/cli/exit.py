"""How a command ends when something goes wrong or it is interrupted."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Sequence

import click

from autosuperconv.errors import AutosuperconvError

FIELD = re.compile(r"(?:Recipe\.|Criterion\.)?([a-z]\w*)(?= must be )")

RESUMABLE = {"search", "range-test"}
"""Commands whose finished runs are stored."""


def failure(error: BaseException) -> int:
    """Say what went wrong, where that is known, and return the exit status."""
    if interrupted(error):
        kept = " Finished runs are kept; the same command resumes the search."
        resumes = not RESUMABLE.isdisjoint(sys.argv)
        click.secho(f"Interrupted.{kept if resumes else ''}", fg="yellow", err=True)
        return 130
    if isinstance(error, AutosuperconvError):
        complain(str(error))
        return 1
    if isinstance(error, OSError):  # a full disk, a folder taken away
        what = f"{error.filename}: " if error.filename else ""
        complain(f"{what}{error.strerror or error}. Finished runs are kept.")
        return 1
    raise error


def complain(text: str) -> None:
    """Write an error message to standard error."""
    click.echo(click.style("Error: ", fg="red", bold=True) + text, err=True)


def by_option(message: str, argv: Sequence[str]) -> str:
    """The message; where it begins with a field that an option of the command line has set, with
    that option instead."""
    field = FIELD.match(message)
    option = f"--{field[1].replace('_', '-')}" if field else ""
    if field is None or option not in [word.partition("=")[0] for word in argv]:
        return message
    return option + message[field.end() :]


def not_lost(ignored: sys.UnraisableHookArgs) -> None:
    """Send Ctrl-C again where Python lost it in a callback whose exceptions are ignored."""
    if ignored.exc_type is KeyboardInterrupt:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(ignored)


def interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C caused an error, perhaps through another one: Optuna's file lock, interrupted
    while it is being taken, raises an error of its own."""
    while error is not None and not isinstance(error, KeyboardInterrupt | click.Abort):
        error = error.__cause__ or error.__context__
    return error is not None
