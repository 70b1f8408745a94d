"""Turns what people write on the command line into what the package's functions take."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from autosuperconv.core.format import printable, without_password
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recipe_file import read_recipe
from autosuperconv.core.space import DEFAULT_SPACE, Choices, Dimension
from autosuperconv.core.user_path import user_path
from autosuperconv.core.verdict import Criterion
from autosuperconv.core.verdict.recorded import read_run
from autosuperconv.errors import InvalidInput

if TYPE_CHECKING:
    from autosuperconv.training.data.task import TaskData
    from autosuperconv.training.models import ModelFactory

UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
PART = re.compile(r"(\d+(?:\.\d+)?)(min|[smhd])")


class Duration(click.ParamType):
    """A duration such as 90s, 20m, 1h or 1h30m, as seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value).replace(" ", "")
        parts = PART.findall(text)
        if not parts or "".join(n + u for n, u in parts) != text:
            self.fail(f"expected a duration with its unit, as in 90s, 20m or 1h, but got {value!r}")
        return sum(float(number) * UNITS[unit] for number, unit in parts)


class UserPath(click.Path):
    """A path; `~` is the home folder, also after `=`, where no shell replaces it."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        try:
            path = user_path(os.fspath(value))
        except InvalidInput as error:
            self.fail(str(error), param, ctx)
        return super().convert(path, param, ctx)


class LowHigh(click.ParamType):
    """LOW:HIGH, or one number for both, as a pair of floats."""

    name = "low:high"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) not in (1, 2):
            self.fail(f"expected LOW:HIGH or one number, as in 0.1:3 or 0.1, but got {value!r}")
        low, high = numbers[0], numbers[-1]
        if not 0 <= low <= high:
            self.fail(f"expected LOW:HIGH with 0 <= LOW <= HIGH, but got {value!r}")
        return low, high


class ImageSize(click.ParamType):
    """N or HxW, in pixels: (height, width)."""

    name = "n|hxw"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        sides = re.fullmatch(r"(\d{1,5})(?: *[xX] *(\d{1,5}))?", str(value).strip())
        height, width = (int(sides[1]), int(sides[2] or sides[1])) if sides else (0, 0)
        if not height or not width:
            self.fail(f"expected pixels, as in 64 or 48x64 (height x width), but got {value!r}")
        return height, width


class WholeNumbers(click.ParamType):
    """Positive integers such as 32,64,128, in rising order."""

    name = "n,n,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            sizes = tuple(sorted({int(part) for part in str(value).split(",")}))
        except ValueError:
            sizes = ()
        if not sizes or sizes[0] < 1:
            self.fail(f"expected sizes of at least 1, as in 32,64,128, but got {value!r}")
        return sizes


class ManyFiles(click.Command):
    """A command whose repeatable options take several values in a row:
    `--candidate a.csv b.csv` means `--candidate a.csv --candidate b.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        many = {o for p in self.params if getattr(p, "multiple", False) for o in p.opts}
        spread: list[str] = []
        option, taken = "", 0
        for arg in args:
            if arg.startswith("--"):
                option, taken = arg, 0
            elif option in many and taken:
                spread.append(option)
            taken += not arg.startswith("--")
            spread.append(arg)
        return super().parse_args(ctx, spread)


def recipe_from(path: Path | None, given: dict[str, Any]) -> Recipe:
    """A recipe from a recipe.json, or the defaults, with some fields changed."""
    if path is None and "max_lr" not in given:
        raise InvalidInput("A recipe needs a learning rate: give --max-lr, or a --recipe file.")
    if path is None:
        return replace(Recipe(max_lr=1.0), **given)
    text = text_of(path)
    try:
        recipe = read_recipe(text)
    except InvalidInput as error:
        raise InvalidInput(f"{str(path)!r} is not a valid recipe: {error}") from None
    return replace(recipe, **given)


def values_given(given: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The values that the command line gives for these names."""
    return {name: given[name] for name in names if given[name] is not None}


def search_from(
    given: dict[str, Any], searched: Iterable[str], bounds: Iterable[str]
) -> tuple[ModelFactory, TaskData, SearchOptions]:
    """Model, data and options of a search.

    Args:
        given: the command line's values, by name.
        searched: those that are fields of `SearchOptions`.
        bounds: those that are fields of its `Criterion`.
    """
    space = {n: dimension_from(n, given[n]) for n in DEFAULT_SPACE if n != "epochs" and given[n]}
    options = SearchOptions(
        **{**values_given(given, searched), **baseline_from(given)},
        criterion=Criterion(**values_given(given, bounds)),
        space=space,
        base=Recipe(max_lr=1.0, optimizer=given["optimizer"], schedule=given["schedule"]),
        command=printable(without_password(shlex.join(["autosuperconv", *sys.argv[1:]]))),
    )
    name, factory, data = named_task(given)
    return factory, data, replace(options, model_name=name)


def baseline_from(given: dict[str, Any]) -> dict[str, Any]:
    """The user's own baseline: a recipe's file, or the files of recorded runs.

    Raises:
        InvalidInput: a file is not what it should be, or the batch size is missing or has no use.
    """
    path, curves, batch = (
        given[name] for name in ("baseline", "baseline_curves", "baseline_batch_size")
    )
    if curves and batch is None:
        raise InvalidInput(
            "--baseline-curves counts iterations, so the samples of each are needed: give "
            "--baseline-batch-size."
        )
    if batch is not None and not curves:
        raise InvalidInput(
            "--baseline-batch-size is that of --baseline-curves, which are not given. Give both or "
            "neither."
        )
    runs = [read_run(text_of(file), batch, name=str(file)) for file in curves]
    own = {"baseline": recipe_from(path, {})} if path is not None else {}
    return {**own, "baseline_curves": tuple(replace(run, seed=None) for run in runs)}


def dimension_from(name: str, given: tuple[Any, ...]) -> Dimension:
    """Where to search a recipe field, on the scale of its default range."""
    default = DEFAULT_SPACE[name]
    if isinstance(default, Choices):
        return Choices(given)
    low, high = given
    return replace(default, low=low, high=high, log=default.log and low < high)


def named_task(given: dict[str, Any]) -> tuple[str, ModelFactory, TaskData]:
    """The data set and the model that the command line names, or the model that fits the data."""
    from autosuperconv.training.data import load_dataset
    from autosuperconv.training.models import default_model, model_factory, model_name

    data = load_dataset(
        *(given["dataset"], given["data_dir"], given["n_train"], given["seed"]),
        augment=given["augment"],
        image_size=given["image_size"],
        normalise=given["normalise"],
        skip_broken=given["skip_broken"],
    )
    name = given["model"]
    if name is None:
        name = default_model(data.shape)
        if not given["quiet"]:
            click.echo(f"Model: {name}, the default for samples of shape {data.shape}.", err=True)
    name = model_name(name)
    return name, model_factory(name, data.shape, data.classes), data


def text_of(path: Path) -> str:
    """A file's text.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise InvalidInput(f"{str(path)!r} cannot be read: {reason}.") from None


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
            "have no effect. Leave it out."
        )
