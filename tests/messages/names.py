"""Recipe files, options, spaces, and names of the user's own."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe_file import read_recipe
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.core.verdict import RunCurve
from autosuperconv.importing import import_callable
from tests.messages.core import ONE, written
from tests.messages.table import Row, call


def module(name: str, text: str) -> None:
    """A module of that name in the current folder, imported anew."""
    written(f"{name}.py", text)
    sys.modules.pop(name, None)
    sys.path.insert(0, str(Path.cwd()))


def user_schedule(body: str) -> object:
    module("mine_schedule", f"def f(progress): return {body}\n")
    schedule = build_schedule(replace(ONE, schedule="mine_schedule:f"), 10)
    return schedule(0.5)


def named(text: str, name: str) -> object:
    module("mine_named", text)
    return import_callable("--schedule", name)


FILE = "core/recipe_file.py"
CURVE = RunCurve((1.0, 2.0), (0.5, 0.9), 0.9, 0.1)

ROWS = [
    Row(
        f"{FILE} read_recipe 1",
        call(read_recipe, "{max_lr: 1}"),
        '{"max_lr": 0.1, "epochs": 10}',
        call(read_recipe, '{"max_lr": 0.1, "epochs": 10}'),
    ),
    Row(
        f"{FILE} read_recipe 2",
        call(read_recipe, "[1]"),
        '{"max_lr": 0.1, "epochs": 10}',
        call(read_recipe, '{"max_lr": 0.1, "epochs": 10}'),
    ),
    Row(
        f"{FILE} check_fields 1",
        call(read_recipe, '{"max_lr": 1, "epoch": 1}'),
        "Did you mean 'epochs'?",
        call(read_recipe, '{"max_lr": 1, "epochs": 1}'),
    ),
    Row(
        f"{FILE} check_fields 2",
        call(read_recipe, '{"epochs": 1}'),
        'as in "max_lr": 0.1',
        call(read_recipe, '{"epochs": 1, "max_lr": 0.1}'),
    ),
    Row(
        f"{FILE} check_fields 3",
        call(read_recipe, '{"max_lr": "high"}'),
        'as in "max_lr": 0.1',
        call(read_recipe, '{"max_lr": 0.1}'),
    ),
    Row(
        f"{FILE} _once 1",
        call(read_recipe, '{"max_lr": 1, "max_lr": 2}'),
        "Remove one",
        call(read_recipe, '{"max_lr": 1}'),
    ),
    Row(
        "core/options.py SearchOptions._check_baseline 1",
        call(SearchOptions, baseline=ONE, baseline_curves=(CURVE,)),
        "Give either baseline",
        call(SearchOptions, baseline_curves=(CURVE,)),
    ),
    Row(
        "core/options.py SearchOptions._check_baseline 2",
        call(SearchOptions, baseline=ONE, baseline_epochs=3.0),
        "Leave baseline_epochs out",
        call(SearchOptions, baseline=ONE),
    ),
    Row(
        "core/options.py SearchOptions._check_question 1",
        call(SearchOptions, target=0.9, objective="accuracy"),
        "Give one of the two",
        call(SearchOptions, target=0.9),
    ),
    Row(
        "core/options.py SearchOptions._check_question 2",
        call(SearchOptions, no_baseline=True),
        "Give the accuracy to reach (target)",
        call(SearchOptions, no_baseline=True, target=0.9),
    ),
    Row(
        "core/options.py SearchOptions._check_question 3",
        call(SearchOptions, no_baseline=True, target=0.9, baseline_epochs=9.0),
        "The longest cycle is given by epochs",
        call(SearchOptions, no_baseline=True, target=0.9, epochs=(1.0, 9.0)),
    ),
    Row(
        "core/options.py SearchOptions.__post_init__ 1",
        call(SearchOptions, space={"epochs": Range(1.0, 2.0)}),
        "as SearchOptions.epochs",
        call(SearchOptions, epochs=(1.0, 2.0)),
    ),
    Row(
        "core/options.py _check 1",
        call(SearchOptions, trials=0),
        "at least 1",
        call(SearchOptions, trials=1),
    ),
    Row(
        "core/schedule/user.py UserSchedule.__call__ 1",
        call(user_schedule, "'high'"),
        "a factor of max_lr",
        call(user_schedule, "0.5"),
    ),
    Row(
        "core/schedule/user.py UserSchedule.__call__ 2",
        call(user_schedule, "-1.0"),
        "at least 0",
        call(user_schedule, "0.0"),
    ),
    Row(
        "core/space.py SearchSpace.__post_init__ 1",
        call(SearchSpace, {"lr": Range(0.1, 1.0)}),
        "Did you mean 'max_lr'?",
        call(SearchSpace, {"max_lr": Range(0.1, 1.0)}),
    ),
    Row(
        "core/space.py SearchSpace.__post_init__ 2",
        call(SearchSpace, {"batch_size": Choices(())}),
        "must not be empty",
        call(SearchSpace, {"batch_size": Choices((8,))}),
    ),
    Row(
        "core/space.py check_kind 1",
        call(SearchSpace, {"optimizer": Choices((1,))}),
        "Set it in SearchOptions.base",
        call(SearchOptions, base=replace(ONE, optimizer="adam")),
    ),
    Row(
        "core/space.py check_kind 2",
        call(SearchSpace, {"batch_size": Range(8, 16)}),
        "must be given as Choices",
        call(SearchSpace, {"batch_size": Choices((8, 16))}),
    ),
    Row(
        "core/space.py check_range 1",
        call(SearchSpace, {"max_lr": Range(1.0, 0.1)}),
        "LOW <= HIGH",
        call(SearchSpace, {"max_lr": Range(0.1, 1.0)}),
    ),
    Row(
        "core/space.py check_range 2",
        call(SearchSpace, {"weight_decay": Range(0.0, 0.1, True)}),
        "Begin above 0, as in 1e-06:0.1, or give 0 alone",
        lambda: [
            SearchSpace({"weight_decay": r})
            for r in (Range(1e-6, 0.1, True), Range(0.0, 0.0, True))
        ],
    ),
    Row(
        "core/space.py check_range 3",
        call(SearchSpace, {"weight_decay": Range(-1.0, 0.1)}),
        "not be negative",
        call(SearchSpace, {"weight_decay": Range(0.0, 0.1)}),
    ),
    Row(
        "importing.py import_callable 1",
        call(named, "def f(x): return x", "./mine_named.py:f(1)"),
        "Write mine_named:f.",
        call(named, "def f(x): return x", "mine_named:f"),
    ),
    Row(
        "importing.py import_callable 2",
        call(import_callable, "--schedule", "mine_unwritten:f"),
        "change to the folder that holds it",
        call(named, "def f(x): return x", "mine_named:f"),
    ),
    Row(
        "importing.py import_callable 3",
        call(named, "def falling(x): return x", "mine_named:fal"),
        "Did you mean mine_named:falling?",
        call(named, "def falling(x): return x", "mine_named:falling"),
    ),
    Row(
        "importing.py import_callable 4",
        call(named, "def f(x): return x\nn = 3", "mine_named:n"),
        "It defines f.",
        call(named, "def f(x): return x\nn = 3", "mine_named:f"),
    ),
]
