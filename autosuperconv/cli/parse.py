"""From the options of a command line to what the package's functions take."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from autosuperconv.core.format import without_password
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json
from autosuperconv.core.space import Choices, Dimension, Range
from autosuperconv.errors import InvalidInput

if TYPE_CHECKING:
    from autosuperconv.training.data.task import TaskData
    from autosuperconv.training.models import ModelFactory

SEARCHED = (
    *("study_name", "storage", "out", "trials", "timeout", "epochs", "baseline_epochs", "target"),
    *("objective", "seeds", "max_seeds", "shapley", "sampler", "pruner", "seed", "device"),
    *("precision", "memory_format", "deterministic", "workers", "sweep", "range_test_share"),
)
TRAINED = (
    *("max_lr", "epochs", "batch_size", "weight_decay", "dropout", "max_momentum"),
    *("base_momentum", "optimizer", "schedule", "seed"),
)


def recipe_from(text: str | None, wanted: dict[str, Any]) -> Recipe:
    """A recipe from a recipe.json's text, or the defaults, with some fields changed."""
    if text is None and "max_lr" not in wanted:
        raise InvalidInput("A recipe needs a rate: give --max-lr, or a --recipe file.")
    return replace(from_json(Recipe, text) if text else Recipe(max_lr=1.0), **wanted)


def asked(given: dict[str, Any]) -> tuple[ModelFactory, TaskData, SearchOptions]:
    """Model, data and options of a search command."""
    space: dict[str, Dimension] = {}
    for name, log in (("max_lr", True), ("weight_decay", True), ("dropout", False)):
        if given[name] is not None:
            low, high = given[name]
            space[name] = Range(low, high, log)
    if given["batch_size"] is not None:
        space["batch_size"] = Choices(given["batch_size"])
    options = SearchOptions(
        **{name: given[name] for name in SEARCHED},
        space=space,
        base=Recipe(max_lr=1.0, optimizer=given["optimizer"], schedule=given["schedule"]),
        command=without_password(shlex.join(["autosuperconv", *sys.argv[1:]])),
    )
    name, factory, data = named_task(given)
    return factory, data, replace(options, model_name=name)


def named_task(given: dict[str, Any]) -> tuple[str, ModelFactory, TaskData]:
    """The data set and the model that the command line names, or the model that fits the data."""
    from autosuperconv.training.data import load_dataset
    from autosuperconv.training.models import default_model, model_factory

    data = load_dataset(
        *(given["dataset"], given["data_dir"], given["n_train"], given["seed"]),
        augment=given["augment"],
    )
    name = given["model"]
    if name is None:
        name = default_model(data.shape)
        if not given["quiet"]:
            sizes = " x ".join(str(size) for size in data.shape)
            click.echo(f"Model: {name}, the default for samples of {sizes} (--model).", err=True)
    return name, model_factory(name, data.shape, data.classes), data


def nothing_besides(option: str, *more: str) -> None:
    """Refuse options that this one, and some more, would leave without effect.

    Raises:
        InvalidInput: naming them.
    """
    context = click.get_current_context()
    given = [
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name not in (option, *more)
        and context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise InvalidInput(
            f"--{option} reads what was recorded and trains nothing, so {', '.join(given)} would "
            "have no effect: leave it out."
        )
