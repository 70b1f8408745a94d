"""What people write on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from autosuperconv.cli.commands import cli
from autosuperconv.cli.parse import ImageSize, dimension_from
from autosuperconv.core.space import Choices, Dimension, Range, SearchSpace

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


@pytest.mark.parametrize(("command", "parameter"), PATHS)
def test_the_home_of_nobody_is_refused_in_every_path_and_no_folder_is_called_so(
    command: click.Command, parameter: click.Parameter
) -> None:
    given: Any = ["~nobody-here/x"] if parameter.multiple else "~nobody-here/x"
    with pytest.raises(click.BadParameter, match=r"not on this machine.*\./~nobody-here/x"):
        parameter.type_cast_value(click.Context(command), given)


@pytest.mark.parametrize(
    ("text", "size"), [("64", (64, 64)), ("48x64", (48, 64)), ("8 X 9", (8, 9))]
)
def test_an_images_size_is_one_number_or_height_and_width(text: str, size: tuple[int, int]) -> None:
    assert ImageSize().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["big", "0", "64x", "-3", "1x2x3"])
def test_any_other_image_size_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"as in 64 or 48x64 \(height x width\)"):
        ImageSize().convert(text, None, None)


@pytest.mark.parametrize(
    ("name", "given", "dimension"),
    [
        ("weight_decay", (0.0, 0.0), Range(0.0, 0.0)),
        ("weight_decay", (1e-4, 1e-4), Range(1e-4, 1e-4)),
        ("weight_decay", (1e-5, 1e-4), Range(1e-5, 1e-4, log=True)),
        ("dropout", (0.1, 0.1), Range(0.1, 0.1)),
        ("batch_size", (32,), Choices((32,))),
    ],
)
def test_one_value_has_no_scale_to_search(name: str, given: Any, dimension: Dimension) -> None:
    assert dimension_from(name, given) == dimension
    SearchSpace({name: dimension})
