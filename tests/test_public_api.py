"""The package's public names, and the same functions by every way to reach them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import autosuperconv
from autosuperconv import Recipe, SearchOptions, train
from autosuperconv.core.trace import Trace
from autosuperconv.errors import DataError, InvalidInput, InvalidRecipe, UnknownName

NAMES = {
    *("Choices", "Criterion", "LrMomentum", "Range", "Recipe", "Report", "RunCurve"),
    *("SearchOptions", "Trace", "Verdict"),
    *("judge", "load_dataset", "model_factory", "plan", "range_test", "search", "train"),
}


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_public_names_are_these() -> None:
    assert set(autosuperconv.__all__) == NAMES
    assert all(getattr(autosuperconv, name) is not None for name in NAMES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'serach'"):
        _ = autosuperconv.serach


HEAVY = {
    *("torch", "torchvision", "optuna", "scipy", "sklearn", "joblib", "pandas"),
    *("matplotlib", "plotly", "jinja2", "rich", "sqlalchemy"),
}
CLI = "from autosuperconv.cli.commands import cli; cli({}, standalone_mode=False)"


@pytest.mark.parametrize(
    "code",
    [
        "import autosuperconv",
        "import autosuperconv.cli.commands",
        CLI.format(["--version"]),
        CLI.format(["--help"]),
        CLI.format(["search", "--help"]),
    ],
)
def test_neither_an_import_nor_a_help_page_loads_a_heavy_library(code: str) -> None:
    loaded = python(f"import sys\n{code}\nprint(*{{m.split('.')[0] for m in sys.modules}})")
    assert "autosuperconv" in loaded.splitlines()[-1].split()
    assert set(loaded.splitlines()[-1].split()) & HEAVY == set()


def test_judging_recorded_runs_needs_no_torch() -> None:
    code = (
        "import sys\nfrom autosuperconv import RunCurve, judge\n"
        "runs = [RunCurve((100.0, 200.0), (0.5, 0.9), 0.9, 0.1, seed=s) for s in (1, 2)]\n"
        "print(judge(runs, runs).outcome, 'torch' in sys.modules)"
    )
    assert python(code) == "stable-but-short False"


def test_search_is_the_function_before_and_after_the_command_line_was_imported() -> None:
    code = (
        "import autosuperconv; first = autosuperconv.search\n"
        "import autosuperconv.cli.commands\n"
        "from autosuperconv import search, plan, range_test, train\n"
        "print(first is search is autosuperconv.search)\n"
        "print([f.__module__ for f in (search, plan, range_test, train)])"
    )
    assert python(code).splitlines() == ["True", str(["autosuperconv.api"] * 4)]


def blobs(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    return (rng.normal(size=(n, 4)) + 3 * np.eye(3, 4)[y]).astype(np.float32), y


def network() -> nn.Module:
    return nn.Linear(4, 3)


RECIPE = Recipe(max_lr=0.1, epochs=3.0, batch_size=16)


def check(trace: Trace) -> None:
    assert trace.completed
    assert trace.accuracy is not None
    assert trace.accuracy > 0.9


def test_arrays_and_a_function_of_a_module() -> None:
    check(train(network, blobs(), RECIPE, device="cpu"))


def test_tensors_and_a_lambda() -> None:
    x, y = blobs()
    data = (torch.from_numpy(x), torch.from_numpy(y))
    check(train(lambda: nn.Linear(4, 3), data, RECIPE, device="cpu"))


def test_a_torch_dataset_and_a_class() -> None:
    class Net(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 3)

    x, y = blobs()
    data = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    check(train(Net, data, RECIPE, device="cpu"))


def test_values_that_are_not_numbers_are_refused() -> None:
    x, y = blobs()
    x[7, 2] = np.nan
    with pytest.raises(DataError, match=r"NaN|finite"):
        train(network, (x, y), RECIPE, device="cpu")


def test_labels_below_zero_are_refused() -> None:
    x, y = blobs()
    with pytest.raises(DataError, match="labels"):
        train(network, (x, y - 1), RECIPE, device="cpu")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_rate_that_is_no_rate_is_refused(value: float) -> None:
    with pytest.raises(InvalidRecipe, match=r"Recipe.max_lr must be"):
        Recipe(max_lr=value)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"max_lr": "0.1"}, "max_lr must be a number, but got '0.1'"),
        ({"max_lr": 0.1, "batch_size": 16.5}, "batch_size must be a whole number, but got 16.5"),
        ({"max_lr": 0.1, "seed": None}, "seed must be a whole number, but got None"),
        ({"max_lr": 0.1, "div_factor": float("nan")}, "div_factor must be finite, but got nan"),
    ],
)
def test_a_recipe_of_another_kind_is_refused(wrong: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRecipe, match=rule):
        Recipe(**wrong)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"trials": "3"}, "trials must be a whole number, but got 3"),
        ({"seeds": 2.5}, "seeds must be a whole number, but got 2.5"),
        ({"timeout": "1h"}, "timeout must be a number, but got '1h'"),
        ({"storage": Path("s.journal")}, "storage must be a storage's URL or a journal's path, as"),
        ({"device": torch.device("cpu")}, "device must be a name, such as 'cpu', but got device"),
        ({"base": {"max_lr": 1.0}}, "base must be a Recipe, but got"),
        ({"criterion": 0.01}, "criterion must be a Criterion, but got 0.01"),
        ({"epochs": 5}, r"epochs must be \(shortest, longest\), but got 5"),
        ({"epochs": ()}, r"epochs must be \(shortest, longest\), but got \(\)"),
    ],
)
def test_an_option_of_another_kind_is_refused(wrong: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInput, match=rule):
        SearchOptions(**wrong)


def test_a_run_is_measured_on_validation_or_test_and_nothing_else() -> None:
    with pytest.raises(UnknownName, match=r"Unknown split 'train'\. Known: test, validation"):
        train(network, blobs(), RECIPE, "train", device="cpu")  # type: ignore[arg-type]
