"""What people write on a command line: durations, ranges, lists; and the options that several
commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from autosuperconv.core.options import MEMORY_FORMATS, OBJECTIVES, PRECISIONS, SWEEPS
from autosuperconv.core.recipe import OPTIMIZERS
from autosuperconv.core.schedule import SCHEDULES
from autosuperconv.training.data import DATASETS
from autosuperconv.training.models import DEFAULT_RULE, MODELS

Command = Callable[..., None]
SCHEDULE_NAMES = f"{', '.join(SCHEDULES)}; or package.module:function."

UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
PART = re.compile(r"(\d+(?:\.\d+)?)(min|[smhd])")


class Duration(click.ParamType):
    """90s, 20m, 1h, 1h30m: seconds as a float."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value).replace(" ", "")
        parts = PART.findall(text)
        if not parts or "".join(n + u for n, u in parts) != text:
            self.fail(f"expected a duration with its unit, as in 90s, 20m or 1h, but got {value!r}")
        return sum(float(number) * UNITS[unit] for number, unit in parts)


class LowHigh(click.ParamType):
    """LOW:HIGH, or one number for both: a pair of floats."""

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
            self.fail(f"expected LOW:HIGH, as in 0.1:3, but got {value!r}")
        low, high = numbers[0], numbers[-1]
        if not 0 <= low <= high:
            self.fail(f"expected LOW:HIGH with 0 <= LOW <= HIGH, but got {value!r}")
        return low, high


class Sizes(click.ParamType):
    """32,64,128: rising positive integers."""

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
    """A command whose repeatable options take several values after one another:
    `--candidate a.csv b.csv` is `--candidate a.csv --candidate b.csv`."""

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


DURATION, LOW_HIGH, SIZES = Duration(), LowHigh(), Sizes()


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several click options as one decorator, in the order written."""

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
        help=f"{', '.join(DATASETS)}; or folder:PATH, images in class folders: train/ and test/ or "
        "val/, or one folder to be split.",
    ),
    click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        default=Path("data"),
        show_default=True,
        help="Where data sets lie, or are downloaded to on first use.",
    ),
    click.option("--n-train", type=int, help="Use so many training samples.  [default: all]"),
    click.option(
        "--augment",
        metavar="none|crop-flip|crop-flip-cutout",
        help="What is done to training images.  [default: crop-flip for small colour images]",
    ),
    click.option(
        "--model",
        metavar="NAME",
        help=f"{', '.join(MODELS)}; wrn-N-K, any classification model of torchvision, or "
        f"package.module:factory of your own.  [default: {DEFAULT_RULE}]",
    ),
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Of splits, first weights, data order and sampler.",
    ),
    click.option(
        "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps."
    ),
    click.option(
        "--deterministic",
        is_flag=True,
        help="On a GPU: the same bits each time, by slower algorithms; a CPU needs no asking.",
    ),
)

STORAGE = click.option(
    "--storage",
    default="autosuperconv.journal",
    show_default=True,
    help="An Optuna storage URL, or a file's path.",
)
STUDY = options(
    STORAGE,
    click.option("--study-name", help="Of the Optuna study.  [default: DATASET-MODEL]"),
)
STORED = options(
    STORAGE,
    click.option("--study-name", help="Of the Optuna study.  [default: the only one there]"),
)

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
OUTPUT = options(click.option("--quiet", is_flag=True, help="No progress."), AS_JSON)

SEARCH = options(
    TASK,
    STUDY,
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        help="Folder of the report.  [default: runs/STUDY_NAME]",
    ),
    click.option("--trials", type=int, default=20, show_default=True, help="Trials of the study."),
    click.option(
        "--timeout",
        type=DURATION,
        help="Time for the whole command, as 90s, 20m, 1h; lengths are chosen to fit.",
    ),
    click.option(
        "--epochs",
        type=LOW_HIGH,
        help="Cycle lengths to search, in passes over the data.  [default: planned]",
    ),
    click.option(
        "--baseline-epochs",
        type=float,
        help="Length of the standard schedule, in passes over the data.  [default: planned, 30 "
        "where time allows]",
    ),
    click.option(
        "--target",
        type=float,
        help="Validation accuracy to reach, in (0, 1).  [default: the tuned baseline's, less the "
        "margin]",
    ),
    click.option(
        "--objective",
        default="cost",
        show_default=True,
        metavar="|".join(OBJECTIVES),
        help="cost: the shortest cycle that reaches the target; accuracy: the most accurate "
        "cycle of the longest length.",
    ),
    click.option(
        "--seeds", type=int, default=3, show_default=True, help="Confirming runs of each side."
    ),
    click.option(
        "--max-seeds",
        type=int,
        help="While the verdict is undecided, confirm on more seeds, up to so many.  "
        "[default: 3, or --seeds where that is more]",
    ),
    click.option(
        "--shapley",
        is_flag=True,
        help="Retrain every subset of the changed factors: a fair share of the gain for each.",
    ),
    click.option("--max-lr", type=LOW_HIGH, help="Where to search max_lr.  [default: 0.001:10]"),
    click.option(
        "--sweep",
        default="exponential",
        show_default=True,
        metavar="|".join(SWEEPS),
        help="How the range test raises the rate, up to the top of --max-lr (linear: 3 if not "
        "given, from 0).",
    ),
    click.option(
        "--range-test-share",
        type=float,
        default=0.1,
        show_default=True,
        help="Of the whole search's work that the range test may take, in (0, 1).",
    ),
    click.option("--weight-decay", type=LOW_HIGH, help="Where to search it.  [default: 1e-6:1e-2]"),
    click.option(
        "--dropout",
        type=LOW_HIGH,
        help="Where to search it.  [default: 0:0.5, if the model has dropout]",
    ),
    click.option(
        "--batch-size", type=SIZES, help="Sizes to search.  [default: three that fit the data]"
    ),
    click.option(
        "--optimizer",
        default="sgd",
        show_default=True,
        metavar="|".join(OPTIMIZERS),
        help="Of all runs.",
    ),
    click.option(
        "--schedule", default="1cycle", show_default=True, help=f"Of the trials: {SCHEDULE_NAMES}"
    ),
    click.option(
        "--sampler", default="cost-aware", show_default=True, help="cost-aware, tpe, gp or random."
    ),
    click.option("--pruner", default="phase", show_default=True, help="phase, median or none."),
    click.option(
        "--precision",
        default="auto",
        show_default=True,
        metavar="|".join(PRECISIONS),
        help="Of forward and backward pass; auto: the fastest, measured on the network itself.",
    ),
    click.option(
        "--memory-format",
        default="auto",
        show_default=True,
        metavar="|".join(MEMORY_FORMATS),
        help="Of images; auto: the fastest, measured.",
    ),
    click.option("--workers", type=int, help="Runs at once.  [default: measured; one on a GPU]"),
    OUTPUT,
)
