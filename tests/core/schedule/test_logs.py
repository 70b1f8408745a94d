"""The learning rates that the author of 1708.07120 logged, at every logged iteration.

`AUTOSUPERCONV_DATA` names the folder that holds `smith-logs/`. Caffe's cycles arrive after the last
of N iterations, so their rates are those of N + 1 steps; its multistep counts shares of N. The
tolerance is the rounding of the printed rates.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import tabulate

DATA = os.environ.get("AUTOSUPERCONV_DATA")
pytestmark = pytest.mark.skipif(DATA is None, reason="AUTOSUPERCONV_DATA is not set")
ROUNDING = 3e-5

TRIANGLES = (
    "clr3SS5kFig1a",
    "clr3SS5kMom85Fig11",
    "clr3SS5kNestFig9",
    "clr3SS5kTr10kTab1",
    "clr3SS5kTr20kTab1",
    "clr3SS5kTr30kTab1",
    "clr3SS5kTr40kTab1",
    "clr3SS5kWD-3Fig11",
    "clr3SS5kWD-5Fig11",
    "clr3SS5kWD-6Fig11",
)
RANGE_TESTS = {
    "lrRange3SS520kClip10Fig12a": 20_000,
    "lrRange3SS520kClip2Fig12a": 20_000,
    "lrRange3SS520kClip2Fig12b": 20_000,
    "range3Iter20kFig2b": 20_000,
    "range3Iter5kFig2b": 5_000,
}
STEPS_DOWN = {
    "lr35AdaGradFig9": 0.35,
    "lr35AdamFig9": 0.0035,
    "lr35Fig1a": 0.35,
    "lr35NestFig9": 0.35,
    "lr35Tr10kTab1": 0.35,
    "lr35Tr20kTab1": 0.35,
    "lr35Tr30kTab1": 0.35,
    "lr35Tr40kTab1": 0.35,
}


def logged(name: str) -> dict[int, float]:
    """Learning rate by iteration, as logged."""
    with (Path(DATA or "") / "smith-logs" / f"{name}.csv").open() as file:
        return {int(row["iteration"]): float(row["lr"]) for row in csv.DictReader(file)}


def assert_as_logged(name: str, recipe: Recipe, steps: int) -> None:
    log, table = logged(name), tabulate(recipe, steps)
    assert len(log) > 50
    ours = {iteration: table[min(iteration, steps - 1)].lr for iteration in log}
    assert ours == pytest.approx(log, rel=ROUNDING, abs=0)


@pytest.mark.parametrize("name", TRIANGLES)
def test_one_triangle_is_the_super_convergence_run(name: str) -> None:
    assert_as_logged(name, Recipe(3.0, schedule="triangular", div_factor=30), 10_001)


@pytest.mark.parametrize("name", RANGE_TESTS)
def test_a_linear_range_test_from_zero_is_the_authors(name: str) -> None:
    recipe = Recipe(3.0, schedule="lr_range_linear", div_factor=float("inf"))
    assert_as_logged(name, recipe, RANGE_TESTS[name] + 1)


@pytest.mark.parametrize("name", STEPS_DOWN)
def test_steps_at_five_and_seven_eighths_are_the_authors_baseline(name: str) -> None:
    recipe = Recipe(STEPS_DOWN[name], schedule="step", milestones=(0.625, 0.875))
    assert_as_logged(name, recipe, 80_000)
