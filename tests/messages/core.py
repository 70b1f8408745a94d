"""Recipes, spaces, options, tables and names."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from autosuperconv.cli.commands import range_test as range_test_command
from autosuperconv.cli.commands import reproduce
from autosuperconv.cli.parse import baseline_from, recipe_from, text_of
from autosuperconv.core.csv_table import parse_table
from autosuperconv.core.curve import Curve
from autosuperconv.core.range_test import RangeTest
from autosuperconv.core.range_test.curvature import pure_noise_estimate
from autosuperconv.core.range_test.edge import edge_at
from autosuperconv.core.range_test.recorded import read_recorded
from autosuperconv.core.range_test.sweep_curve import as_floats
from autosuperconv.core.range_test.sweep_reading import read_sweep
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.serialization import from_dict, from_json
from tests.messages.table import Row, call

ONE = Recipe(max_lr=1.0)


def written(name: str, text: str) -> Path:
    """A file in the current folder."""
    path = Path(name)
    path.write_text(text)
    return path


def read_option(*args: str) -> object:
    written("sweep.csv", "lr,accuracy\n0.1,0.5\n1,0.9\n")
    return range_test_command.main(["--read", "sweep.csv", *args], standalone_mode=False)


def reproduced(folder: str) -> object:
    Path("study").mkdir()
    written("study/run.py", "")
    before = sys.argv
    try:
        return reproduce.main([folder], standalone_mode=False)
    finally:
        sys.argv = before


def recipe_file(text: str) -> object:
    return recipe_from(written("recipe.json", text), {})


NO_CELLS = RangeTest((), 1e-3, 10.0, None, "")


def baseline_given(curves: tuple[str, ...] = (), batch: int | None = None) -> object:
    """What the options of a user's own baseline give."""
    files = [written(name, "iteration,lr,accuracy\n10,0.1,0.5\n20,0.1,0.9\n") for name in curves]
    return baseline_from({"baseline": None, "baseline_curves": files, "baseline_batch_size": batch})


ROWS = [
    Row(
        "errors.py one_of 1",
        call(Recipe, 1.0, optimizer="sdg"),
        "Did you mean 'sgd'?",
        call(Recipe, 1.0, optimizer="sgd"),
    ),
    Row(
        "cli/commands.py reproduce 1",
        call(reproduced, "nowhere"),
        "a folder with a run.py",
        call(reproduced, "study"),
    ),
    Row(
        "cli/parse.py recipe_from 1",
        call(recipe_from, None, {}),
        "give --max-lr",
        call(recipe_from, None, {"max_lr": 1.0}),
    ),
    Row(
        "cli/parse.py recipe_from 2",
        call(recipe_file, '{"max_lr": -1}'),
        "above 0",
        call(recipe_file, '{"max_lr": 1}'),
    ),
    Row(
        "cli/parse.py text_of 1",
        call(text_of, Path("none.csv")),
        "No such file",
        lambda: text_of(written("none.csv", "lr\n")),
    ),
    Row(
        "cli/parse.py baseline_from 1",
        call(baseline_given, curves=("b.csv",)),
        "give --baseline-batch-size",
        call(baseline_given, curves=("b.csv",), batch=64),
    ),
    Row(
        "cli/parse.py baseline_from 2",
        call(baseline_given, batch=64),
        "Give both or neither",
        call(baseline_given),
    ),
    Row(
        "cli/parse.py nothing_besides 1",
        call(read_option, "--trials", "3"),
        "Leave it out",
        call(read_option),
    ),
    Row(
        "core/csv_table.py _lines 1",
        call(parse_table, ""),
        "first line must name the columns",
        call(parse_table, "lr\n1\n"),
    ),
    Row(
        "core/csv_table.py _lines 2",
        call(parse_table, '{"lr": [1]}'),
        "Write the recorded values as a table",
        call(parse_table, "lr\n1\n"),
    ),
    Row(
        "core/csv_table.py _read 1",
        call(parse_table, "lr\n" + "1" * 140_000),
        "at line 2",
        call(parse_table, "lr\n1\n"),
    ),
    Row(
        "core/csv_table.py _check 1",
        call(parse_table, "lr,lr\n1,2"),
        "rename one of them",
        call(parse_table, "lr,other\n1,2"),
    ),
    Row(
        "core/csv_table.py _check 2",
        call(parse_table, "lr\n1,2"),
        "names 1 column",
        call(parse_table, "lr,other\n1,2"),
    ),
    Row(
        "core/csv_table.py _number 1",
        call(parse_table, "lr\nx"),
        "a number or empty",
        call(parse_table, "lr,a\n1,\n"),
    ),
    Row(
        "core/curve.py Curve.__post_init__ 1",
        call(Curve, (1, 2), (0.1,)),
        "equally long",
        call(Curve, (1, 2), (0.1, 0.2)),
    ),
    Row(
        "core/range_test/curvature.py pure_noise_estimate 1",
        call(pure_noise_estimate, 1.0, 1.0),
        "a momentum in [0, 1)",
        call(pure_noise_estimate, 1.0, 0.9),
    ),
    Row(
        "core/range_test/edge.py edge_at 1",
        call(edge_at, NO_CELLS, 0, 0.0),
        "a batch size of at least 1",
        call(edge_at, NO_CELLS, 1, 0.0),
    ),
    Row(
        "core/range_test/edge.py edge_at 2",
        call(edge_at, NO_CELLS, 1, 0.0, 1.0),
        "a momentum in [0, 1)",
        call(edge_at, NO_CELLS, 1, 0.0, 0.9),
    ),
    Row(
        "core/range_test/recorded.py _check 1",
        call(read_recorded, "rate,accuracy\n1,0.5\n"),
        "rename it there",
        call(read_recorded, "lr,accuracy\n1,0.5\n"),
    ),
    Row(
        "core/range_test/recorded.py _check 2",
        call(read_recorded, "lr,acc\n1,0.5\n"),
        "accuracy",
        call(read_recorded, "lr,accuracy\n1,0.5\n"),
    ),
    Row(
        "core/range_test/sweep_curve.py as_floats 1",
        call(as_floats, "loss", [1.0], 2),
        "one entry per learning rate",
        call(as_floats, "loss", [1.0, 2.0], 2),
    ),
    Row(
        "core/range_test/sweep_reading.py read_sweep 1",
        call(read_sweep, [1.0], chance=1.0),
        "below 1",
        call(read_sweep, [1.0], chance=0.5),
    ),
    Row(
        "core/range_test/sweep_reading.py prepare_sweep 1",
        call(read_sweep, [-1.0]),
        "0 or above",
        call(read_sweep, [0.0, 1.0]),
    ),
    Row(
        "core/range_test/sweep_reading.py _as_fraction 1",
        call(read_sweep, [1.0, 2.0], accuracy=[0.5, 1.2]),
        "write fractions of 1",
        call(read_sweep, [1.0, 2.0], accuracy=[0.005, 0.012]),
    ),
    Row(
        "core/range_test/sweep_reading.py _as_fraction 2",
        call(read_sweep, [1.0, 2.0], accuracy=[0.5, 120.0]),
        "0 and 100 percent",
        call(read_sweep, [1.0, 2.0], accuracy=[0.5, 100.0]),
    ),
    Row("core/recipe.py Recipe._check 1", call(Recipe, 0.0), "above 0", call(Recipe, 0.1)),
    Row(
        "core/schedule/__init__.py build_schedule 1",
        call(build_schedule, ONE, 0),
        "at least 1 step",
        call(build_schedule, ONE, 1),
    ),
    Row(
        "core/schedule/__init__.py _check 1",
        call(build_schedule, replace(ONE, schedule="step", gamma=2.0), 10),
        "at most 1",
        call(build_schedule, replace(ONE, schedule="step", gamma=1.0), 10),
    ),
    Row(
        "core/serialization.py from_dict 1",
        call(from_dict, Recipe, [1]),
        "expected an object",
        call(from_dict, Recipe, {"max_lr": 1.0}),
    ),
    Row(
        "core/serialization.py from_dict 2",
        call(from_dict, Recipe, {"maxlr": 1.0}),
        "Did you mean 'max_lr'?",
        call(from_dict, Recipe, {"max_lr": 1.0}),
    ),
    Row(
        "core/serialization.py from_dict 3",
        call(from_dict, Recipe, {}),
        "max_lr",
        call(from_dict, Recipe, {"max_lr": 1.0}),
    ),
    Row(
        "core/serialization.py from_json 1",
        call(from_json, Recipe, "{max_lr: 1}"),
        "Not JSON",
        call(from_json, Recipe, '{"max_lr": 1}'),
    ),
]
