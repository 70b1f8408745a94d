"""Can this network, on this data, be trained several times faster with one large learning-rate
cycle, at no loss of accuracy, and which regularization must give way for it?

`search` answers it, `range_test` and `plan` are its first steps, `train` trains one recipe.
Importing this package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.core.space import Choices, Range
from autosuperconv.core.verdict import Verdict, judge

if TYPE_CHECKING:
    from autosuperconv.api import plan, range_test, search, train

__version__ = "0.1.0"
__all__ = [
    "Choices",
    "Range",
    "Recipe",
    "Report",
    "SearchOptions",
    "Verdict",
    "judge",
    "plan",
    "range_test",
    "search",
    "train",
]
LAZY = ("plan", "range_test", "search", "train")  # they import torch


def __getattr__(name: str) -> object:
    if name in LAZY:
        return getattr(import_module("autosuperconv.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
