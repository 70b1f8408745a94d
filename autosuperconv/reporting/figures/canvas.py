"""The sheet that every picture is drawn on: size, colours, labels.

matplotlib is imported inside the functions: it takes most of a second, and whoever only prints
a summary does not need it. No pyplot, so nothing global is left behind.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autosuperconv.core.trace import StopReason
from autosuperconv.reporting.figures.svg import themed

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

LIGHT = {
    "ink": "#1a1d21",
    "soft": "#565d66",
    "page": "#ffffff",
    "grid": "#e1e5ea",
    "baseline": "#0068a8",
    "candidate": "#c8420a",
    "control": "#00795a",
    StopReason.COMPLETED: "#64748b",
    StopReason.PRUNED: "#7d8896",
    StopReason.DIVERGED: "#a3387e",
    StopReason.ABOVE_EDGE: "#a86400",
    StopReason.OUT_OF_MEMORY: "#6d5bb0",
    "ramp-1": "#dbe9f6",
    "ramp-2": "#a6cee4",
    "ramp-3": "#5ba3cf",
    "ramp-4": "#1f6eb3",
    "ramp-5": "#083d7f",
}
"""By role: hues from Okabe and Ito's set, which colour-blind readers tell apart, darkened to a
contrast of at least 4.5 on white where they colour text. No two values are equal, so that each
can be replaced in an SVG."""

DARK = {
    "ink": "#e8eaed",
    "soft": "#a9b1bb",
    "page": "#14171b",
    "grid": "#2e353d",
    "baseline": "#5cb3ee",
    "candidate": "#ff8d4f",
    "control": "#35c99b",
    StopReason.COMPLETED: "#94a3b8",
    StopReason.PRUNED: "#7b8794",
    StopReason.DIVERGED: "#e58fc6",
    StopReason.ABOVE_EDGE: "#eeb13c",
    StopReason.OUT_OF_MEMORY: "#b3a4f2",
    "ramp-1": "#1d3a57",
    "ramp-2": "#2a5f8f",
    "ramp-3": "#4089c2",
    "ramp-4": "#78b8e8",
    "ramp-5": "#cfe7fb",
}

MARKERS = {
    StopReason.COMPLETED: "o",
    StopReason.PRUNED: "x",
    StopReason.DIVERGED: "v",
    StopReason.ABOVE_EDGE: "^",
    StopReason.OUT_OF_MEMORY: "D",
}

STYLE: dict[Any, Any] = {
    "axes.edgecolor": LIGHT["soft"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": LIGHT["soft"],
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": LIGHT["ink"],
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.facecolor": "none",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "svg.fonttype": "none",
    "svg.hashsalt": "autosuperconv",
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["soft"],
    "ytick.color": LIGHT["soft"],
}


@dataclass
class Sheet:
    """A figure being drawn."""

    figure: Figure
    """What is drawn on."""
    wide: bool
    """For a desktop; else for a phone."""
    tips: dict[str, list[str]] = field(default_factory=dict)
    """By the artist's id: one text for each point, shown when the pointer rests on it."""

    def tip(self, artist: Artist, texts: Iterable[str]) -> None:
        """Give each point of a scatter plot a text of its own."""
        key = f"tips-{len(self.tips)}"
        artist.set_gid(key)
        self.tips[key] = list(texts)


Draw = Callable[[Sheet], None]


def svg(draw: Draw, height: float, *, wide: bool = True, label: str, prefix: str) -> str:
    """Draw as an `<svg>` element to put into a page.

    Args:
        height: inches; the width is 9.4 in wide, 4.1 in narrow, and scales with the page.
        label: what the picture shows, for those who do not see it.
        prefix: of the element's ids, so that pictures of one page do not clash.
    """
    import matplotlib
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE):
        size = (9.4 if wide else 4.1, height)
        sheet = Sheet(Figure(figsize=size, layout="constrained"), wide)
        draw(sheet)
        sheet.figure.savefig(buffer, format="svg", transparent=True)
    return themed(buffer.getvalue(), LIGHT, sheet.tips, label, prefix)


def present(
    x: Sequence[float], y: Sequence[float | None], scale: float = 1.0
) -> tuple[list[float], list[float]]:
    """The points of a curve that have a finite value, that value multiplied."""
    if not y:  # a column that was never measured
        return [], []
    pairs = [(a, b * scale) for a, b in zip(x, y, strict=True) if b is not None and b == b]
    return [a for a, _ in pairs], [b for _, b in pairs]


def log_ticks(axis: Axis, low: float, high: float, text: Callable[[float], str]) -> None:
    """Label a log axis so that also a short range has labels: at 1, 2 and 5 below two decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    short = high < 100 * low
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if short else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
    axis.set_minor_formatter(NullFormatter())


def apart(positions: Sequence[float], gap: float) -> list[float]:
    """Move label positions so that none is nearer to the next than `gap`; order is kept."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    moved = list(positions)
    for low, high in pairwise(order):
        moved[high] = max(moved[high], moved[low] + gap)
    shift = (sum(moved) - sum(positions)) / len(positions) if positions else 0.0
    return [value - shift for value in moved]


def write(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    colour: str,
    *,
    shift: tuple[float, float] = (6.0, 0.0),
    align: str = "left",
    bold: bool = False,
) -> Annotation:
    """A direct label beside a point of the axes' data, `shift` in points of 1/72 in."""
    return axes.annotate(
        text,
        at,
        xytext=shift,
        textcoords="offset points",
        ha=align,
        va="center",
        color=LIGHT[colour],
        weight="bold" if bold else "normal",
        fontsize=8.5,
        annotation_clip=False,
    )
