"""Numbers in words, the same in every sentence."""

from __future__ import annotations

import re


def number(value: float) -> str:
    """Two significant figures, without what a reader does not need: 2e-3, 1.4, 0.35, 128."""
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e6:
        return str(int(value))
    text = f"{value:.1e}"
    mantissa, exponent = text.split("e")
    if -3 < int(exponent) < 4:
        return f"{float(text):g}"
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def points(value: float, decimals: int = 2) -> str:
    """Accuracy points with a sign; a zero has none."""
    text = f"{value:+.{decimals}f}"
    return text if float(text) != 0 else f"{0:.{decimals}f}"


def interval(low: float, high: float, confidence: float, decimals: int = 2) -> str:
    """E.g. "95 %: -0.10 to 0.70"."""
    ends = f"{low + 0.0:.{decimals}f} to {high + 0.0:.{decimals}f}"
    return f"{100 * confidence:.4g} %: {ends}"


def percent(fraction: float) -> str:
    """An accuracy, e.g. "92.44 %"."""
    return f"{100 * fraction:.2f} %"


def counted(count: int, noun: str) -> str:
    """E.g. "1 run", "3 runs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clause(sentence: str) -> str:
    """A sentence as a part of another: no full stop, no capital where it begins a plain word."""
    body = sentence.removesuffix(".")
    return body[0].lower() + body[1:] if body[1:2].islower() else body


def listed(items: list[str]) -> str:
    """E.g. "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def without_password(text: str) -> str:
    """The same text, for messages and pages: a storage's URL is shown without its password."""
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
