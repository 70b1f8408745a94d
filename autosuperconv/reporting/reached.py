"""The learning rates that runs had, where their schedule does not get to its max_lr."""

from __future__ import annotations

from autosuperconv.core.format import number
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.core.schedule.reach import REACHED


def reached_share(report: Report) -> float:
    """Highest learning rate of the winner's runs over their max_lr; 1 where no run completed."""
    every = [run.trace for run in report.confirmation if run.role == "candidate"]
    shares = [trace.highest_lr / trace.recipe.max_lr for trace in every if trace.completed]
    return max(shares, default=1.0)


def max_lr_text(recipe: Recipe, highest: float) -> str:
    """The setting, and what the run had where that is another: "0.26 (0.1 reached)"."""
    text = number(recipe.max_lr)
    return text if highest >= REACHED * recipe.max_lr else f"{text} ({number(highest)} reached)"
