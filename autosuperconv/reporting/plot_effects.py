"""The trade-off: what putting one factor back costs or gains, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autosuperconv.core.tradeoff import Effect, Tradeoff
from autosuperconv.reporting import words
from autosuperconv.reporting.canvas import LIGHT, Sheet, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def height(tradeoff: Tradeoff) -> float:
    """Inches."""
    return 1.0 + 0.48 * max(len(tradeoff.effects), 1)


def draw_effects(sheet: Sheet, tradeoff: Tradeoff) -> None:
    """One line a factor, the largest effect on top; filled where zero lies outside."""
    axes = sheet.figure.add_subplot()
    effects = tradeoff.effects
    for place, effect in enumerate(effects):
        _effect(axes, -place, effect)
    axes.axvline(0, color=LIGHT["ink"], lw=1.1)
    axes.set_yticks([-i for i in range(len(effects))], [name(e, sheet.wide) for e in effects])
    axes.tick_params(axis="y", length=0, labelcolor=LIGHT["ink"])
    axes.set_ylim(0.6 - len(effects), 0.6)
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.16)
    axes.set_xlabel(
        "worse \u2190 change of accuracy when put back, points (95 % interval) \u2192 better"
        if sheet.wide
        else "worse \u2190 change when put back, points \u2192 better"
    )


def name(effect: Effect, wide: bool) -> str:
    """E.g. "weight decay 2e-4 -> 1e-3"."""
    change = f"{effect.winner_value} \u2192 {effect.baseline_value}"
    return f"{words.factor(effect.factor)}{'  ' if wide else chr(10)}{change}"


def _effect(axes: Axes, y: int, effect: Effect) -> None:
    colour = LIGHT["candidate" if effect.separable else "completed"]
    if effect.low is not None and effect.high is not None:
        axes.plot([effect.low, effect.high], [y, y], color=colour, lw=2.2, solid_capstyle="butt")
    face = colour if effect.separable else LIGHT["page"]
    axes.plot([effect.points], [y], "o", ms=7, mfc=face, mec=colour, mew=1.6, zorder=4)
    text = words.points(effect.points).replace("-", "\u2212")
    if effect.diverged:
        text += f", {effect.diverged} of {effect.runs} diverged"
    role = "candidate" if effect.separable else "completed"
    write(axes, text, (effect.points, y), role, shift=(0, 11), align="center", bold=True)
