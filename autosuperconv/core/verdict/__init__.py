"""The verdict: a pure function of recorded runs, so it can be applied to anybody's curves.

Outcomes, in order of precedence; the first that holds is the verdict:

1. diverged: any candidate run did. A recipe that is lost on one seed in three is not one to keep,
   and this does not depend on the baseline.
2. baseline-invalid: C5 unmet. A gain over a collapsed baseline is no gain.
3. stable-but-short: k is below `min_acceleration`, or the whole interval of the accuracy
   difference lies at or below -margin. More seeds would not change it.
4. undecided: C6 is known to be unmet (the two accuracies are not comparable), or the interval
   straddles -margin.
5. accelerated: C1 holds, yet C2 (k below `min_speedup`) or C3 is unmet. More seeds would not
   change it.
6. C4 unmet: undecided where the candidate leads the control and a feasible number of seeds would
   probably show it; otherwise accelerated. The candidate is then as accurate and much cheaper,
   but so is the standard schedule run as briefly: the baseline was too long, and the large
   learning rate earns no credit. The sentence says so.
7. reached, or reached-control-missing where no control was run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from statistics import fmean

from autosuperconv.core import format as wording
from autosuperconv.core.stats import FIRST_LOOK, confidence_at_seeds, seeds_to_settle
from autosuperconv.core.verdict import conditions
from autosuperconv.core.verdict.conditions import Measured
from autosuperconv.core.verdict.types import Condition, Criterion, Outcome, RunCurve, Verdict
from autosuperconv.errors import InvalidInput

__all__ = ["Condition", "Criterion", "Outcome", "RunCurve", "Verdict", "criterion_at", "judge"]

TITLES: dict[Outcome, str] = {
    "reached": "Reached",
    "reached-control-missing": "Reached, control missing",
    "accelerated": "Accelerated",
    "stable-but-short": "Stable but short",
    "diverged": "Diverged",
    "baseline-invalid": "Baseline invalid",
    "undecided": "Undecided",
}


def judge(
    candidate: Sequence[RunCurve],
    baseline: Sequence[RunCurve],
    control: Sequence[RunCurve] = (),
    criterion: Criterion = Criterion(),
    batch_norm_recalibrated: bool | None = None,
) -> Verdict:
    """Apply the rules (outcomes and precedence: see the module).

    Runs are paired by seed where the sides have two or more in common, else by order. The
    interval is the paired t interval that `core.stats` argues for. The margin is
    `criterion.margin` or the seed standard deviation pooled over B and C, whichever is larger;
    where a side has a single run, 0.3 points at least.

    Args:
        candidate: C, the one-cycle runs.
        baseline: B, the tuned standard schedule.
        control: B compressed to C's cost, learning rate retuned; empty where it was not run.
        criterion: the bounds.
        batch_norm_recalibrated: both sides were evaluated with recalibrated statistics (or
            have no batch norm); None where unknown, which does not stand in the way of
            "reached" but is said.

    Raises:
        InvalidInput: a side is empty, or a curve is not one.
    """
    _check("candidate", candidate)
    _check("baseline", baseline)
    if control:
        _check("control", control)
    measured = conditions.measure(candidate, baseline, control, criterion)
    checked = (
        conditions.accuracy_condition(measured, criterion),
        conditions.speed_condition(measured, criterion),
        conditions.lr_condition(measured, criterion),
        conditions.control_condition(measured, criterion),
        conditions.baseline_condition(baseline, criterion),
        conditions.batch_norm_condition(batch_norm_recalibrated),
    )
    outcome, blamed = decide(measured, checked, criterion)
    more_seeds = _more_seeds(measured, criterion, blamed) if outcome == "undecided" else None
    against = measured.against_baseline
    return Verdict(
        outcome=outcome,
        speedup=measured.speedup,
        accuracy_difference=100 * against.difference,
        accuracy_low=100 * against.low if against.interval else None,
        accuracy_high=100 * against.high if against.interval else None,
        margin=100 * measured.margin,
        baseline_accuracy=fmean(map(conditions.final, baseline)),
        candidate_accuracy=fmean(map(conditions.final, candidate)),
        control_accuracy=fmean(map(conditions.final, control)) if control else None,
        candidate_samples=measured.candidate_samples,
        baseline_samples=measured.baseline_samples,
        conditions=checked,
        single_run=against.interval is None,
        more_seeds=more_seeds,
        sentence=_sentence(outcome, measured, criterion, checked, blamed, more_seeds),
        confidence=criterion.confidence,
    )


def criterion_at(
    seeds: int, max_seeds: int, criterion: Criterion = Criterion(), first: int = FIRST_LOOK
) -> Criterion:
    """The criterion for a look after `seeds` pairs, where up to `max_seeds` may be bought.

    To buy seeds one by one: judge with this after `first`, `first` + 1, ... pairs and stop as soon
    as the outcome is not "undecided". The error of all looks together stays that of `criterion`,
    at the price of wider intervals (`core.stats.confidence_at_look`).
    """
    confidence = confidence_at_seeds(seeds, max_seeds, criterion.confidence, first)
    return replace(criterion, confidence=confidence)


def decide(
    measured: Measured, checked: Sequence[Condition], criterion: Criterion
) -> tuple[Outcome, tuple[Condition, ...]]:
    """The outcome, and the conditions that stand between it and "reached"."""
    accuracy, speed, rate, control, baseline, batch_norm = checked
    blamed = tuple(c for c in checked if c.met is False)
    k = measured.speedup
    if k is None:
        return "diverged", (speed,)
    if baseline.met is False:
        return "baseline-invalid", (baseline,)
    if k < criterion.min_acceleration:
        return "stable-but-short", blamed
    if batch_norm.met is False:
        return "undecided", (batch_norm,)
    if not accuracy.met:
        short = measured.against_baseline.high <= -measured.margin
        return ("stable-but-short", blamed) if short else ("undecided", (accuracy,))
    if not (speed.met and rate.met):
        return "accelerated", blamed
    if control.met is False:
        open_question = _more_seeds(measured, criterion, (control,)) is not None
        return ("undecided" if open_question else "accelerated"), (control,)
    return ("reached" if control.met else "reached-control-missing"), ()


def _more_seeds(
    measured: Measured, criterion: Criterion, blamed: Sequence[Condition]
) -> int | None:
    """Pairs that would probably settle what is open; None where no feasible number would."""
    question = blamed[0].name[:2]
    if question == "C4" and measured.against_control:
        against, bound = measured.against_control, 0.0
        hopeless = against.difference <= 0
    else:
        against, bound = measured.against_baseline, -measured.margin
        hopeless = question != "C1"
    if hopeless or against.interval is None:
        return None
    return seeds_to_settle(against.interval, bound, criterion.confidence)


def _sentence(
    outcome: Outcome,
    measured: Measured,
    criterion: Criterion,
    checked: Sequence[Condition],
    blamed: Sequence[Condition],
    more_seeds: int | None,
) -> str:
    if outcome == "diverged":
        failed = f"{measured.diverged} of {wording.counted(measured.runs, 'run')}"
        rate = wording.number(measured.max_lr)
        difference = measured.against_baseline.in_words(criterion.confidence)
        return f"Diverged: at max_lr {rate} training was lost in {failed}, accuracy {difference}."
    status = "open" if outcome == "undecided" else "unmet"
    reasons = [f"{c.name[:2]} {status}: {wording.clause(c.detail)}" for c in blamed]
    if len(blamed) > 1:  # the details stand with the conditions
        reasons = [f"{status}: {wording.listed([c.name for c in blamed])}"]
    if outcome == "accelerated" and blamed[0].name == "C4 control":
        reasons.append("the gain may be that of the shorter run alone")
    unchecked = [c.name for c in checked if c.met is None]
    if outcome in ("reached", "reached-control-missing") and unchecked:
        reasons.append(f"not checked: {wording.listed(unchecked)}")
    if outcome == "reached-control-missing":
        reasons.append("without C4 the baseline may only have been too long")
    if outcome == "undecided":
        reasons.append(_outlook(more_seeds, blamed))
    said = [c.name for c in blamed] == ["C1 accuracy"]
    figures = _figures(measured, criterion, with_accuracy=not said)
    return f"{TITLES[outcome]}: {'; '.join([figures, *reasons])}."


def _figures(measured: Measured, criterion: Criterion, with_accuracy: bool) -> str:
    text = (
        f"{_cheaper(measured.speedup or 0.0)} at max_lr {wording.number(measured.max_lr)} "
        f"({wording.number(measured.lr_ratio)} x the baseline's)"
    )
    if not with_accuracy:
        return text
    difference = measured.against_baseline.in_words(criterion.confidence)
    return f"{text}, accuracy {difference}, margin {100 * measured.margin:.2f}"


def _cheaper(k: float) -> str:
    return f"{k:.1f} x fewer samples" if k >= 1 else f"{1 / k:.1f} x more samples"


def _outlook(more_seeds: int | None, blamed: Sequence[Condition]) -> str:
    if more_seeds is not None:
        return f"about {wording.counted(more_seeds, 'more seed')} would probably settle it"
    if blamed[0].name.startswith("C6"):
        return "more seeds cannot settle it, evaluating both sides alike can"
    return "the effect lies too near the bound for a feasible number of seeds to settle it"


def _check(side: str, runs: Sequence[RunCurve]) -> None:
    if not runs:
        raise InvalidInput(f"judge needs at least one {side} run, but got none.")
    seeds = [run.seed for run in runs if run.seed is not None]
    if len(set(seeds)) < len(seeds):
        raise InvalidInput(f"{side}: each run needs its own seed to be paired, but got {seeds}.")
    for run in runs:
        samples, rates = run.samples, run.max_lr
        if not samples or any(a >= b for a, b in pairwise(samples)) or samples[-1] <= 0:
            raise InvalidInput(f"{side}: samples must rise and end above 0, but got {samples[:5]}.")
        if run.accuracy and len(run.accuracy) != len(samples):
            sizes = f"{len(run.accuracy)} accuracies for {len(samples)} costs"
            raise InvalidInput(f"{side}: each evaluation needs its cost, but got {sizes}.")
        if not (isfinite(rates) and rates > 0):
            raise InvalidInput(f"{side}: max_lr must be above 0, but got {rates}.")
