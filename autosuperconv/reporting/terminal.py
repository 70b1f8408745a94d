"""What each command prints: report, plan, range test, reading, verdict, run.

Everything is built from `rich.text.Text`, never from markup, so that a study called "[red]" is
printed as it is. Colour is used on a terminal only; rich honours NO_COLOR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autosuperconv.core import format as fmt
from autosuperconv.core.plan import Plan
from autosuperconv.core.range_test import RangeTest, Reading
from autosuperconv.core.report import Report
from autosuperconv.core.trace import Trace
from autosuperconv.core.verdict import Condition, Outcome, Verdict
from autosuperconv.reporting import findings, rows
from autosuperconv.reporting.reached import max_lr_text

OUTCOME_STYLES: dict[Outcome, str] = {
    Outcome.ACCELERATED: "yellow",
    Outcome.BASELINE_INVALID: "magenta",
    Outcome.DIVERGED: "red",
    Outcome.NOT_FOUND: "yellow",
    Outcome.REACHED: "green",
    Outcome.REACHED_CONTROL_MISSING: "green",
    Outcome.STABLE_BUT_SHORT: "yellow",
    Outcome.TARGET_NOT_SHOWN: "yellow",
    Outcome.TARGET_REACHED: "green",
    Outcome.UNDECIDED: "yellow",
}
MET_STYLES = {True: "green", False: "red", None: "dim"}


def report_text(report: Report, files: Mapping[str, str] | None = None) -> RenderableType:
    """The whole result: outcome, the compared runs, conditions, trade-off, files.

    Args:
        files: what was written and where, by name, e.g. {"page": "runs/a/report.html"}.
    """
    verdict = report.verdict
    parts: list[RenderableType] = [_outcome(verdict), Text()]
    if report.confirmation:
        parts += [_roles(report), Text()]
    parts += _answers(report)
    if verdict.conditions:
        parts += [_conditions(verdict), Text()]
    parts.append(_labelled("Trade-off", report.tradeoff.sentence))
    parts += [_labelled(name, text) for name, text in rows.tradeoff_lines(report.tradeoff)]
    parts += [_labelled("Surrogate", text) for text in _surrogate(report)]
    parts.append(_labelled("Range test", report.range_test.reason))
    if report.range_test.cost is not None:
        parts.append(_labelled("Sweeps", report.range_test.cost.sentence))
    took = f"{rows.cost_total(report)}, {fmt.duration(report.wall_seconds)}"
    parts.append(_labelled("Search", f"{len(report.trials)} trials; {took}"))
    if report.pruning is not None:
        parts.append(_labelled("Pruning", report.pruning.sentence))
    parts += [_labelled(name[:1].upper() + name[1:], path) for name, path in (files or {}).items()]
    return Group(*parts)


def _answers(report: Report) -> list[RenderableType]:
    """What a reader wants to know first: what was shown, which recipe to use, and what next."""
    lines: list[RenderableType] = [_labelled(*line) for line in findings.reader_lines(report)]
    return [*lines, Text()] if lines else []


def _outcome(verdict: Verdict) -> Text:
    """The verdict's sentence: the answer, then the outcome with its figures."""
    label = verdict.outcome.label
    style = f"bold {OUTCOME_STYLES[verdict.outcome]}"
    figures = verdict.figures.removeprefix(f"{label}: ")
    answer = f"{verdict.answer}\n\n" if verdict.answer else ""
    return Text.assemble((answer, "bold"), (label.upper(), style), ": ", figures)


def _surrogate(report: Report) -> list[str]:
    """One line; the page has what each importance asks."""
    view = report.surrogate
    if view is None:
        return []
    ranks = [f"{one.name}: {rows.shares(one)}" for one in view.importances]
    return [" ".join([view.exchange.sentence, *(f"{rank}." for rank in ranks)])]


def _labelled(name: str, text: str) -> Table:
    """A name, and text that is wrapped beside it."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=10)
    grid.add_column(ratio=1)
    grid.add_row(Text(name, "bold"), Text(text))
    return grid


def _table(headings: Sequence[str], numbers: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        justify = "right" if heading in numbers else "left"
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    return table


def _roles(report: Report) -> Table:
    table = _table(("", *rows.ROLE_HEADINGS), rows.ROLE_HEADINGS[1:])
    for row in rows.role_rows(report.confirmation):
        name = Text(row.name, "bold" if row.role == "candidate" else "")
        table.add_row(name, *map(Text, rows.role_cells(row)))
    return table


def _style(condition: Condition) -> str:
    return "yellow" if condition.open else MET_STYLES[condition.met]


def _conditions(verdict: Verdict) -> Table:
    table = _table(("condition", "", "measured"), ())
    table.add_column("numbers", overflow="fold", ratio=1)
    for condition in verdict.conditions:
        table.add_row(
            Text(condition.name),
            Text(rows.result_of(condition), _style(condition)),
            rows.condition_value(condition),
            Text(condition.detail),
        )
    return table


def plan_text(plan: Plan) -> RenderableType:
    """The forecast, and a table of it by step."""
    numbers = ("runs", "epochs", "time")
    table = _table(("step", *numbers), numbers)
    for step in plan.forecast:
        epochs = fmt.number(step.epochs)
        table.add_row(Text(step.step), str(step.runs), epochs, fmt.duration(step.seconds))
    head = Text.assemble(
        (f"The search would take about {fmt.duration(plan.seconds)}", "bold"),
        f": {plan.runs} runs with {fmt.counted(plan.workers, 'worker')}.",
    )
    return Group(head, Padding(table, (1, 0)), *_plan_facts(plan))


def _plan_facts(plan: Plan) -> list[RenderableType]:
    budget = plan.budget
    low, high, long = map(
        fmt.number, (budget.epochs_low, budget.epochs_high, budget.baseline_epochs)
    )
    speeds = ", ".join(
        f"batch {size}: {fmt.count(speed)} samples/s"
        for size, speed in plan.samples_per_second.items()
    )
    noise = fmt.MISSING
    if plan.seed_noise is not None:
        size = fmt.size_in_points(plan.seed_noise)
        noise = f"{size} percentage points (standard deviation over seeds)"
    facts = {
        "Cycles": f"{low} to {high} epochs; baseline {long} epochs",
        "Throughput": speeds or fmt.MISSING,
        "Seed noise": noise,
    }
    lines = [_labelled(name, text) for name, text in facts.items()]
    return [*lines, *(_labelled("Choice", choice) for choice in plan.choices)]


def range_test_text(range_test: RangeTest) -> RenderableType:
    """Whether super-convergence looks possible, and a line for each cell."""
    numbers = (*rows.range_test_headings(range_test), "sweeps")
    table = _table((*numbers, "possible"), numbers)
    for cell in range_test.cells:
        possible = Text(rows.possible(cell.possible), MET_STYLES[cell.possible])
        cells = rows.range_test_cells(range_test, cell)
        table.add_row(*cells, str(len(cell.curves)), possible)
    answer, colon, numbers_of_it = range_test.reason.partition(":")
    style = f"bold {MET_STYLES[range_test.possible]}"
    head = Text.assemble((answer, style), colon, numbers_of_it)
    if not range_test.cells:
        return Group(head)
    cost = [] if range_test.cost is None else [Text(range_test.cost.sentence)]
    return Group(head, Padding(table, (1, 0, 0 if not cost else 1, 0)), *cost)


def reading_text(reading: Reading) -> RenderableType:
    """Whether a sweep allows super-convergence, why, and what was read from it."""
    answer = f"Super-convergence: {rows.possible(reading.possible)}"
    table = Table.grid(padding=(0, 2))
    lines = {
        "floor": fmt.number(reading.floor),
        "edge": fmt.number(reading.edge),
        "peak": fmt.number(reading.peak_lr),
        "retention": fmt.percent(reading.retention, 0),
        "steepest": fmt.number(reading.steepest),
        "valley": fmt.number(reading.valley),
        "minimum / 10": fmt.number(reading.minimum_tenth),
    }
    for name, value in lines.items():
        table.add_row(Text(name, "dim"), Text(value))
    head = Text(answer, f"bold {MET_STYLES[reading.possible]}")
    return Group(head, Text(reading.reason), table)


def verdict_text(verdict: Verdict) -> RenderableType:
    """A verdict's sentence and its conditions."""
    table = Table.grid(padding=(0, 2))
    for condition in verdict.conditions:
        met = Text(rows.result_of(condition), "bold")
        table.add_row(Text(condition.name), met, Text(condition.detail))
    return Group(_outcome(verdict), Text(), table)


def trace_text(trace: Trace) -> RenderableType:
    """A run's end in a few lines."""
    recipe = trace.recipe
    cost = f"{trace.steps} steps, {fmt.count(trace.samples)} samples, {trace.seconds:.1f} s"
    speed = f"{fmt.count(trace.samples_per_second)} samples/s"
    end = trace.detail or trace.stopped_because
    if trace.accuracy is not None:
        where = f"{trace.evaluated} {trace.measured_on} samples"
        end = f"{fmt.percent(trace.accuracy)} on {where}, loss {fmt.number(trace.loss)}"
        if trace.majority_accuracy is not None:
            end += f", majority-class accuracy {fmt.percent(trace.majority_accuracy)}"
        end += f" ({trace.detail})" if trace.detail else ""
    max_lr, epochs = max_lr_text(recipe, trace.highest_lr), fmt.number(recipe.epochs)
    head = f"{recipe.schedule}, max_lr {max_lr}, {epochs} epochs: {end}"
    return Group(Text(head), Text(f"{cost}, {speed}", "dim"))
