"""The few numbers of the first screen where a target was the question."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autosuperconv.core import format as fmt
from autosuperconv.core.report import Report
from autosuperconv.core.verdict.target import TargetAnswer
from autosuperconv.core.verdict.target_words import (
    accuracy_named,
    measured_in_words,
    seconds_in_words,
)
from autosuperconv.reporting import rows


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the few numbers of the first screen."""

    name: str
    """What is measured, with its unit."""
    value: str
    """The number, in large print."""
    detail: str
    """What it was computed from."""


def target_figures(report: Report, answer: TargetAnswer) -> tuple[KeyFigure, ...]:
    """Its cost, its accuracy, what the standard schedule needs."""
    found, standard = answer.finding, answer.standard
    cost = f"epochs, {fmt.count(answer.samples)} samples a run"
    seconds = "" if answer.seconds is None else f", {seconds_in_words(answer.seconds)}"
    measured = "no run on fresh seeds" if found is None else measured_in_words(found)
    accuracy = fmt.percent(None if found is None else found.accuracy)
    needs = "not trained" if standard is None else f"than with {standard.named}"
    sooner = report.verdict.speedup
    shown = (
        KeyFigure("Length of the cycle", fmt.number(answer.epochs), cost + seconds),
        KeyFigure(f"Accuracy, target {accuracy_named(answer.target)}", accuracy, measured),
        KeyFigure("Sooner than the baseline", fmt.times(sooner), needs),
        KeyFigure("The search took", fmt.duration(report.wall_seconds), rows.cost_total(report)),
    )
    return tuple(replace(key, value="\u2013") if key.value == fmt.MISSING else key for key in shown)
