"""Can this network, on this data, be trained several times faster with one large learning-rate
cycle, at no loss of accuracy, and which regularization must give way for it?

`search` answers this question, `plan` and `range_test` are its first steps, `train` trains one
recipe, and `judge` applies the verdict to recorded runs of any origin. Importing this package does
not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.core.space import Choices, Range
from autosuperconv.core.trace import Trace
from autosuperconv.core.verdict import Criterion, RunCurve, Verdict, judge
from autosuperconv.training.data import load_dataset
from autosuperconv.training.models import model_factory

if TYPE_CHECKING:
    from autosuperconv.api import plan, range_test, search, train

__version__ = "0.1.0"
__all__ = [
    "Choices",
    "Criterion",
    "LrMomentum",
    "Range",
    "Recipe",
    "Report",
    "RunCurve",
    "SearchOptions",
    "Trace",
    "Verdict",
    "judge",
    "load_dataset",
    "model_factory",
    "plan",
    "range_test",
    "search",
    "train",
]
LAZY = ("plan", "range_test", "search", "train")  # their module imports torch and optuna


def __getattr__(name: str) -> object:
    if name in LAZY:
        return getattr(import_module("autosuperconv.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
