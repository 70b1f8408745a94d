"""The small picture of one run's course, kept with every trial.

Drawn with Pillow, not matplotlib: it is drawn while trials are waiting to be trained, and
matplotlib takes about 230 ms for it on one core, a tenth of a short trial. This takes about 10.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from autosuperconv.core.report import Curve
from autosuperconv.reporting import rows as words
from autosuperconv.reporting.figures.canvas import LIGHT, present

WIDTH, HEIGHT = 840, 600
LEFT, RIGHT, TOP, BOTTOM, GAP = 84, 24, 44, 52, 22
SHARES = (2.0, 1.4, 1.0)  # of the height: accuracy, loss, rate
TICKS = 4
Box = tuple[float, float, float, float]


def learning_curve_png(curve: Curve, title: str) -> bytes:
    """One run: accuracy and training loss against the phase, with the learning rate below."""
    image = Image.new("RGB", (WIDTH, HEIGHT), LIGHT["page"])
    draw = ImageDraw.Draw(image)
    draw.text((LEFT, 12), title, LIGHT["ink"], _font(18))
    series = (curve.accuracy, curve.train_loss, curve.lr)
    names = ("accuracy, %", "train loss", "learning rate")
    roles = ("candidate", "completed", "baseline")
    boxes = _boxes()
    for box, values, name, role in zip(boxes, series, names, roles, strict=True):
        x, y = present(curve.phase, values, 100.0 if name == "accuracy, %" else 1.0)
        _panel(draw, box, x, y, LIGHT[role])
        draw.text((LEFT, box[1] - 2), name, LIGHT["soft"], _font(13), anchor="lb")
    _phases(draw, boxes[-1])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _boxes() -> list[Box]:
    """Left, top, right, bottom of each panel, in pixels."""
    room = HEIGHT - TOP - BOTTOM - GAP * len(SHARES)
    boxes, top = [], float(TOP)
    for share in SHARES:
        top += GAP
        height = room * share / sum(SHARES)
        boxes.append((float(LEFT), top, float(WIDTH - RIGHT), top + height))
        top += height
    return boxes


def _panel(
    draw: ImageDraw.ImageDraw, box: Box, x: Sequence[float], y: Sequence[float], colour: str
) -> None:
    left, top, right, bottom = box
    low, high = (min(y), max(y)) if y else (0.0, 1.0)
    room = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    low, high = low - room, high + room

    def height_of(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    for tick in nice_ticks(low, high):
        at = height_of(tick)
        draw.line((left, at, right, at), LIGHT["grid"])
        draw.text((left - 8, at), words.number(tick), LIGHT["soft"], _font(13), anchor="rm")
    draw.line((left, top, left, bottom, right, bottom), LIGHT["soft"])
    points = [(left + a * (right - left), height_of(b)) for a, b in zip(x, y, strict=True)]
    draw.line(points, colour, 3, joint="curve")
    for a, b in points if len(points) < 3 else ():
        draw.ellipse((a - 4, b - 4, a + 4, b + 4), colour)


def _phases(draw: ImageDraw.ImageDraw, box: Box) -> None:
    left, _, right, bottom = box
    for phase in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = (left + phase * (right - left), bottom + 6)
        draw.text(at, f"{phase:g}", LIGHT["soft"], _font(13), anchor="mt")
    middle = ((left + right) / 2, bottom + 26)
    draw.text(middle, "phase of the run (0 start, 1 end)", LIGHT["soft"], _font(13), anchor="mt")


def nice_ticks(low: float, high: float) -> list[float]:
    """About four round values (1, 2 or 5 times a power of ten apart) inside an interval."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step) + 1)]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
