"""Paths as people write them."""

from __future__ import annotations

import os

from autosuperconv.errors import InvalidInput


def user_path(path: str) -> str:
    """The path, `~` and `~NAME` at its beginning replaced by the home folder: no shell does so
    after `=`.

    Raises:
        InvalidInput: nobody here has that name, so that a folder called `~NAME` would be made.
    """
    completed = os.path.expanduser(path)
    if completed.startswith("~"):
        raise InvalidInput(
            f"{path!r} begins with the home folder of a user who is not on this machine. Write the "
            f"folder's whole path, or ./{path} for one of that name."
        )
    return completed
