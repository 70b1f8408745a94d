"""What is said of a verdict beside its conditions, in lines that terminal, Markdown and page share.

A line is a name and a text in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean

from autosuperconv.core import format as fmt
from autosuperconv.core.recommendation import MISSED_TARGET
from autosuperconv.core.report import AskedLength, Report, Run
from autosuperconv.core.verdict import Outcome, RungState
from autosuperconv.core.verdict.outcome import RungFinding
from autosuperconv.core.verdict.runs import too_many
from autosuperconv.reporting import rows

Line = tuple[str, str]


def reader_lines(report: Report) -> list[Line]:
    """What a reader wants to know after the answer: what was shown, which recipe to use, and what
    to do next."""
    use = recommended(report)
    missed = "" if MISSED_TARGET in use else missed_target(report) or ""
    said = [("Baseline", recorded(report)), *verdict_lines(report), ("Target", missed)]
    said += [("Data", text) for text in data_warnings(report)]
    said += [("Use", use), ("Next", next_step(report))]
    return [(name, text) for name, text in said if text]


def verdict_lines(report: Report) -> list[Line]:
    """Lengths, probability, margin, divergence: those that are known."""
    texts = {
        "Lengths": lengths_in_words(report),
        "Accuracy": certainty(report),
        "Margin": margin(report),
        "Stability": stability(report),
    }
    return [(name, text) for name, text in texts.items() if text]


def lengths_in_words(report: Report) -> str:
    """What each length has shown, e.g. "5 x faster (1.2 epochs): as accurate." """
    found = {rung.speedup: f"{_length(report, rung)}." for rung in report.verdict.rungs}
    left = {one.speedup: _unconfirmed(report, one) for one in report.asked}
    texts = left | found
    return " ".join(texts[speedup] for speedup in sorted(texts, reverse=True))


def _unconfirmed(report: Report, asked: AskedLength) -> str:
    epochs, found = fmt.number(asked.epochs), fmt.percent(asked.accuracy)
    return (
        f"At least {fmt.times(asked.speedup)} faster ({epochs} epochs): not confirmed, because "
        f"{found} is the best to be expected on validation data, where the target is "
        f"{fmt.percent(report.target)}."
    )


def _length(report: Report, rung: RungFinding) -> str:
    own = runs_at(report, rung.speedup)
    epochs = f" ({fmt.number(own[0].trace.recipe.epochs)} epochs)" if own else ""
    failed = sum(not run.trace.completed for run in own)
    if too_many(failed, len(own)):
        shown = f"training failed in {failed} of {fmt.counted(len(own), 'run')}"
    elif rung.state is RungState.PASSED:
        shown = "as accurate as the baseline"
    elif rung.state is RungState.FAILED:
        shown = "not as accurate as the baseline"
    else:
        of_several = rung.probability is not None and len(report.verdict.rungs) > 1
        sure = f" ({fmt.chance(rung.probability or 0.0)} likely)" if of_several else ""
        shown = f"perhaps as accurate as the baseline{sure}"
    return f"At least {fmt.times(rung.speedup)} faster{epochs}: {shown}"


def runs_at(report: Report, speedup: float) -> Sequence[Run]:
    """The candidate's runs at one of the lengths."""
    other = f"candidate:{fmt.number(speedup)}"
    roles = {run.role for run in report.confirmation}
    role = other if other in roles else "candidate"
    return [run for run in report.confirmation if run.role == role]


def certainty(report: Report) -> str:
    """How likely it is that the cycle is as accurate, and which loss is ruled out."""
    verdict = report.verdict
    if verdict.probability is None:
        return ""
    within = f"{fmt.size_in_points(verdict.margin)} percentage points"
    likely = f"{fmt.chance(verdict.probability)} likely"
    text = f"The cycle is {likely} to be as accurate, within {within}."
    if verdict.vouched_loss is None:
        return text
    if verdict.vouched_loss <= 0:
        return f"{text} Any loss is ruled out."
    loss = fmt.size_in_points(verdict.vouched_loss)
    return f"{text} A loss of more than {loss} points is ruled out."


def margin(report: Report) -> str:
    """What counts as equal, and why."""
    verdict = report.verdict
    if not verdict.margin_rule:
        return ""
    size = fmt.size_in_points(verdict.margin)
    return (
        f"The cycle may lose up to {size} percentage points and still count as accurate: "
        f"{verdict.margin_rule}."
    )


def stability(report: Report) -> str:
    """How often the cycle's runs diverged."""
    rate = report.verdict.divergence
    return "" if rate is None else f"The cycle diverged in {rate.in_words()}."


def recorded(report: Report) -> str:
    """The baseline's recorded runs, which are in no table; "" where it was trained."""
    curves = report.setup.options.baseline_curves
    if not curves:
        return ""
    ends = rows.spread(curve.final_accuracy for curve in curves if not curve.diverged)
    return f"{fmt.counted(len(curves), 'recorded run')}: {ends} at the end, on test data."


def recommended(report: Report) -> str:
    """Which recipe to use, and what was shown of it; "" where that is not known."""
    return "" if report.recommendation is None else report.recommendation.best.label


def next_step(report: Report) -> str:
    """The command that would probably settle what is open, or look further; "" where nothing is
    open."""
    verdict, options = report.verdict, report.setup.options
    if (seeds := verdict.seeds_to_settle) is not None and verdict.price is not None:
        seconds = price_seconds(report)
        about = "" if seconds is None else f" (about {fmt.duration(seconds)})"
        how = with_option(options.command, "max_seeds", seeds)
        return f"{sentence_case(verdict.price.in_words())}{about} would probably settle it: {how}"
    if verdict.outcome not in (Outcome.NOT_FOUND, Outcome.UNDECIDED, Outcome.TARGET_NOT_SHOWN):
        return ""
    if options.timeout is not None:
        how = with_option(options.command, "timeout", f"{2 * options.timeout:.0f}s")
        return f"More time goes on from here: {how}"
    command = with_option(options.command, "trials", 2 * report.plan.budget.trials)
    name = f"{report.setup.study_name}-more"
    if not options.command:
        return f"More trials may find a better cycle: {command} and study_name={name!r}"
    return f"More trials may find a better cycle: {with_option(command, 'study_name', name)}"


def sentence_case(text: str) -> str:
    """With a capital at the beginning."""
    return text[:1].upper() + text[1:]


def with_option(command: str, name: str, value: int | str) -> str:
    """The search's command with another value of an option; without a command, the argument."""
    if not command:
        return f"the same search with {name}={value}"
    option = f"--{name.replace('_', '-')}"
    left = re.sub(rf" {option}[ =]\S+", "", command)
    return f"{left} {option} {value}"


def price_seconds(report: Report) -> float | None:
    """What the runs that would probably settle an open verdict take, by those that there are;
    None where nothing is open, or none of their kind was trained."""
    price, took = report.verdict.price, 0.0
    if price is None:
        return None
    more = {"baseline": price.baseline, "candidate": price.candidate, "control": price.control}
    for role, runs in more.items():
        seconds = [run.trace.seconds for run in report.confirmation if run.role == role]
        if runs and not seconds:
            return None
        took += runs * fmean(seconds) if runs else 0.0
    return took


def missed_target(report: Report) -> str | None:
    """A sentence that says so where the cycle misses the target; else None."""
    found, target = report.winner_validation_accuracy, report.target
    if report.setup.options.objective != "cost" or found is None or target is None:
        return None
    if found > target - 1e-9:
        return None
    return (
        f"Not reached: the cycle's validation accuracy is {fmt.percent(found)}, and the target is "
        f"{fmt.percent(target)}."
    )


def data_warnings(report: Report) -> tuple[str, ...]:
    """What the data let nobody conclude, at the margin of the verdict."""
    return report.setup.warnings_at(report.verdict.margin)
