"""How the command line ends where something went wrong or was interrupted."""

from __future__ import annotations

import os
import signal
import sys
import threading

import click

from autosuperconv.errors import AutosuperconvError


def failure(error: BaseException) -> int:
    """Say what went wrong, where that is known; the exit status."""
    if interrupted(error):
        complain("Interrupted. What has finished is kept; the same command goes on with it.")
        return 130
    if isinstance(error, AutosuperconvError):
        complain(str(error))
        return 1
    if isinstance(error, OSError):  # a full disk, a folder taken away
        what = f"{error.filename}: " if error.filename else ""
        complain(f"{what}{error.strerror or error}. What has finished is kept.")
        return 1
    raise error


def complain(text: str) -> None:
    """An error's one message, on standard error."""
    click.echo(click.style("Error: ", fg="red", bold=True) + text, err=True)


def not_lost(ignored: sys.UnraisableHookArgs) -> None:
    """A Ctrl-C that fell into a callback whose exceptions Python ignores is sent again, when
    the callback is over."""
    if ignored.exc_type is KeyboardInterrupt:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(ignored)


def interrupted(error: BaseException | None) -> bool:
    """Whether an error came of a Ctrl-C, perhaps on the way: Optuna's file lock, interrupted while
    it is taken, raises that it was not held."""
    while error is not None and not isinstance(error, KeyboardInterrupt | click.Abort):
        error = error.__cause__ or error.__context__
    return error is not None
