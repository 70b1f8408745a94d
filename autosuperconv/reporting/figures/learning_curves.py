"""Learning curves against the phase of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autosuperconv.core import format as fmt
from autosuperconv.core.report import Report, Run, Trial
from autosuperconv.core.trace import Split, StopReason
from autosuperconv.reporting.figures.accuracy_cost import baseline_runs
from autosuperconv.reporting.figures.canvas import LIGHT, Sheet, apart, present, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDS = {StopReason.PRUNED: "x", StopReason.DIVERGED: "v"}


def draw_curves(sheet: Sheet, report: Report) -> None:
    """Above accuracy of every trial, a confirmed cycle in front; below, its learning rate."""
    upper, lower = sheet.figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    for trial in report.trials:
        _trial(upper, trial)
    for state in (StopReason.COMPLETED, StopReason.PRUNED, StopReason.DIVERGED):
        colour, marker = LIGHT[state], ENDS.get(state, "")
        upper.plot([], [], color=colour, lw=1, marker=marker, ms=5, label=f"{state} trials")
    _compared(upper, lower, report)
    upper.set_ylabel("accuracy, %")
    upper.set_xlim(0, 1)
    lower.set_xlabel("phase of the run (0 start, 1 end)")
    lower.set_ylabel("learning\nrate")
    lower.set_yscale("log")
    lower.yaxis.set_major_formatter(lambda value, _: fmt.number(value))
    lower.yaxis.set_minor_formatter(lambda value, _: "")
    sheet.figure.legend(loc="outside lower center", ncols=3 if sheet.wide else 2)


def _trial(axes: Axes, trial: Trial) -> None:
    x, y = present(trial.curve.phase, trial.curve.accuracy, 100.0)
    if not x:
        return
    colour = LIGHT[trial.state]
    failed = trial.state in ENDS
    axes.plot(x, y, color=colour, lw=0.7, alpha=0.65 if failed else 0.35, zorder=2)
    if failed:
        axes.plot(x[-1:], y[-1:], ENDS[trial.state], color=colour, ms=5, mew=1.4, zorder=3)
    if trial.would_prune_at is not None:
        axes.axvline(trial.would_prune_at, ymax=0.03, color=LIGHT[StopReason.PRUNED], lw=1.2)


def compared_runs(report: Report) -> list[Run]:
    """One confirmed run of the cycle and one of the baseline."""
    cycle = [run for run in report.confirmation if run.role == "candidate"]
    done = [run for run in cycle if run.trace.completed] or cycle
    return [*done[:1], *baseline_runs(report)[:1]]


def curve_split(run: Run) -> Split:
    """The split behind a run's curve: the end of a sealed run alone is on the test split."""
    return "validation" if run.trace.sealed is not None else run.trace.measured_on


def _compared(upper: Axes, lower: Axes, report: Report) -> None:
    pairs = []
    for run in compared_runs(report):
        role = "candidate" if run.role == "candidate" else "baseline"
        pairs.append((role, "cycle" if role == "candidate" else "baseline", run.trace.curve))
    ends = []
    for role, _, curve in pairs:
        x, y = present(curve.phase, curve.accuracy, 100.0)
        upper.plot(x, y, color=LIGHT[role], lw=2, zorder=4)
        lower.plot(curve.phase, curve.lr, color=LIGHT[role], lw=1.6)
        ends.append(y[-1] if y else 0.0)
    gap = 0.06 * (upper.get_ylim()[1] - upper.get_ylim()[0])
    for (role, name, _), y_label in zip(pairs, apart(ends, gap), strict=True):
        write(upper, name, (1.0, y_label), role, bold=True)
