"""Accuracy against training cost: what the search found, in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from autosuperconv.core import format as fmt
from autosuperconv.core.report import Report, Run, Trial
from autosuperconv.core.trace import StopReason
from autosuperconv.core.tradeoff import factor_name
from autosuperconv.reporting import rows
from autosuperconv.reporting.figures.canvas import LIGHT, MARKERS, Sheet, log_ticks, present
from autosuperconv.reporting.figures.labels import Labels, Place

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDES = {
    "baseline": (("right", 12.0, 9.0), ("right", -9.0, -10.0), ("center", 0.0, -12.0)),
    "candidate": (("right", -9.0, 10.0), ("left", 9.0, 10.0), ("right", -9.0, -10.0)),
    "control": (("center", 0.0, -12.0), ("right", -9.0, -8.0), ("left", 9.0, -8.0)),
}
"""Where a confirmed run's label may stand: its alignment, and its shift from the mark in points."""


def draw_cost(sheet: Sheet, report: Report) -> None:
    """All trials by state, their Pareto front, the baseline's course and the confirmed runs."""
    axes = sheet.figure.add_subplot()
    axes.set_xscale("log")
    _baseline_course(axes, report)
    _front(axes, report)
    for state in rows.STATES:
        _trials(sheet, axes, report, state)
    _frame(axes, report, sheet.wide)
    labels_beside = Labels(axes)
    _confirmed(labels_beside, report, sheet.wide)
    _speedup(labels_beside, report)
    _target(labels_beside, report, sheet.wide)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        columns = min(len(handles), 4 if sheet.wide else 2)
        sheet.figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    labels_beside.settle()


def shown_accuracy(trial: Trial) -> float | None:
    """At the end, or at the last evaluation of a run that did not get there."""
    return trial.curve.last_accuracy if trial.accuracy is None else trial.accuracy


def tip(report: Report, trial: Trial) -> str:
    """Text shown where the pointer rests on a trial: how it ended, and what was searched."""
    settings = (
        f"{factor_name(name)} {fmt.number(getattr(trial.recipe, name))}"
        for name in rows.searched_fields(report)
    )
    return (
        f"trial {trial.number}, {rows.STATES[trial.state]}: "
        f"{fmt.percent(shown_accuracy(trial))}, {fmt.count(trial.samples)} samples\n"
        f"{', '.join(settings)}"
    )


def accuracy_floor(report: Report) -> float:
    """Lower end of the axis in percent: the completed runs decide, the failed lie on it."""
    ends = _ends(report)
    best = max(ends)
    low = max(min(ends), best - 0.25)
    return 100 * max(low - 0.25 * (best - low) - 0.004, 0.0)


def accuracy_top(report: Report) -> float:
    """Upper end of the axis in percent: the best run, and room for the labels."""
    best = 100 * max(_ends(report))
    return best + 0.24 * (best - accuracy_floor(report))


def _ends(report: Report) -> list[float]:
    """The target, and the accuracy of every run that has one; fractions of 1."""
    ends = [t.accuracy for t in report.trials] + [r.trace.accuracy for r in report.confirmation]
    ends += [curve.final_accuracy for curve in report.setup.options.baseline_curves]
    found = [end for end in (report.target, *ends) if end is not None]
    return found or [run.trace.chance for run in baseline_runs(report)] or [0.0]


def _trials(sheet: Sheet, axes: Axes, report: Report, state: StopReason) -> None:
    trials = [trial for trial in report.trials if trial.state == state and trial.samples > 0]
    if not trials:
        return
    floor = accuracy_floor(report)
    y = [max(100 * (shown_accuracy(trial) or 0.0), floor) for trial in trials]
    points = axes.scatter(
        [trial.samples for trial in trials],
        y,
        s=26,
        marker=MARKERS[state],
        color=LIGHT[state],
        linewidths=1.3 if state == StopReason.PRUNED else 0,
        alpha=0.85,
        label=f"{rows.STATES[state]} ({len(trials)})",
        clip_on=False,
        zorder=3,
    )
    sheet.tip(points, [tip(report, trial) for trial in trials])


def _front(axes: Axes, report: Report) -> None:
    front = sorted((t.samples, 100 * (t.accuracy or 0.0)) for t in report.trials if t.on_front)
    if len(front) > 1:
        x, y = [cost for cost, _ in front], [accuracy for _, accuracy in front]
        style = (0, (1, 1.5))
        label = "best at its cost"
        axes.plot(x, y, drawstyle="steps-post", color=LIGHT["ink"], lw=1, ls=style, label=label)


def baseline_runs(report: Report) -> list[Run]:
    """The confirmed baseline runs, else the best run of its tuning."""
    confirmed = [run for run in report.confirmation if run.role == "baseline"]
    tuning = () if report.baseline is None else report.baseline.tuning
    done = [run for run in tuning if run.trace.accuracy is not None]
    return confirmed or sorted(done, key=lambda run: -(run.trace.accuracy or 0.0))[:1]


def baseline_courses(report: Report) -> list[tuple[Sequence[float], Sequence[float | None]]]:
    """Samples and accuracy of each baseline run, of recorded ones as well."""
    recorded = report.setup.options.baseline_curves
    if recorded:
        return [(curve.samples, curve.accuracy) for curve in recorded if curve.accuracy]
    n_train, curves = report.setup.n_train, [run.trace.curve for run in baseline_runs(report)]
    return [([epoch * n_train for epoch in c.epoch], c.accuracy) for c in curves]


def recorded_end(report: Report) -> tuple[float, rows.Spread] | None:
    """Cost and accuracy of the recorded baseline's runs; None where it was trained."""
    sound = [curve for curve in report.setup.options.baseline_curves if not curve.diverged]
    if not sound:
        return None
    ends = rows.spread(curve.final_accuracy for curve in sound)
    return fmean(curve.samples[-1] for curve in sound), ends


def _baseline_course(axes: Axes, report: Report) -> None:
    for i, (samples, accuracy) in enumerate(baseline_courses(report)):
        x, y = present(samples, accuracy, 100.0)
        label = "baseline, each seed" if i == 0 else None
        axes.plot(x, y, color=LIGHT["baseline"], lw=0.9, alpha=0.55, label=label)


def _target(beside: Labels, report: Report, wide: bool) -> None:
    if report.target is None:
        return
    axes, target = beside.axes, 100 * report.target
    axes.axhline(target, color=LIGHT["soft"], lw=0.8, ls=(0, (4, 3)))
    left, right = axes.get_xlim()
    middle = (left * right) ** 0.5
    along = ((left, 5.0, "left"), (right, -5.0, "right"), (middle, 0.0, "center"))
    places = [Place((at, target), (x, y), side) for at, x, side in along for y in (6.0, -7.0)]
    text = f"target {fmt.percent(report.target)}"
    beside.add(f"{text} (validation)" if wide else text, "soft", places)


def _confirmed(beside: Labels, report: Report, wide: bool) -> None:
    ends = [
        End(row.side, row.name, row.text, row.samples, row.accuracy, row.role != row.side)
        for row in rows.role_rows(report.confirmation)
    ]
    recorded = recorded_end(report)
    if recorded is not None:
        ends.append(End("baseline", "baseline", str(recorded[1]), *recorded))
    for end in ends:
        if end.accuracy.mean is not None:
            _end(beside, report, end, wide)


@dataclass(frozen=True, slots=True)
class End:
    """Where some runs end: a square in the picture."""

    side: str
    name: str
    text: str
    samples: float
    accuracy: rows.Spread
    hollow: bool = False


def _end(beside: Labels, report: Report, end: End, wide: bool) -> None:
    """A square, its spread over seeds, and its label."""
    at = (end.samples, 100 * (end.accuracy.mean or 0.0))
    bar = None if end.accuracy.sd is None else 100 * end.accuracy.sd
    beside.axes.errorbar(
        *at,
        yerr=bar,
        fmt="s",
        ms=7,
        color=LIGHT[end.side],
        mfc=LIGHT["page" if end.hollow else end.side],
        capsize=4,
        lw=1.6,
        zorder=5,
    )
    beside.marks.append(((at[0], at[1] - (bar or 0.0)), (at[0], at[1] + (bar or 0.0))))
    name = f"{end.name} {end.text}" if wide else f"{end.name}\n{end.text}"
    course = [y for _, accuracy in baseline_courses(report) for y in accuracy if y is not None]
    above = max([at[1], *(100 * y for y in course)]) if end.side == "baseline" else at[1]
    line = 0.0 if wide else 6.0  # half the height of the second line
    places = [
        Place((at[0], above if y > 0 else at[1]), (x, y + line if y > 0 else y - line), side)
        for side, x, y in SIDES[end.side]
    ]
    beside.add(name, end.side, places, bold=not end.hollow)


def _speedup(beside: Labels, report: Report) -> None:
    start, end = report.verdict.candidate_samples, report.verdict.baseline_samples
    if end is None or report.winner is None or not fmt.known(report.verdict.speedup):
        return
    axes = beside.axes
    height = axes.get_ylim()[1] - 0.03 * (axes.get_ylim()[1] - axes.get_ylim()[0])
    for x, role in ((start, "candidate"), (end, "baseline")):
        axes.axvline(x, color=LIGHT[role], lw=0.9, ls=(0, (2, 2)), zorder=1)
    arrow = {"arrowstyle": "<->", "color": LIGHT["ink"], "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (start, height), xytext=(end, height), arrowprops=arrow)
    beside.marks.append(((start, height), (end, height)))
    low, high = sorted((start, end))
    places = [
        Place(((start * end) ** 0.5, height), (0.0, -10.0), "center"),
        Place((low, height), (-6.0, -1.0), "right"),
        Place((high, height), (6.0, -1.0), "left"),
    ]
    beside.add(f"speed-up {fmt.times(report.verdict.speedup)}", "ink", places, bold=True)


def _frame(axes: Axes, report: Report, wide: bool) -> None:
    axes.set_ylim(accuracy_floor(report), accuracy_top(report))  # the ticks follow
    spent = [trial.samples for trial in report.trials]
    spent += [run.trace.samples for run in (*report.confirmation, *baseline_runs(report))]
    spent += [round(curve.samples[-1]) for curve in report.setup.options.baseline_curves]
    costs = [float(samples) for samples in spent if samples > 0] or [1.0, 10.0]
    axes.set_xlim(0.6 * min(costs), 1.5 * max(costs))
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= 100])
    axes.set_ylim(accuracy_floor(report), accuracy_top(report))
    axes.set_xlabel("training samples seen (log scale)")
    axes.set_ylabel("accuracy at the end, %" if wide else "accuracy, %")
    low, high = axes.get_xlim()
    log_ticks(axes.xaxis, low, high, fmt.count)
    size = report.setup.n_train
    to_epochs, to_samples = (lambda x: np.divide(x, size)), (lambda x: np.multiply(x, size))
    above = axes.secondary_xaxis("top", functions=(to_epochs, to_samples))
    log_ticks(above.xaxis, low, high, fmt.number)
    above.set_xlabel("passes over the training data (epochs)")
