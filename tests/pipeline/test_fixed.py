"""A single value for a dimension is that of every run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import nn

import autosuperconv
from autosuperconv import SearchOptions
from autosuperconv.core.report import Report
from autosuperconv.core.space import Choices, Dimension, Range
from autosuperconv.pipeline.fixed import about_fixed, as_point


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.0), nn.Linear(16, 2))


def searched(folder: Path, space: dict[str, Dimension]) -> Report:
    y = np.arange(300) % 2
    x = np.random.default_rng(0).normal(size=(300, 4)) + 2 * y[:, None]
    options = SearchOptions(
        storage=str(folder / "s.journal"),
        out=folder / "out",
        trials=2,
        epochs=(1.0, 2.0),
        baseline_epochs=2.0,
        seeds=2,
        max_seeds=2,
        device="cpu",
        workers=1,
        precision="float32",
        memory_format="contiguous",
        space={"batch_size": Choices((32,)), **space},
    )
    return autosuperconv.search(network, (x.astype(np.float32), y), options)


SPACES: list[dict[str, float]] = [
    {"weight_decay": 0.0, "label_smoothing": 0.05},
    {"weight_decay": 1e-4, "dropout": 0.1},
    {"dropout": 0.0, "base_momentum": 0.8, "max_momentum": 0.9},
]


@pytest.mark.slow
@pytest.mark.parametrize("values", SPACES)
def test_no_run_of_a_search_has_another_value(values: dict[str, float], tmp_path: Path) -> None:
    logged = ("weight_decay",)
    report = searched(tmp_path, {n: Range(v, v, log=n in logged) for n, v in values.items()})
    runs = [run.trace.recipe for run in (*report.baseline.tuning, *report.confirmation)]
    for name, value in values.items():
        assert {getattr(r, name) for r in (*runs, *(t.recipe for t in report.trials))} == {value}
        assert name not in {effect.factor for effect in report.tradeoff.effects}
    if "weight_decay" in values:
        assert {cell.weight_decay for cell in report.range_test.cells} == {values["weight_decay"]}
    named = [choice for choice in report.plan.choices if choice.startswith("Fixed in every run")]
    assert len(named) == 1


def test_the_plan_names_what_is_fixed_and_what_a_fixed_learning_rate_means() -> None:
    space: dict[str, Dimension] = {
        "weight_decay": Range(0.0, 0.0),
        "batch_size": Choices((32,)),
        "dropout": Range(0.0, 0.2),
    }
    (fixed,) = about_fixed(space)
    assert (
        fixed
        == "Fixed in every run, sweeps and baseline included: weight decay 0 and batch size 32."
    )
    assert about_fixed({"max_lr": Range(0.5, 0.5)}) == (
        "max_lr is fixed at 0.5 for the cycles. The range test sweeps up to it, and the "
        "baseline's learning rate is tuned all the same.",
    )
    assert about_fixed({"max_lr": Range(0.1, 0.5)}) == ()


def test_a_single_value_is_on_no_scale() -> None:
    assert as_point(Range(0.0, 0.0, log=True)) == Range(0.0, 0.0)
    assert as_point(Range(1e-5, 1e-4, log=True)) == Range(1e-5, 1e-4, log=True)
