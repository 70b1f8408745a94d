"""What people write on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from autosuperconv.cli.commands import cli

PATHS = [
    (command, parameter)
    for command in cli.commands.values()
    for parameter in command.params
    if isinstance(parameter.type, click.Path)
]


@pytest.mark.parametrize(("command", "parameter"), PATHS)
def test_a_tilde_is_the_home_folder_in_every_path(
    command: click.Command, parameter: click.Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    many = parameter.multiple
    given: Any = ["~/x"] if many else "~/x"
    read = parameter.type_cast_value(click.Context(command), given)
    assert read in (Path("/home/someone/x"), (Path("/home/someone/x"),))
