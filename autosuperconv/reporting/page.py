"""The report as one page: no other file, no address to load from, to mail or to keep."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autosuperconv.core import format as fmt
from autosuperconv.core.optional import Tell, optional
from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.recipe_file import RECIPE_FILE, recipe_file
from autosuperconv.core.report import Report, Run, Trial
from autosuperconv.core.tradeoff import factor_name
from autosuperconv.reporting import captions, findings, rows
from autosuperconv.reporting.figures.canvas import DARK, LIGHT
from autosuperconv.reporting.figures.pictures import PICTURES, picture_svg
from autosuperconv.reporting.key_figures import KeyFigure, target_figures
from autosuperconv.reporting.reached import max_lr_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table that can be sorted."""

    text: str
    """What is shown."""
    key: str | float = ""
    """What the column is sorted by."""
    number: bool = True
    """Whether the column is sorted by number; else by text."""


def render_page(report: Report, tell: Tell | None = None) -> str:
    """The page as HTML text. Everything that a user wrote is escaped.

    Args:
        report: what it shows.
        tell: takes a sentence for each picture that cannot be drawn; None: that is an error.
    """
    template = _environment().get_template("report.html.j2")
    roles = rows.role_rows(report.confirmation)
    searched = rows.searched_fields(report)
    fields = rows.shown_fields(report)
    return template.render(
        report=report,
        outcome=report.verdict.outcome.label.upper(),
        answer=report.verdict.answer or report.verdict.sentence,
        figures_of_it=captions.figures_of_it(report),
        lines=findings.reader_lines(report),
        key_figures=key_figures(report),
        cost_caption=captions.cost_caption(report),
        figures=_figures(report, tell),
        roles=roles,
        role_fields=[[_role_cell(row, name) for name in searched] for row in roles],
        fields=fields,
        searched=searched,
        trials=[_trial_cells(report, trial, fields) for trial in report.trials],
        effects=[rows.effect_row(effect) for effect in report.tradeoff.effects],
        plane_caption=captions.plane_caption(report),
        importances=importance_rows(report),
        tuning=[_tuning_cells(run, searched) for run in tuning_runs(report)],
        winner=rows.winner_number(report),
        recipes=shown_recipes(report),
        about_baseline=captions.about_baseline(report),
        curves_caption=captions.curves_caption(report),
        total=rows.cost_total(report),
        factor_name=factor_name,
        fmt=fmt,
        rows=rows,
        light=LIGHT,
        dark=DARK,
    )


def tuning_runs(report: Report) -> tuple[Run, ...]:
    """Every run that was made to tune the baseline."""
    return () if report.baseline is None else report.baseline.tuning


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("autosuperconv.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minus"] = minus
    return environment


def minus(text: object) -> str:
    """Write the sign of a negative number as a minus sign; other hyphens, as in 1e-4, stay."""
    shown = re.sub(r"(?<![\w.-])-(?=\d)", "\u2212", str(text))
    return "\u2013" if shown == fmt.MISSING else shown


def _figures(report: Report, tell: Tell | None) -> dict[str, dict[str, Markup]]:
    """By name, the SVG for a desktop and for a phone; the page's style shows one of them."""
    from markupsafe import Markup

    figures = {}
    for name in PICTURES:
        with optional(f"The picture {name!r}", tell) if tell else nullcontext():
            wide, narrow = (picture_svg(name, report, wide=size) for size in (True, False))
            if wide and narrow:
                figures[name] = {"wide": Markup(wide), "narrow": Markup(narrow)}
    return figures


def key_figures(report: Report) -> tuple[KeyFigure, ...]:
    """Speed-up, accuracy, learning rate and cost: the first screen."""
    if report.answer is not None:
        return target_figures(report, report.answer)
    verdict, accuracy = report.verdict, report.verdict.against_baseline
    took, against = fmt.count(verdict.candidate_samples), fmt.count(verdict.baseline_samples)
    speed = f"{took} instead of {against} samples"
    if verdict.speedup_low is not None and verdict.speedup_high is not None:
        ends = f"{fmt.number(verdict.speedup_low)} to {fmt.number(verdict.speedup_high)}"
        speed += f"; 90 % interval {ends}"
    between = fmt.interval(accuracy.low, accuracy.high)
    sure = f"{fmt.level(accuracy.confidence)} interval {between}"
    seeds = "single runs" if verdict.single_run else sure
    highest = {row.role: fmt.number(row.highest_lr) for row in rows.role_rows(report.confirmation)}
    recorded = max((c.max_lr for c in report.setup.options.baseline_curves), default=None)
    against_lr = highest.get("baseline", fmt.number(recorded))
    rates = f"up to {highest.get('candidate', fmt.MISSING)} against {against_lr}"
    shown = (
        KeyFigure("Speed-up", fmt.times(verdict.speedup), speed),
        KeyFigure(
            "Accuracy difference", fmt.points(accuracy.difference), f"percentage points; {seeds}"
        ),
        KeyFigure("Learning rate", fmt.times(rows.lr_ratio(report)), rates),
        KeyFigure("The search took", fmt.duration(report.wall_seconds), rows.cost_total(report)),
    )
    return tuple(
        KeyFigure(key.name, "\u2013", "not measured") if key.value == fmt.MISSING else key
        for key in shown
    )


def shown_recipes(report: Report) -> list[tuple[str, str, str]]:
    """What a recipe is, its file, and its text as Python; the recommended one first."""
    found = report.recommendation
    if found is None:
        winner = report.winner
        return [] if winner is None else [("", RECIPE_FILE, recipe_lines(winner))]
    best, *others = found.every
    return [
        (best.label, RECIPE_FILE, recipe_lines(best.recipe)),
        *((one.label, recipe_file(one.role), recipe_lines(one.recipe)) for one in others),
    ]


def _field_cell(recipe: Recipe, name: str) -> TableCell:
    value = getattr(recipe, name)
    if isinstance(value, int | float):
        return TableCell(fmt.number(value), value)
    return TableCell(str(value), str(value), number=False)


def _role_cell(row: rows.RoleRow, name: str) -> TableCell:
    if name == "max_lr":
        return TableCell(max_lr_text(row.recipe, row.highest_lr), row.highest_lr)
    return _field_cell(row.recipe, name)


def _sortable(value: float | None) -> float:
    return value if value is not None and value == value else -1.0


def _trial_cells(report: Report, trial: Trial, fields: tuple[str, ...]) -> list[TableCell]:
    relative = None if trial.edge is None else trial.recipe.max_lr / trial.edge
    return [
        TableCell(str(trial.number), trial.number),
        TableCell(rows.STATES[trial.state], trial.state, number=False),
        TableCell(fmt.percent(trial.accuracy), _sortable(trial.accuracy)),
        TableCell(fmt.count(trial.samples), trial.samples),
        *(_field_cell(trial.recipe, name) for name in fields),
        TableCell(fmt.number(relative), _sortable(relative)),
        TableCell(fmt.duration(trial.seconds), trial.seconds),
        TableCell(trial_note(report, trial), "", number=False),
    ]


def trial_note(report: Report, trial: Trial) -> str:
    """What is particular about a trial."""
    notes = ["its settings won"] if trial.number == rows.winner_number(report) else []
    notes += ["reaches the target"] if trial.feasible else []
    notes += ["best at its cost"] if trial.on_front else []
    if trial.would_prune_at is not None:
        phase = f"{trial.would_prune_at:.2f}"
        notes.append(f"kept running although the pruner would have stopped it at phase {phase}")
    return "; ".join([*notes, trial.detail] if trial.detail else notes)


def _tuning_cells(run: Run, fields: tuple[str, ...]) -> list[TableCell]:
    trace = run.trace
    return [
        *(_field_cell(trace.recipe, name) for name in fields),
        TableCell(fmt.percent(trace.accuracy), _sortable(trace.accuracy)),
        TableCell(fmt.count(trace.samples), trace.samples),
        TableCell(fmt.duration(trace.seconds), trace.seconds),
        TableCell(trace.stopped_because, trace.stopped_because, number=False),
    ]


def importance_rows(report: Report) -> list[tuple[str, list[float]]]:
    """Field, then its share by each evaluator; the fields in the first one's order."""
    found = report.surrogate.importances if report.surrogate else ()
    names = list(found[0].shares) if found else []
    return [(name, [one.shares.get(name, 0.0) for one in found]) for name in names]


def recipe_lines(recipe: Recipe | None) -> str:
    """The winner as Python, ready to paste; "" without one."""
    if recipe is None:
        return ""
    lines = (f"    {name}={getattr(recipe, name)!r}," for name in RECIPE_FIELDS)
    return "\n".join(["Recipe(", *lines, ")"])
