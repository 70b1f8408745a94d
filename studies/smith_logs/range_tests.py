"""The range test's reading of the author's own sweeps, as a table."""

from __future__ import annotations

from pathlib import Path

from autosuperconv.core.range_test import Reading, read_recorded

CLAIMS = {
    "range3Iter5kFig2b": "possible (Fig. 2b)",
    "range3Iter20kFig2b": "possible (Fig. 2b)",
    "clr3SS5kFig1a": "possible (Fig. 1a)",
    "clr3SS5kNestFig9": "possible (Fig. 8b)",
    "clr3SS5kMom85Fig11": "possible (Table 6)",
    "clr3SS5kTr40kTab1": "possible (Table 1)",
    "clr3SS5kTr30kTab1": "possible (Table 1)",
    "clr3SS5kTr20kTab1": "possible (Table 1)",
    "clr3SS5kTr10kTab1": "possible (Table 1)",
    "clr3SS5kWD-5Fig11": "possible (Fig. 10b)",
    "clr3SS5kWD-6Fig11": "possible (Fig. 10b)",
    "clr3SS5kWD-3Fig11": "not possible (Fig. 10b)",
    "lrRange3SS520kClip2Fig12a": "not possible (Fig. 11a)",
    "lrRange3SS520kClip2Fig12b": "not possible (Fig. 11b)",
    "lrRange3SS520kClip10Fig12a": "not possible (Fig. 11)",
    "lr35Fig1a": "no range test",
}
ANSWERS = {True: "possible", False: "not possible", None: "no range test"}


def table(logs: Path) -> str:
    """Every sweep: range tests, the rising halves of cycles, and one run that is no sweep."""
    rows = []
    agreed = 0
    for name, claim in CLAIMS.items():
        reading = read_recorded((logs / f"{name}.csv").read_text(encoding="utf-8"))
        agrees = claim.startswith(ANSWERS[reading.possible])
        agreed += agrees
        rows.append(_row(name, claim, reading, agrees))
    return "\n".join(
        [
            "",
            "## The range test on the same logs",
            "",
            f"The answers agree with the claims on {agreed} of {len(CLAIMS)} logs.",
            "",
            "The logs are range tests, and cycles, whose rising halves are sweeps from 0.1 to 3. "
            "The learning rate of a baseline only falls, so it is no range test. "
            "`autosuperconv range-test --read FILE` gives the same answers.",
            "",
            "| log | claim | answer | agrees | floor | edge | peak | retention |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(name: str, claim: str, r: Reading, agrees: bool) -> str:
    rates = (f"{v:.3g}" if v is not None else "-" for v in (r.floor, r.edge, r.peak_lr))
    retention = "-" if r.retention is None else f"{r.retention:.2f}"
    verdict = "yes" if agrees else "**no**"
    answer = ANSWERS[r.possible]
    return f"| {name} | {claim} | {answer} | {verdict} | {' | '.join(rates)} | {retention} |"
