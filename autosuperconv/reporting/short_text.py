"""One reading, one verdict, one run: what the small commands print."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autosuperconv.core.range_test import Reading
from autosuperconv.core.trace import Trace
from autosuperconv.core.verdict import Verdict
from autosuperconv.reporting import rows as words


def reading_text(reading: Reading) -> RenderableType:
    """A sweep's reading, a line each."""
    table = Table.grid(padding=(0, 2))
    rows = {
        "possible": words.possible(reading.possible),
        "floor": words.number(reading.floor),
        "edge": words.number(reading.edge),
        "peak at": words.number(reading.peak_lr),
        "retention": words.percent(reading.retention, 0),
        "steepest": words.number(reading.steepest),
        "valley": words.number(reading.valley),
        "minimum / 10": words.number(reading.minimum_tenth),
    }
    for name, value in rows.items():
        table.add_row(Text(name, "dim"), Text(value))
    return Group(Text(reading.reason), table)


def verdict_text(verdict: Verdict) -> RenderableType:
    """A verdict's sentence and its conditions."""
    table = Table.grid(padding=(0, 2))
    for condition in verdict.conditions:
        met = Text(words.yes_no(condition.met), "bold")
        table.add_row(Text(condition.name), met, Text(condition.detail))
    head = Text(words.OUTCOMES[verdict.outcome], "bold")
    return Group(head, Text(verdict.sentence), table)


def trace_text(trace: Trace) -> RenderableType:
    """A run's end in a few lines."""
    recipe = trace.recipe
    cost = f"{trace.steps} steps, {trace.samples} samples, {trace.seconds:.1f} s"
    speed = f"{trace.samples_per_second:.0f} samples/s"
    end = trace.detail or trace.stopped_because
    if trace.accuracy is not None:
        end = f"{100 * trace.accuracy:.2f} % on {trace.evaluated} {trace.measured_on} samples"
        end += f", loss {trace.loss:.4g}" + (f" ({trace.detail})" if trace.detail else "")
    head = f"{recipe.schedule}, max_lr {recipe.max_lr:g}, {recipe.epochs:g} epochs: {end}"
    return Group(Text(head), Text(f"{cost}, {speed}", "dim"))
