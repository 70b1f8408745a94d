"""The answer for a target in words, and what a search says that has no verdict on two sides."""

from __future__ import annotations

import math

from autosuperconv.core import format as fmt
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats.contrast import Contrast
from autosuperconv.core.verdict.comparison import RungState
from autosuperconv.core.verdict.outcome import Verdict
from autosuperconv.core.verdict.target import StandardCost, TargetAnswer, TargetFinding
from autosuperconv.core.verdict.types import Criterion, Outcome

LIKELY = 0.1  # a chance from which another recipe is worth looking for


def target_verdict(answer: TargetAnswer, criterion: Criterion) -> Verdict:
    """The verdict of a search for a target: no conditions, but the answer and its figures."""
    outcome = Outcome.TARGET_REACHED if answer.reached else Outcome.TARGET_NOT_SHOWN
    found, standard = answer.finding, answer.standard
    accuracy = found.accuracy if found is not None else None
    needs = standard.samples if standard is not None else None
    return unjudged(
        outcome,
        reached_in_words(answer) if answer.reached else not_shown_in_words(answer),
        figures(answer),
        criterion,
        speedup=needs / answer.samples if needs and answer.reached else None,
        candidate=(math.nan if accuracy is None else accuracy, answer.samples),
        baseline_samples=math.nan if needs is None else needs,
    )


def undecided_verdict(
    why: str, remedy: str, best: Recipe, shown: tuple[float, int], criterion: Criterion
) -> Verdict:
    """The verdict of a search that ended before there was anything to judge.

    Args:
        why: it ended, as a sentence.
        remedy: what to do, as a sentence.
        best: the best recipe so far.
        shown: its mean accuracy on validation data, fraction of 1, and the runs behind that.
    """
    accuracy, runs = shown
    measured = f"{fmt.percent(accuracy)} on validation data in {fmt.counted(runs, 'run')}"
    return unjudged(
        Outcome.UNDECIDED,
        f"No answer yet: {fmt.clause(why)}.",
        f"the best recipe so far is {recipe_in_words(best)}, with {measured}. {remedy}",
        criterion,
    )


def recipe_in_words(recipe: Recipe) -> str:
    """E.g. "1cycle with max_lr 0.05 over 3.2 epochs"."""
    lr, epochs = fmt.number(recipe.max_lr), fmt.number(recipe.epochs)
    return f"{recipe.schedule} with max_lr {lr} over {epochs} epochs"


def unjudged(
    outcome: Outcome,
    answer: str,
    text: str,
    criterion: Criterion,
    speedup: float | None = None,
    candidate: tuple[float, float] = (math.nan, math.nan),
    baseline_samples: float = math.nan,
) -> Verdict:
    """A verdict without two sides; what it does not know is not a number.

    Args:
        text: the figures.
        candidate: accuracy and samples.
    """
    accuracy, samples = candidate
    return Verdict(
        outcome=outcome,
        speedup=speedup,
        against_baseline=Contrast(math.nan, None, None, 0),
        against_control=None,
        margin=criterion.smallest_margin,
        baseline_accuracy=math.nan,
        candidate_accuracy=accuracy,
        control_accuracy=None,
        candidate_samples=samples,
        baseline_samples=baseline_samples,
        conditions=(),
        sentence=f"{answer} {outcome.label}: {text}",
        answer=answer,
    )


def accuracy_named(target: float) -> str:
    """A target as people write it: 0.97 -> "97 %"."""
    return f"{fmt.number(100 * target)} %"


def took(answer: TargetAnswer) -> str:
    """E.g. "1.8 epochs (12 s)"."""
    seconds = "" if answer.seconds is None else f" ({seconds_in_words(answer.seconds)})"
    return f"{fmt.number(answer.epochs)} epochs{seconds}"


def seconds_in_words(seconds: float) -> str:
    """A short run takes fractions of a second."""
    return fmt.duration(seconds) if seconds >= 9.5 else f"{fmt.number(seconds)} s"


def reached_in_words(answer: TargetAnswer) -> str:
    """E.g. "Yes: 97 % is reached in 1.8 epochs (12 s), 3.2 x sooner than ..."."""
    text = f"Yes: {accuracy_named(answer.target)} is reached in {took(answer)}"
    if answer.standard is None:
        return f"{text}."
    return f"{text}{beside_standard(answer.standard, answer.samples)}."


def beside_standard(standard: StandardCost, samples: float) -> str:
    """How the baseline compares, as the end of the sentence."""
    named = standard.named
    if standard.samples is None:
        some = f"reaches it in {standard.reached} of {fmt.counted(standard.runs, 'run')}"
        return f"; {named} {some if standard.reached else 'does not reach it'}"
    k = standard.samples / samples
    faster = f"{fmt.times(k)} sooner" if k >= 1 else f"{fmt.times(1 / k)} later"
    return f", {faster} than with {named}"


def not_shown_in_words(answer: TargetAnswer) -> str:
    """What is known instead."""
    found = answer.finding
    best = fmt.percent(answer.validation) + " on validation data"
    if found is not None and found.accuracy is not None:
        best = fmt.percent(found.accuracy)
    target = accuracy_named(answer.target)
    known = f"the best so far is {best} in {took(answer)}"
    if found is not None and found.state is RungState.FAILED:
        return f"Not shown: {known}, which falls short of {target}."
    return f"Not shown: {known}, and it is not certain that this reaches {target}."


def figures(answer: TargetAnswer) -> str:
    """What the answer rests on, and what else may be tried."""
    found = answer.finding
    parts = ["no run was made on fresh seeds" if found is None else measured_in_words(found)]
    if answer.ended:
        parts.append(answer.ended)
    if not answer.reached:
        parts += beyond(answer)
    return "; ".join(parts) + "."


def measured_in_words(found: TargetFinding) -> str:
    """Accuracy on fresh seeds, with its ends."""
    on = f"{fmt.counted(found.runs, 'run')} on fresh seeds"
    lost = f", of which {found.diverged} diverged" if found.diverged else ""
    if found.accuracy is None:
        return f"none of {on} completed"
    text = f"test accuracy {fmt.percent(found.accuracy)} in {on}{lost}"
    if found.low is None:
        return text
    ends = f"at least {fmt.percent(found.low)}"
    if found.state is not RungState.PASSED:
        ends += f", at most {fmt.percent(found.high)}"
    return f"{text} ({fmt.level(found.confidence)}: {ends})"


def beyond(answer: TargetAnswer) -> list[str]:
    """Whether another recipe may do it, and what to give for it."""
    if answer.chance is None:
        return []
    sure = fmt.percent(answer.chance, 0)
    within = f"within {fmt.number(answer.longest)} epochs"
    if answer.chance < LIKELY:
        return [
            f"another recipe probably does not reach it {within} either ({sure}); longer cycles "
            f"(--epochs) may"
        ]
    return [f"another recipe {within} may reach it ({sure}); more trials look for it"]
