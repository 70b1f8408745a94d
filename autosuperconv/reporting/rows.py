"""Rows of the tables that terminal, Markdown and page share, and the words in their cells.

Plain ASCII but for the sign of a spread, so that a terminal of any encoding can show it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from autosuperconv.core.format import (
    MISSING,
    count,
    counted,
    interval,
    known,
    number,
    percent,
    points,
)
from autosuperconv.core.range_test import Cell, RangeTest
from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.report import Report, Run
from autosuperconv.core.surrogate import Importance
from autosuperconv.core.trace import StopReason
from autosuperconv.core.tradeoff import Effect, Tradeoff, Worth, factor_name
from autosuperconv.core.verdict import Condition, ConditionName
from autosuperconv.reporting.reached import max_lr_text

STATES: dict[StopReason, str] = {
    StopReason.COMPLETED: "completed",
    StopReason.PRUNED: "pruned",
    StopReason.DIVERGED: "diverged",
    StopReason.ABOVE_EDGE: "above the edge",
    StopReason.OUT_OF_MEMORY: "out of memory",
}

ROLES = {
    "baseline": "baseline",
    "candidate": "candidate",
    "control": "compressed control",
}


def result_of(condition: Condition) -> str:
    """Of a condition: met, not met, open, not checked."""
    if condition.open:
        return "OPEN"
    return {True: "met", False: "NOT MET", None: "not checked"}[condition.met]


def possible(value: bool | None) -> str:
    """For a range test."""
    return {True: "possible", False: "not possible", None: "cannot tell"}[value]


def edge(value: float | None, is_bound: bool) -> str:
    """The edge of a cell: a lower bound is marked as one."""
    return f">= {number(value)}" if is_bound and known(value) else number(value)


def momentum(recipe: Recipe) -> str:
    """A constant, or the range of the cycle."""
    high, low = number(recipe.max_momentum), number(recipe.base_momentum)
    return high if high == low else f"{high} to {low}"


def worth(found: Worth | None) -> str:
    """E.g. "+0.31 (+0.12 to +0.50)"; a star where zero lies outside."""
    if found is None:
        return MISSING
    text = points(found.difference) + ("*" if found.separable else "")
    return text + (f" ({interval(found.low, found.high)})" if known(found.low) else "")


def effect_row(effect: Effect) -> tuple[str, ...]:
    """A factor's row in a table, under `EFFECT_HEADINGS`."""
    failed = f"{effect.diverged} of {effect.alone} diverged" if effect.diverged else ""
    last = [worth(effect.last)] if effect.last or not failed else []
    return (
        factor_name(effect.factor),
        effect.baseline_value,
        effect.winner_value,
        worth(effect.mean),
        ", ".join([*last, failed] if failed else last),
    )


EFFECT_HEADINGS = ("factor", "baseline", "winner", "over both orders", "as the last change")
EFFECT_CAPTION = (
    "What each change is worth, in percentage points of accuracy: over both orders, the mean of "
    "its worth as the first and as the last change; as the last change, the winner less the "
    "winner with the factor reverted. The 95 % limits hold for all of them at once."
)


def tradeoff_lines(tradeoff: Tradeoff) -> list[tuple[str, str]]:
    """Name and sentences of what is said of the trade-off beside its own sentence."""
    return [("Notes", " ".join(tradeoff.notes))] if tradeoff.notes else []


def surrogate_lines(report: Report) -> list[tuple[str, str]]:
    """Name and sentence of the surrogate's view: exchange rate, then each importance."""
    view = report.surrogate
    if view is None:
        return []
    return [
        ("Exchange rate", view.exchange.sentence),
        *((one.name, f"{shares(one)} ({one.question}).") for one in view.importances),
    ]


def shares(importance: Importance) -> str:
    """E.g. "epochs 62 %, max_lr 30 %"."""
    return ", ".join(
        f"{factor_name(name)} {percent(share, 0)}" for name, share in importance.shares.items()
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """Some accuracies in short."""

    mean: float | None
    """Their mean, a fraction of 1; None without any."""
    sd: float | None
    """Their standard deviation, a fraction of 1; None below two."""
    n: int
    """How many there are."""

    def __str__(self) -> str:
        if self.sd is None:
            return percent(self.mean)
        return f"{100 * (self.mean or 0):.2f} \u00b1 {100 * self.sd:.2f} %"


def spread(accuracies: Iterable[float | None]) -> Spread:
    """Over the runs that have an accuracy; the deviation needs two of them."""
    values = [value for value in accuracies if value is not None and math.isfinite(value)]
    if not values:
        return Spread(None, None, 0)
    return Spread(fmean(values), stdev(values) if len(values) > 1 else None, len(values))


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One side of the confirmation."""

    role: str
    """As in `Run.role`."""
    side: str
    """The role without the length, which colours are named by."""
    name: str
    """The role in words."""
    recipe: Recipe
    """That of the first seed."""
    samples: float
    """Mean over the seeds that completed; over all where none did."""
    seconds: float
    """Mean over the same seeds."""
    accuracy: Spread
    """Over the seeds that completed."""
    highest_lr: float
    """Of all seeds."""
    runs: tuple[Run, ...]
    """One for each seed."""

    @property
    def completed(self) -> str:
        """How many seeds are behind the numbers: "3", or "2 of 3"."""
        n, of = self.accuracy.n, len(self.runs)
        return str(n) if n == of else f"{n} of {of}"

    @property
    def text(self) -> str:
        """Accuracy, and of how many runs where some did not complete."""
        return f"{self.accuracy}" + (f" ({self.completed} runs)" if " " in self.completed else "")


def role_rows(runs: Sequence[Run]) -> list[RoleRow]:
    """Baseline, candidate and control, those that were run; then those of the other length."""
    others = sorted({run.role for run in runs if run.role.partition(":")[0] in ROLES} - {*ROLES})
    by_role = {r: tuple(run for run in runs if run.role == r) for r in (*ROLES, *others)}
    return [_role_row(role, own) for role, own in by_role.items() if own]


def _role_row(role: str, own: tuple[Run, ...]) -> RoleRow:
    side, _, length = role.partition(":")
    traces = [run.trace for run in own]
    completed = [trace for trace in traces if trace.completed] or traces
    return RoleRow(
        role=role,
        side=side,
        name=ROLES[side] + (f" at {length} x" if length else ""),
        recipe=traces[0].recipe,
        samples=fmean(trace.samples for trace in completed),
        seconds=fmean(trace.seconds for trace in completed),
        accuracy=spread(trace.accuracy for trace in traces if trace.completed),
        highest_lr=max(trace.highest_lr for trace in traces),
        runs=own,
    )


ROLE_HEADINGS = ("schedule", "max_lr", "epochs", "samples", "accuracy", "n")


def role_cells(row: RoleRow) -> tuple[str, ...]:
    """Under `ROLE_HEADINGS`."""
    return (
        row.recipe.schedule,
        max_lr_text(row.recipe, row.highest_lr),
        number(row.recipe.epochs),
        count(row.samples),
        str(row.accuracy),
        row.completed,
    )


def range_test_headings(range_test: RangeTest) -> tuple[str, ...]:
    """Headings of `range_test_cells`."""
    momentum = ("momentum",) if range_test.over_momentum else ()
    return ("batch_size", "weight_decay", *momentum, "floor", "edge", "retention")


def range_test_cells(range_test: RangeTest, cell: Cell) -> tuple[str, ...]:
    """What was swept, and what was read from it."""
    return (
        str(cell.batch_size),
        number(cell.weight_decay),
        *((number(cell.momentum),) if range_test.over_momentum else ()),
        number(cell.floor),
        edge(cell.edge, cell.edge_is_bound),
        percent(cell.retention, 0),
    )


def condition_value(condition: Condition) -> str:
    """Measured against bound: "5.62 (bound 5)"."""
    if not known(condition.value):
        return MISSING
    return f"{condition.value_text} (bound {condition.bound_text})"


def searched_fields(report: Report) -> tuple[str, ...]:
    """The recipe fields that were searched, in the recipe's order."""
    return tuple(name for name in RECIPE_FIELDS if name in report.setup.dimensions)


def shown_fields(report: Report) -> tuple[str, ...]:
    """The recipe fields worth a column beside each trial: those searched, and others that vary."""
    searched = searched_fields(report)
    recipes = [trial.recipe for trial in report.trials]
    varied = {n for n in RECIPE_FIELDS if len({getattr(recipe, n) for recipe in recipes}) > 1}
    return tuple(n for n in RECIPE_FIELDS if n in searched or n in varied - {"seed"})


def cost_total(report: Report) -> str:
    """What the search cost: "80 runs, 66.7 M samples (as many as 18 baseline runs)"."""
    cost = report.cost
    text = f"{counted(cost.runs, 'run')}, {count(cost.samples)} samples"
    if cost.baselines is None:
        return text
    return f"{text} (as many as {number(cost.baselines)} baseline runs)"


def lr_ratio(report: Report) -> float | None:
    """The winner's highest learning rate over the baseline's; None where they were not compared."""
    if report.winner is None or not report.verdict.conditions:
        return None
    return report.verdict.condition(ConditionName.LARGE_LR).value


def winner_number(report: Report) -> int | None:
    """The trial whose settings won, which the confirmation may train at another length; None where
    there is none."""
    winner = report.winner
    if winner is None:
        return None
    exact = [trial.number for trial in report.trials if trial.recipe == winner]
    like = {"epochs": winner.epochs, "seed": winner.seed}
    close = [t.number for t in report.trials if replace(t.recipe, **like) == winner]  # type: ignore[arg-type]
    return next(iter(exact + close), None)
