"""Labels of a picture that keep clear of one another, of marks and of the picture's edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autosuperconv.reporting.figures.canvas import write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

MARK = 4.0  # points of 1/72 in that a mark is wide about its middle


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label may stand: beside a point."""

    at: tuple[float, float]
    """The point, in data of the axes."""
    shift: tuple[float, float]
    """From the point to the text, in points of 1/72 in."""
    align: str = "left"
    """Which part of the text stands there: "left", "center" or "right"."""


@dataclass
class Labels:
    """The labels of one picture, each put at the best of the few places given for it.

    adjustText moves labels by forces instead: on the recorded searches it put them on marks and
    on the arrow, and took five times as long; by default it stops by the clock.
    """

    axes: Axes
    """Where they are written."""
    entries: list[tuple[Annotation, Sequence[Place]]] = field(default_factory=list)
    """Each label with the places for it, the best one first."""
    marks: list[tuple[tuple[float, float], tuple[float, float]]] = field(default_factory=list)
    """What they should not cover: a line's two ends each, in data of the axes."""

    def add(self, text: str, colour: str, places: Sequence[Place], bold: bool = False) -> None:
        """A label, and the places for it, the best one first."""
        first = places[0]
        note = write(
            *(self.axes, text, first.at, colour),
            shift=first.shift,
            align=first.align,
            bold=bold,
        )
        note.set_in_layout(False)  # else a label beyond the axes would make them smaller
        self.entries.append((note, places))

    def settle(self) -> None:
        """Put each label, in the order added, where it covers least; call it when all is drawn."""
        figure, inside = self.axes.figure, self.axes.bbox
        figure.draw_without_rendering()  # type: ignore[union-attr]
        taken = [self._box(mark) for mark in self.marks]
        for note, places in self.entries:
            costs = [covered(moved(note, place), taken, inside) for place in places]
            taken.append(moved(note, places[costs.index(min(costs))]))

    def _box(self, mark: tuple[tuple[float, float], tuple[float, float]]) -> Bbox:
        from matplotlib.transforms import Bbox

        box: Bbox = Bbox(self.axes.transData.transform(mark))
        return box.padded(MARK * self.axes.figure.dpi / 72)


def moved(note: Annotation, place: Place) -> Bbox:
    """Put the label there; the box that it fills."""
    note.xy, note.xyann = place.at, place.shift
    note.set_horizontalalignment(place.align)  # type: ignore[arg-type]
    return note.get_window_extent()


def covered(box: Bbox, taken: Sequence[Bbox], inside: Bbox) -> float:
    """How much of other things a box covers, and how much of it lies outside; square pixels."""
    return sum(shared(box, other) for other in taken) + area(box) - shared(box, inside)


def shared(box: Bbox, other: Bbox) -> float:
    """The area of what two boxes have in common."""
    both = type(box).intersection(box, other)
    return 0.0 if both is None else area(both)


def area(box: Bbox) -> float:
    """Width times height."""
    return float(box.width * box.height)
