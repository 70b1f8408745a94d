"""Every picture of a report, as SVG for the page: wide, and narrow for a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autosuperconv.core import format as fmt
from autosuperconv.core.report import Report
from autosuperconv.core.tradeoff import factor_name
from autosuperconv.reporting import rows
from autosuperconv.reporting.figures import canvas
from autosuperconv.reporting.figures.accuracy_cost import draw_cost
from autosuperconv.reporting.figures.canvas import Sheet
from autosuperconv.reporting.figures.learning_curves import draw_curves
from autosuperconv.reporting.figures.lr_weight_decay import draw_plane
from autosuperconv.reporting.figures.range_test import (
    cell_title,
    draw_range_test,
    range_test_height,
)
from autosuperconv.reporting.figures.tradeoff import draw_effects, tradeoff_height


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a report."""

    draw: Callable[[Sheet, Report], None]
    """Draws it on a sheet."""
    shown: Callable[[Report], bool]
    """Whether there is anything to draw."""
    height: Callable[[Report, bool], float]
    """Inches, for a desktop (True) or a phone (False)."""
    label: Callable[[Report], str]
    """What it shows, in a sentence with numbers."""


def _cost_label(report: Report) -> str:
    roles = rows.role_rows(report.confirmation)
    ends = "; ".join(
        f"{row.name} {row.text} after {fmt.count(row.samples)} samples" for row in roles
    )
    return f"Accuracy against training samples of {len(report.trials)} trials. {ends}"


def _range_test_label(report: Report) -> str:
    cells = "; ".join(
        f"{cell_title(cell)}, edge {rows.edge(cell.edge, cell.edge_is_bound)}"
        for cell in report.range_test.cells
    )
    return f"Accuracy and training loss against the learning rate. {cells}"


def _effects_label(report: Report) -> str:
    effects = "; ".join(
        f"{factor_name(e.factor)} {rows.worth(e.mean)} points over both orders, "
        f"{rows.worth(e.last)} as the last change"
        for e in report.tradeoff.effects
    )
    return f"What each change from the baseline to the winner is worth. {effects}"


def _count_label(what: str) -> Callable[[Report], str]:
    return lambda report: f"{what} of {len(report.trials)} trials, all in the table below."


PICTURES: dict[str, Picture] = {
    "cost": Picture(
        draw_cost,
        lambda report: bool(report.trials or report.confirmation),
        lambda _, wide: 4.7 if wide else 4.6,
        _cost_label,
    ),
    "curves": Picture(
        draw_curves,
        lambda report: bool(report.trials),
        lambda _, wide: 5.0 if wide else 4.4,
        _count_label("Accuracy against the phase of the run"),
    ),
    "effects": Picture(
        lambda sheet, report: draw_effects(sheet, report.tradeoff),
        lambda report: bool(report.tradeoff.effects),
        lambda report, wide: tradeoff_height(report.tradeoff, wide),
        _effects_label,
    ),
    "plane": Picture(
        draw_plane,
        lambda report: bool(report.trials),
        lambda _, wide: 4.6,
        _count_label("Learning rate and weight decay"),
    ),
    "range-test": Picture(
        lambda sheet, report: draw_range_test(sheet, report.range_test),
        lambda report: bool(report.range_test.cells),
        lambda report, wide: range_test_height(report.range_test, wide),
        _range_test_label,
    ),
}


def picture_svg(name: str, report: Report, *, wide: bool = True) -> str | None:
    """A picture as an `<svg>` element; None where there is nothing to draw.

    Args:
        name: a key of `PICTURES`.
        wide: for a page; else for a phone.
    """
    picture = PICTURES[name]
    if not picture.shown(report):
        return None
    return canvas.svg(
        lambda sheet: picture.draw(sheet, report),
        picture.height(report, wide),
        wide=wide,
        label=picture.label(report),
        prefix=f"{name}-{'wide' if wide else 'narrow'}",
    )
