"""Which recipe to use, and what was shown of it.

The rule: after a gain, the most accurate of the recipes that cost no more than the cycle; else the
most accurate of those that cost no more than the baseline. Of equally accurate ones it is the
cheapest. Accuracy is the mean on the test split, over runs that no choice was made by. A recipe
that diverges too often is not recommended, unless every other one does as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from autosuperconv.core import format as fmt
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Trace
from autosuperconv.core.verdict import RungState, Verdict
from autosuperconv.core.verdict.runs import SAME_COST, too_many
from autosuperconv.core.verdict.sentence import GAINS, speed_in_words

BASELINE, CANDIDATE, CONTROL = "baseline", "candidate", "control"
KEEP = "Keep the recipe of your recorded runs: they measured better."
MISSED_TARGET = "It does not reach the target"


@dataclass(frozen=True, slots=True)
class ConfirmedRecipe:
    """A recipe that was trained on the confirmation's seeds, and what was shown of it.

    Args:
        role: "baseline", "candidate", "control"; "candidate:K" and "control:K" at the other length.
        recipe: without the seeds of the confirmation.
        runs: of it.
        diverged: of these.
        accuracy: mean on the test split over the others, fraction of 1; None where all diverged.
        samples: mean over the runs that completed; over all where none did.
        validation_accuracy: fraction of 1; None: unknown.
        state: of its accuracy against the margin; None: that was not asked.
        label: what it is and what was shown, in words.
    """

    role: str
    recipe: Recipe
    runs: int
    diverged: int
    accuracy: float | None
    samples: float
    validation_accuracy: float | None = None
    state: RungState | None = None
    label: str = ""

    @property
    def reliable(self) -> bool:
        """Whether its runs diverge no more than rarely."""
        return self.accuracy is not None and not too_many(self.diverged, self.runs)

    @property
    def side(self) -> str:
        """The role without the length."""
        return self.role.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The recipe to use, and those that it was chosen from.

    Args:
        best: the recommended one.
        others: the rest, as they were confirmed.
    """

    best: ConfirmedRecipe
    others: tuple[ConfirmedRecipe, ...] = ()

    @property
    def every(self) -> tuple[ConfirmedRecipe, ...]:
        """All of them, each once."""
        return (self.best, *self.others)


def confirmed_recipe(
    role: str,
    recipe: Recipe,
    traces: Sequence[Trace],
    validation_accuracy: float | None = None,
    state: RungState | None = None,
) -> ConfirmedRecipe:
    """What the runs of a recipe say, as measured on the test split; at least one run."""
    ends = [t.accuracy for t in traces if t.completed and t.accuracy is not None]
    return ConfirmedRecipe(
        role=role,
        recipe=recipe,
        runs=len(traces),
        diverged=len(traces) - len(ends),
        accuracy=fmean(ends) if ends else None,
        samples=fmean(t.samples for t in [t for t in traces if t.completed] or traces),
        validation_accuracy=validation_accuracy,
        state=state,
    )


def recommend(
    confirmed: Sequence[ConfirmedRecipe],
    verdict: Verdict,
    target: float,
    own_baseline: bool = False,
) -> Recommendation | None:
    """The recipe to use by the rule above, with a label; None where none was confirmed.

    Args:
        confirmed: the candidate, the baseline unless its runs were recorded elsewhere, and others.
        verdict: on them.
        target: validation accuracy that was looked for, fraction of 1.
        own_baseline: the baseline is the user's own recipe.
    """
    if not confirmed:
        return None
    labelled = [replace(c, label=label(c, verdict, target, own_baseline)) for c in confirmed]
    best = best_measured(labelled, CANDIDATE if verdict.outcome in GAINS else BASELINE)
    others = tuple(c for c in labelled if c is not best)
    text = f"{best.label} {reason(best, labelled, verdict)}"
    if keeps_recorded(best, labelled, verdict):
        text = f"{KEEP} The best one trained here is {fmt.clause(best.label)}."
    return Recommendation(replace(best, label=text), others)


def best_measured(confirmed: Sequence[ConfirmedRecipe], reference: str) -> ConfirmedRecipe:
    """The most accurate of the recipes that cost no more than the reference, of equals the
    cheapest; where there is no reference, of all."""
    reliable = [c for c in confirmed if c.reliable] or list(confirmed)
    limit = max((c.samples for c in reliable if c.role == reference), default=None)
    cheap = [c for c in reliable if limit is None or c.samples <= limit * (1 + SAME_COST)]
    return max(cheap, key=lambda c: (c.accuracy or 0.0, -c.samples))


def keeps_recorded(
    best: ConfirmedRecipe, confirmed: Sequence[ConfirmedRecipe], verdict: Verdict
) -> bool:
    """Whether the recorded runs, whose recipe is not known here, measured better."""
    if verdict.outcome in GAINS or any(c.role == BASELINE for c in confirmed):
        return False
    return (best.accuracy or 0.0) < verdict.baseline_accuracy


def reason(best: ConfirmedRecipe, confirmed: Sequence[ConfirmedRecipe], verdict: Verdict) -> str:
    """Why this one is recommended, in a sentence."""
    if not best.reliable:
        return "Every recipe diverges too often to be recommended; this one measured best."
    gain, known = verdict.outcome in GAINS, {c.role for c in confirmed}
    if not gain and BASELINE not in known:
        return "It measured best of the recipes that were trained here."
    if gain and best.role == CANDIDATE:
        return "No recipe that costs as little measured better."
    if best.role == BASELINE:
        return "No cheaper recipe measured as well."
    costs = "costs no more than the cycle" if gain else "costs less than the baseline"
    return f"It {costs} and measured best."


def label(
    confirmed: ConfirmedRecipe, verdict: Verdict, target: float, own_baseline: bool = False
) -> str:
    """What a recipe is and what was shown of it, in a few sentences."""
    parts = [
        f"{name(confirmed, own_baseline)}: {measured(confirmed, verdict)}.",
        shown(confirmed, verdict),
        missed(confirmed, target),
    ]
    return " ".join(part for part in parts if part)


def name(confirmed: ConfirmedRecipe, own_baseline: bool = False) -> str:
    """What it is, as a sentence begins."""
    cycle = "The cycle that was found"
    other = confirmed.role != confirmed.side
    length = f" at {fmt.number(confirmed.recipe.epochs)} epochs" if other else ""
    compressed = "The baseline compressed to the cycle's length"
    tuned = "The tuned standard schedule (the baseline)"
    return {
        CANDIDATE: f"{cycle}{length}",
        CONTROL: f"{compressed}{length}",
        BASELINE: "Your own recipe (the baseline)" if own_baseline else tuned,
    }[confirmed.side]


def measured(confirmed: ConfirmedRecipe, verdict: Verdict) -> str:
    """Its accuracy, and how it compares with the baseline's."""
    failed = f"training failed in {confirmed.diverged} of {fmt.counted(confirmed.runs, 'run')}"
    if confirmed.accuracy is None:
        return failed
    text = f"{fmt.percent(confirmed.accuracy)} on test data, {fmt.counted(confirmed.runs, 'run')}"
    if confirmed.role != BASELINE:
        difference = fmt.points(confirmed.accuracy - verdict.baseline_accuracy)
        speed = speed_in_words(verdict.baseline_samples / confirmed.samples)
        text += f"; {difference} percentage points against the baseline, {speed}"
    return f"{text}; {failed}" if confirmed.diverged else text


def shown(confirmed: ConfirmedRecipe, verdict: Verdict) -> str:
    """What was shown of its accuracy, in a sentence; "" where that was not asked."""
    within = f"within {fmt.size_in_points(verdict.margin)} points"
    match confirmed.state:
        case RungState.PASSED:
            return f"It was shown to be as accurate as the baseline, {within}."
        case RungState.OPEN:
            return f"C1 accuracy is open: it may or may not be as accurate, {within}."
        case RungState.FAILED if confirmed.reliable:
            return f"C1 accuracy is not met: it is not as accurate as the baseline, {within}."
        case RungState.FAILED:
            return "C1 accuracy is not met: it diverges too often."
    return ""


def missed(confirmed: ConfirmedRecipe, target: float) -> str:
    """A sentence that says so where it misses the target; else ""."""
    found = confirmed.validation_accuracy
    if found is None or found >= target - 1e-9:
        return ""
    return (
        f"{MISSED_TARGET}: its validation accuracy is {fmt.percent(found)}, and the "
        f"target is {fmt.percent(target)}."
    )
