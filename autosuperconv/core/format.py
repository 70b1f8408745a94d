"""How numbers and lists are written: the same in sentences, tables, figures and pages.

A quantity has one form. Where it stands in a sentence and in a table, the digits are the same.
Plain ASCII, so that a terminal of any encoding can show it. What is not known, or not finite, is
written as `MISSING`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

MISSING = "-"
ALMOST = 0.995  # a probability above it, or below one less it, is given as a bound
SIGNIFICANT = 3  # figures of a number; a range test resolves a tenth of a decade, so no better


def known(value: float | None) -> bool:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def number(value: float | None) -> str:
    """Three significant figures, whole numbers in full: 0.0164, 2e-3, 1.4, 128, 1234."""
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size < 1e6 and (float(value).is_integer() or size >= 10 ** (SIGNIFICANT - 1) - 0.5):
        return f"{value + 0.0:.0f}"  # a zero has no sign
    mantissa, exponent = f"{value:.{SIGNIFICANT - 1}e}".split("e")
    if -3 < int(exponent) < SIGNIFICANT:
        return f"{float(f'{mantissa}e{exponent}'):g}"
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def times(value: float | None) -> str:
    """A ratio: 5.62 -> "5.62 x"."""
    return f"{number(value)} x" if known(value) else MISSING


def count(value: float | None) -> str:
    """Samples and their like: 540000 -> "540 k"."""
    if value is None or not math.isfinite(value):
        return MISSING
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{number(value / size)} {unit}"
    return f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """Seconds as people say them: "38 s", "38 min", "2 h 05 min"."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 99.5:
        return f"{max(seconds, 0):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def percent(fraction: float | None, decimals: int = 2) -> str:
    """An accuracy: 0.9204 -> "92.04 %". A share, with no decimals: "62 %"."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    return f"{100 * fraction:.{decimals}f} %"


def chance(probability: float) -> str:
    """A probability: 0.86 -> "86 %"; never 0 or 100 %."""
    if probability > ALMOST:
        return "more than 99 %"
    return "less than 1 %" if probability < 1 - ALMOST else percent(probability, 0)


def size_in_points(fraction: float | None) -> str:
    """A size in percentage points, without a sign: 0.002 -> "0.20"."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    return f"{abs(100 * fraction):.2f}"


def points(fraction: float | None) -> str:
    """A difference in percentage points, with its sign: 0.0033 -> "+0.33"; a zero has none."""
    size = size_in_points(fraction)
    if fraction is None or size == MISSING or float(size) == 0:
        return size
    return f"{'+' if fraction > 0 else '-'}{size}"


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval in percentage points: "-0.10 to +0.70"."""
    return f"{points(low)} to {points(high)}" if known(low) and known(high) else MISSING


def spelled_out(text: str) -> str:
    """A text in which the first "points" are percentage points; the later ones may be short."""
    return text.replace(" points", " percentage points", 1)


def level(confidence: float) -> str:
    """A confidence: 0.95 -> "95 %"."""
    return f"{100 * confidence:.4g} %"


def counted(count: int, noun: str) -> str:
    """E.g. "1 run", "3 runs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clause(sentence: str) -> str:
    """A sentence as a part of another: no full stop, no capital where it begins a plain word."""
    body = sentence.removesuffix(".")
    return body[0].lower() + body[1:] if body[1:2].islower() else body


def reason_of(error: BaseException) -> str:
    """An error in one line, as a part of a sentence: its kind and the first line of its text."""
    text = str(error).strip().partition("\n")[0].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def listed(items: Sequence[str]) -> str:
    """E.g. "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def without_password(text: str) -> str:
    """The same text, for messages and pages: a storage's URL is shown without its password."""
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)


CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # not those that end lines


def printable(text: str) -> str:
    """The same text as any file can hold it: bytes of a file's name that are not UTF-8 are
    written as escapes, and so are control characters, which a terminal would obey."""
    plain = CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return plain.encode("utf-8", "backslashreplace").decode("utf-8")
