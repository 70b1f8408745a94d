"""The options of the commands.

Where an option is a field of `SearchOptions`, `Criterion` or `Recipe`, its type, default and text
are the field's: the texts are read from the `Args` of the class's docstring.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from autosuperconv.cli.parse import Duration, ImageSize, LowHigh, UserPath, WholeNumbers
from autosuperconv.core.normalisation import KINDS
from autosuperconv.core.options import CHOICES, SearchOptions
from autosuperconv.core.recipe import OPTIMIZERS, RECIPE_FIELDS, Recipe
from autosuperconv.core.schedule import SCHEDULES
from autosuperconv.core.space import DEFAULT_SPACE, Dimension, Range
from autosuperconv.core.verdict import Criterion
from autosuperconv.training.data import DATASETS
from autosuperconv.training.models import DEFAULT_RULE, MODELS

Command = Callable[..., None]
Decorator = Callable[[Command], Command]

NOT_SEARCHED = ("criterion", "space", "base", "model_name", "command")  # given in other ways
SEARCHED = tuple(f.name for f in fields(SearchOptions) if f.name not in NOT_SEARCHED)
NOT_OFFERED = ("min_acceleration", "max_baseline_drop", "max_below_peak")  # few will change these
BOUNDS = tuple(f.name for f in fields(Criterion) if f.name not in NOT_OFFERED)
NOT_TUNED = ("max_momentum", "base_momentum", "optimizer", "schedule")  # by a search as it comes
TRAINED = tuple(name for name in RECIPE_FIELDS if name in {*DEFAULT_SPACE, *NOT_TUNED})
NAMED = {*RECIPE_FIELDS, *SEARCHED}  # what a text may refer to
PATH = UserPath(path_type=Path)
TYPES: Mapping[str, Any] = {
    "bool": bool,
    "float": float,
    "int": int,
    "Path": PATH,
    "tuple[float, float]": LowHigh(),
}
SCHEDULE_NAMES = f"{', '.join(SCHEDULES)}; or package.module:function."
OTHERWISE: Mapping[str, Mapping[str, Any]] = {  # what a field's annotation or text does not say
    **{name: {"metavar": "|".join(known)} for name, known in CHOICES.items()},
    "optimizer": {"metavar": "|".join(OPTIMIZERS), "help": "Optimizer of every run."},
    "schedule": {"help": f"Learning-rate schedule: {SCHEDULE_NAMES}"},
    "baseline": {"type": PATH, "metavar": "RECIPE.json"},
    "baseline_curves": {"type": PATH, "metavar": "CSV", "multiple": True, "default": ()},
    "timeout": {
        "type": Duration(),
        "help": "Time limit of the whole search, such as 90s, 20m or 1h; run lengths are chosen to "
        "fit.  [default: no limit]",
    },
}
BY_DATA = {  # defaults that depend on the data or the model
    "batch_size": "three that fit the data",
    "dropout": "0:0.5, if the model has dropout",
}


def field_texts(cls: type) -> dict[str, str]:
    """Field -> its text, from the `Args` of the class's docstring."""
    args = inspect.cleandoc(cls.__doc__ or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", args, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def flag(name: str) -> str:
    """A field's option."""
    return f"--{name.replace('_', '-')}"


def plain(value: object) -> str:
    """A default as people write it, e.g. 10, 1e-6 or sgd."""
    return f"{value:g}".replace("e-0", "e-") if isinstance(value, float) else str(value)


def help_text(text: str) -> str:
    """A field's text as the help of its option; "None: X." at its end names the default."""
    text = re.sub(r"`(\w+)`", lambda found: flag(found[1]) if found[1] in NAMED else found[1], text)
    text, _, default = text.partition(" None: ")
    text = text[:1].upper() + text[1:]
    return f"{text}  [default: {default.rstrip('.')}]" if default else text


def option(cls: type, name: str, **changed: Any) -> Decorator:
    """The option of a dataclass's field."""
    (field,) = (f for f in fields(cls) if f.name == name)
    kind = str(field.type).removesuffix(" | None")
    given: dict[str, Any] = {
        "help": help_text(field_texts(cls).get(name, "")),
        "type": TYPES.get(kind),
        "default": field.default,
        "show_default": field.default is not None and kind != "bool",
        "is_flag": kind == "bool",
    }
    return click.option(flag(name), name, **{**given, **OTHERWISE.get(name, {}), **changed})


def space_option(name: str, default: Dimension) -> Decorator:
    """The option that says where a recipe field is searched."""
    if isinstance(default, Range):
        kind: click.ParamType[Any] = LowHigh()
        what, where = (
            "Range to search, or one value to fix",
            f"{plain(default.low)}:{plain(default.high)}",
        )
    else:
        kind, what = WholeNumbers(), "Values to search"
        where = ",".join(map(str, default.values))
    text = help_text(field_texts(Recipe)[name]).rstrip(".")
    help_ = f"{what}: {text[:1].lower()}{text[1:]}.  [default: {BY_DATA.get(name, where)}]"
    return click.option(flag(name), name, type=kind, help=help_)


def recipe_option(name: str) -> Decorator:
    """The option that sets a recipe field; without it the file's value holds, or the field's."""
    (field,) = (f for f in fields(Recipe) if f.name == name)
    text = OTHERWISE.get(name, {}).get("help") or help_text(field_texts(Recipe)[name])
    needed = name == "max_lr"
    default = "required without --recipe" if needed else f"default: {plain(field.default)}"
    return option(Recipe, name, default=None, show_default=False, help=f"{text}  [{default}]")


def options(*decorators: Decorator) -> Decorator:
    """Several click options as one decorator, in the order given."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


TASK = options(
    click.option(
        "--dataset",
        default="digits",
        show_default=True,
        metavar="NAME",
        help=f"{', '.join(DATASETS)}; or folder:PATH for images in class folders, either in PATH "
        "itself, to be split, or in PATH/train and PATH/test or PATH/val (or a "
        "usual spelling of these).",
    ),
    click.option(
        "--data-dir",
        type=PATH,
        default=Path("data"),
        show_default=True,
        help="Folder of the named data sets; a missing one is downloaded into it.",
    ),
    click.option("--n-train", type=int, help="Number of training samples to use.  [default: all]"),
    click.option(
        "--image-size",
        type=ImageSize(),
        help="Size in pixels to which a folder's images are scaled, such as 64 or 48x64 (height x "
        "width).  [default: their own, or the median shorter side if they have several sizes]",
    ),
    click.option(
        "--augment",
        metavar="none|crop-flip|crop-flip-cutout",
        help="Augmentation of training images.  [default: crop-flip for small colour images]",
    ),
    click.option(
        "--skip-broken",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Number of a folder's files that may be left out because they cannot be read.",
    ),
    click.option(
        "--normalise",
        metavar="|".join(KINDS),
        help="Normalise the inputs to mean 0 and standard deviation 1, as measured on the training "
        "data: each channel (a sample's first axis), each feature (its last), or none.  [default: "
        "channel for images, none for integers, feature for others]",
    ),
    click.option(
        "--model",
        metavar="NAME",
        help=f"{', '.join(MODELS)}; wrn-N-K, any classification model of torchvision, or "
        f"package.module:factory of your own.  [default: {DEFAULT_RULE}]",
    ),
    *(option(SearchOptions, name) for name in ("seed", "device", "deterministic")),
)
STORAGE = option(SearchOptions, "storage")
STORED = options(
    STORAGE,
    click.option(
        "--study-name", help="Name of the Optuna study.  [default: the only one in the storage]"
    ),
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
OUTPUT = options(click.option("--quiet", is_flag=True, help="Show no progress."), AS_JSON)
FILES: dict[str, Any] = {"multiple": True, "type": PATH, "metavar": "CSV"}
CURVES = options(
    click.option("--candidate", **FILES, required=True, help="Runs with the large cycle."),
    click.option("--baseline", **FILES, required=True, help="Runs with the standard schedule."),
    click.option(
        "--control", **FILES, help="The standard schedule at the candidate's cost, within 5 %."
    ),
    click.option(
        "--batch-size", type=click.IntRange(1), required=True, help="Samples per iteration."
    ),
    click.option(
        "--n-train", type=click.IntRange(1), required=True, help="Number of training samples."
    ),
    click.option(
        "--n-test",
        type=click.IntRange(1),
        help="Number of samples behind each accuracy.  [default: read off the accuracies]",
    ),
    click.option(
        "--chance",
        type=float,
        help="Accuracy without learning, a fraction of 1.  [default: that at iteration 0, if "
        "recorded]",
    ),
)
"""Recorded runs, and what their files do not say."""
CRITERION = options(*(option(Criterion, name) for name in BOUNDS))
RECIPE = options(*(recipe_option(name) for name in TRAINED))
SEARCH = options(
    TASK,
    *(
        option(SearchOptions, name)
        for name in SEARCHED
        if name not in ("seed", "device", "deterministic")
    ),
    click.option(
        "--baseline-batch-size",
        type=click.IntRange(1),
        help="Samples per iteration of --baseline-curves; required with them.",
    ),
    CRITERION,
    *(space_option(name, where) for name, where in DEFAULT_SPACE.items() if name != "epochs"),
    option(Recipe, "optimizer"),
    option(Recipe, "schedule", help=f"Learning-rate schedule of the trials: {SCHEDULE_NAMES}"),
    OUTPUT,
)
