"""Judges pairs of recorded runs about which a claim was made, and puts them in a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autosuperconv.core.format import number, points, size_in_points
from autosuperconv.core.serialization import from_json
from autosuperconv.core.verdict import Verdict
from autosuperconv.core.verdict.recorded import judge_recorded
from autosuperconv.errors import InvalidInput

HEADER = (
    "| pair | claim | outcome | k | T_B | N_C | accuracy, points | agrees |\n"
    "|---|---|---|---|---|---|---|---|"
)
GAINS = ("reached", "reached-control-missing", "accelerated")


@dataclass(frozen=True, slots=True)
class Pair:
    """A candidate and its baseline.

    Args:
        name: of the pair, for the table.
        candidate: name of its recorded run's file.
        baseline: name of its recorded run's file.
        batch_size: samples per iteration.
        n_train: samples in the training set.
        claim: what was said of the candidate, in a few words.
        claimed: whether that was a gain.
        note: what else a reader of the verdict should know; may be empty.
    """

    name: str
    candidate: str
    baseline: str
    batch_size: int
    n_train: int
    claim: str
    claimed: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A list of pairs, and where the runs come from."""

    title: str
    source: str
    pairs: tuple[Pair, ...]


def read_pairs(text: str) -> Pairs:
    """The pairs from their JSON text.

    Raises:
        InvalidInput: not JSON, or a field is missing, unknown or of the wrong type.
    """
    return from_json(Pairs, text)


def smith_table(pairs: Pairs, texts: Mapping[str, str]) -> str:
    """Every pair's verdict as Markdown, then where and why it departs from the claim.

    Args:
        texts: the CSV text of each run, by the file name that the pairs use.

    Raises:
        InvalidInput: the text of a run is not there.
    """
    verdicts = [_judged(pair, texts) for pair in pairs.pairs]
    rows = [_row(pair, verdict) for pair, verdict in zip(pairs.pairs, verdicts, strict=True)]
    reasons = [_reason(pair, verdict) for pair, verdict in zip(pairs.pairs, verdicts, strict=True)]
    agreeing = sum(map(_agrees, pairs.pairs, verdicts))
    return "\n".join(
        [
            f"# {pairs.title}",
            "",
            f"The rules agree with the claim on {agreeing} of {len(rows)} pairs.",
            "",
            pairs.source,
            "",
            "k = T_B / N_C. T_B is the cost at which the baseline reaches its final level and "
            "stays there; N_C is the candidate's whole cost; both are in iterations. Each side has "
            "one run, so there is no interval, and the margin is "
            f"{size_in_points(verdicts[0].margin)} percentage points.",
            "",
            HEADER,
            *rows,
            "",
            *reasons,
            "",
        ]
    )


def _judged(pair: Pair, texts: Mapping[str, str]) -> Verdict:
    for name in (pair.candidate, pair.baseline):
        if name not in texts:
            raise InvalidInput(
                f"Pair {pair.name!r} needs the recorded run {name!r}, which was not given."
            )
    sides = ([texts[pair.candidate]], [texts[pair.baseline]])
    return judge_recorded(*sides, [], pair.batch_size, pair.n_train)


def _agrees(pair: Pair, verdict: Verdict) -> bool:
    return pair.claimed == (verdict.outcome in GAINS)


def _row(pair: Pair, verdict: Verdict) -> str:
    cells = (
        pair.name,
        pair.claim,
        verdict.outcome.label.upper(),
        "none" if verdict.speedup is None else number(verdict.speedup),
        f"{verdict.baseline_samples / pair.batch_size:,.0f}",
        f"{verdict.candidate_samples / pair.batch_size:,.0f}",
        points(verdict.against_baseline.difference),
        "yes" if _agrees(pair, verdict) else "**no**",
    )
    return f"| {' | '.join(cells)} |"


def _reason(pair: Pair, verdict: Verdict) -> str:
    mark = "agrees" if _agrees(pair, verdict) else "departs"
    note = f" {pair.note}" if pair.note else ""
    return f"- {pair.name} ({mark}): {verdict.sentence}{note}"
