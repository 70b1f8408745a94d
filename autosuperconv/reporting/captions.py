"""What the page says of its headline, its pictures and its baseline."""

from __future__ import annotations

from autosuperconv.core import format as fmt
from autosuperconv.core.plan import BaselineKind
from autosuperconv.core.report import Report
from autosuperconv.reporting import rows
from autosuperconv.reporting.figures.accuracy_cost import baseline_courses, baseline_runs
from autosuperconv.reporting.figures.learning_curves import compared_runs, curve_split


def figures_of_it(report: Report) -> str:
    """The verdict's sentence after the answer; "" where the sentence is all there is."""
    verdict = report.verdict
    return verdict.figures if verdict.answer else ""


def about_baseline(report: Report) -> str:
    """Where the baseline comes from and how it did, in a few sentences."""
    found = report.baseline
    if found is None:
        return "No baseline was trained."
    came = {
        BaselineKind.TUNED: (
            "The standard schedule was tuned, first with short runs and then near its length; it "
            f"got {fmt.percent(found.share_of_cost, 0)} of the search's training samples. "
            "Its best recipe reached"
        ),
        BaselineKind.GIVEN: "The baseline is the recipe that was given. It reached",
        BaselineKind.RECORDED: "The baseline is the recorded runs that were given. They reached",
        BaselineKind.NONE: "",
    }[report.setup.baseline_kind]
    split = "test" if found.recorded else "validation"
    text = f"{came} {fmt.percent(found.validation_accuracy)} on {split} data"
    if found.validation_sd is not None:
        sd = fmt.size_in_points(found.validation_sd)
        text += f" (standard deviation {sd} percentage points)"
    if found.diverged:
        text += f"; on {fmt.counted(found.diverged, 'other seed')} it diverged"
    return f"{text}."


def cost_caption(report: Report) -> str:
    """What is drawn in the first picture."""
    parts = [
        "Each mark is a trial, with its validation accuracy at the end. "
        "Marks on the lower axis lie below the range shown."
    ]
    roles = rows.role_rows(report.confirmation)
    if roles:
        parts.append(
            f"Squares are the confirmed runs on {roles[0].runs[0].trace.measured_on} data: mean "
            f"and standard deviation over fresh seeds."
        )
    splits = sorted({curve_split(run) for run in baseline_runs(report)})
    if report.baseline is not None and report.baseline.recorded:
        splits = ["test"]
    if baseline_courses(report):
        parts.append(f"Thin lines are the baseline's course on {' and '.join(splits)} data.")
    if any(row.role != row.side for row in roles):
        parts.append("Hollow squares: the other length that was asked about.")
    if any(trial.samples == 0 for trial in report.trials):
        parts.append("Trials that were stopped before their first step are not drawn.")
    if fmt.known(report.verdict.speedup) and fmt.known(report.verdict.baseline_samples):
        level = "its final accuracy" if report.answer is None else "the target"
        parts.append(
            "The arrow runs from the candidate's cost to the cost at which the baseline reaches "
            f"{level} and stays there."
        )
    return " ".join(parts)


def curves_caption(report: Report) -> str:
    """What is drawn in the learning curves, and on which data."""
    compared = compared_runs(report)
    splits = {curve_split(run) for run in compared} or {"validation"}
    own = "all on validation data" if splits == {"validation"} else "on validation data"
    text = "Accuracy of every trial against the phase of its run, "
    sides = ["of the cycle" if run.role == "candidate" else "of the baseline" for run in compared]
    text += f"and of one confirmed run {' and '.join(sides)}, " if sides else ""
    text += own
    if splits != {"validation"}:
        text += f"; the confirmed runs' on {' and '.join(sorted(splits))} data"
    return (
        f"{text}. The accuracies that the verdict compares are measured at the end of the runs, on "
        "test data. Below: the learning rates of the cycle and the baseline. Accuracy stays low "
        "while the learning rate is high and rises as it falls, so runs are compared only at the "
        "same phase. Short ticks on the axis mark where the pruner would have stopped a run that "
        "was kept running."
    )


def plane_caption(report: Report) -> str:
    """What is drawn in the plane of learning rate and weight decay."""
    text = (
        "Every trial by its learning rate and weight decay. The lines join the edges that the "
        "range test found; to the right of them accuracy was lost."
    )
    if report.surrogate is None or report.surrogate.surface is None:
        return text
    return (
        f"{text} Thin lines: equal accuracy according to the surrogate model, with all other "
        "settings as in the winner. They are drawn only among the trials that the model was "
        "fitted to."
    )
