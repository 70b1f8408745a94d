"""Each option is its field: the type, the default and the text stand in one place."""

from __future__ import annotations

from dataclasses import dataclass, fields

import click
import pytest

from autosuperconv.cli.commands import cli
from autosuperconv.cli.options import BOUNDS, SEARCHED, field_texts, help_text, space_option
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.space import DEFAULT_SPACE, Range
from autosuperconv.core.verdict import Criterion
from autosuperconv.tuning.samplers import SAMPLERS
from autosuperconv.tuning.steps.pruner import PRUNERS


def options_of(command: str) -> dict[str, click.Option]:
    found = cli.commands[command].params
    return {p.name or "": p for p in found if isinstance(p, click.Option)}


def made_options(command: click.Command) -> dict[str, click.Option]:
    return {p.name or "": p for p in command.params if isinstance(p, click.Option)}


@pytest.mark.parametrize("cls", [SearchOptions, Criterion, Recipe])
def test_every_field_has_a_text(cls: type) -> None:
    assert [f.name for f in fields(cls)] == list(field_texts(cls))


def test_every_search_option_is_on_the_command_line_with_its_default() -> None:
    options = options_of("search")
    given_otherwise = {"criterion", "space", "base", "model_name", "command"}
    assert set(SEARCHED) | given_otherwise == {f.name for f in fields(SearchOptions)}
    for name in SEARCHED:
        assert options[name].default == getattr(SearchOptions(), name), name


@pytest.mark.parametrize("command", ["search", "judge"])
def test_the_bounds_have_the_criterions_defaults(command: str) -> None:
    for name in BOUNDS:
        assert options_of(command)[name].default == getattr(Criterion(), name)


def test_every_dimension_of_the_default_space_has_an_option_with_its_range() -> None:
    options = options_of("search")
    assert set(DEFAULT_SPACE) <= set(options)
    assert "[default: 0.001:10]" in (options["max_lr"].help or "")
    assert "[default: 1e-6:0.01]" in (options["weight_decay"].help or "")


def test_every_dimension_of_the_default_space_can_be_trained_with_one_value() -> None:
    options = options_of("train")
    assert [name for name in DEFAULT_SPACE if name not in options] == []
    assert options["dropout"].opts == ["--dropout"]


def test_a_new_dimension_gets_its_option_from_the_space_and_the_recipe() -> None:
    made = space_option("label_smoothing", Range(0.0, 0.2))(lambda label_smoothing: None)
    option = made_options(click.command()(made))["label_smoothing"]
    assert option.opts == ["--label-smoothing"]
    assert option.help == (
        "Range to search, or one value to fix: share of the target spread evenly over the "
        "classes.  [default: 0:0.2]"
    )


def test_the_recipes_defaults_are_shown_and_do_not_override_a_file() -> None:
    option = options_of("train")["weight_decay"]
    assert option.default is None
    assert f"[default: {Recipe(max_lr=1.0).weight_decay}]" in (option.help or "")


@pytest.mark.parametrize(("field", "names"), [("sampler", SAMPLERS), ("pruner", PRUNERS)])
def test_the_texts_name_what_is_registered(field: str, names: dict[str, object]) -> None:
    text = field_texts(SearchOptions)[field]
    assert [name for name in names if f'"{name}"' not in text] == []


def test_a_fields_text_becomes_help() -> None:
    assert help_text("folder for the report. None: runs/STUDY_NAME.") == (
        "Folder for the report.  [default: runs/STUDY_NAME]"
    )
    assert help_text("as `max_lr` for `adamw`.") == "As --max-lr for adamw."
    assert "max_lr" in RECIPE_FIELDS


@dataclass
class Sized:
    """Something.

    Args:
        width: one line.
        height: a line
            and another: one.
    """

    width: int
    height: int


def test_texts_are_read_over_line_ends() -> None:
    assert field_texts(Sized) == {"width": "one line.", "height": "a line and another: one."}
