"""The trade-off: what each change is worth, over both orders and as the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autosuperconv.core import format as fmt
from autosuperconv.core.tradeoff import Effect, Tradeoff, Worth, factor_name
from autosuperconv.reporting.figures.canvas import LIGHT, Sheet, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEAN, LAST = "candidate", "baseline"
"""Colours by role."""
NAMES = {
    MEAN: "over both orders: mean of the first and the last change",
    LAST: "last change: reverted in the winner",
}
NARROW_NAMES = {MEAN: "over both orders", LAST: "as the last change"}
MARKS = {MEAN: "o", LAST: "s"}


def tradeoff_height(tradeoff: Tradeoff, wide: bool = True) -> float:
    """Inches."""
    lines = sum(_lines(effect) for effect in tradeoff.effects)
    legend = 0.3 if wide else 0.2 * len(_shown(tradeoff))
    return 0.95 + legend + 0.31 * max(lines, 1) + 0.2 * len(tradeoff.effects)


def draw_effects(sheet: Sheet, tradeoff: Tradeoff) -> None:
    """A block a factor, the largest effect on top; filled where zero lies outside."""
    axes = sheet.figure.add_subplot()
    places, y = [], 0.0
    for effect in tradeoff.effects:
        places.append(y - (_lines(effect) - 1) / 2)
        for line, (role, worth) in enumerate(_ends(effect)):
            _mark(axes, y - line, role, worth)
        if effect.diverged:
            failed = f"{effect.diverged} of {effect.alone} runs diverged"
            failed = f"reverted alone, {failed}" if sheet.wide else failed
            write(axes, failed, (0, y - _lines(effect) + 1), LAST, shift=(9, 0), bold=True)
        y -= _lines(effect) + 0.65
    axes.axvline(0, color=LIGHT["ink"], lw=1.1)
    gap = "  " if sheet.wide else "\n"
    changes = [
        f"{factor_name(e.factor)}{gap}{e.baseline_value} \u2192 {e.winner_value}"
        for e in tradeoff.effects
    ]
    axes.set_yticks(places, changes)
    axes.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
    axes.set_ylim(y + 0.95, 0.8)
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.16)
    axes.set_xlabel(
        "costs accuracy \u2190 percentage points (95 % limits) \u2192 gains accuracy"
        if sheet.wide
        else "costs \u2190 percentage points \u2192 gains"
    )
    _legend(sheet, axes, tradeoff)


def _ends(effect: Effect) -> list[tuple[str, Worth]]:
    ends = ((MEAN, effect.mean), (LAST, effect.last))
    return [(role, worth) for role, worth in ends if worth is not None]


def _lines(effect: Effect) -> int:
    """How many lines a factor takes: one for each end, and one that tells of divergence."""
    return max(len(_ends(effect)) + (effect.diverged > 0), 1)


def _shown(tradeoff: Tradeoff) -> list[str]:
    present = {role for effect in tradeoff.effects for role, _ in _ends(effect)}
    return [role for role in NAMES if role in present]


def _mark(axes: Axes, y: float, role: str, worth: Worth) -> None:
    colour = LIGHT[role]
    if worth.low is not None and worth.high is not None:
        axes.plot(
            [100 * worth.low, 100 * worth.high], [y, y], color=colour, lw=2, solid_capstyle="butt"
        )
    face = colour if worth.separable else LIGHT["page"]
    axes.plot(
        [100 * worth.difference], [y], MARKS[role], ms=6.5, mfc=face, mec=colour, mew=1.6, zorder=4
    )
    text = fmt.points(worth.difference).replace("-", "\u2212")
    end = 100 * max(worth.difference, worth.highest)
    write(axes, text, (end, y), role, shift=(9, 0), bold=worth.separable)


def _legend(sheet: Sheet, axes: Axes, tradeoff: Tradeoff) -> None:
    shown = _shown(tradeoff)
    names = NAMES if sheet.wide else NARROW_NAMES
    handles = [
        axes.plot([], [], MARKS[role], color=LIGHT[role], ms=6.5, label=names[role])[0]
        for role in shown
    ]
    columns = min(len(shown), 2) if sheet.wide else 1
    sheet.figure.legend(handles=handles, loc="outside lower center", ncols=columns)
