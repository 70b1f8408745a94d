"""The page of `studies/whole_search`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, median, quantiles

HERE = Path(__file__).parent
GRADES = ("right", "weaker", "open", "unstable", "wrong")
OUTCOMES = ("reached", "accelerated", "not found", "no", "undecided", "diverged")


@dataclass(frozen=True, slots=True)
class Row:
    """One search: what was replayed, and a `search.Found`.

    Args:
        task: of `studies/search_cost`.
        variant: what was changed; "" for nothing.
        distance: seed sds by which the best cycle of rung 2 is above the baseline.
    """

    task: str
    variant: str
    seed: int
    distance: int
    trials: int
    max_seeds: int
    outcome: str
    grade: str
    baselines: dict[str, float]
    regret: dict[str, float]
    chance: float | None

    def cost(self, tuned: bool = True, trade_off: bool = True) -> float:
        """All training, in baseline runs."""
        left_out = {*(() if tuned else ("tuning",)), *(() if trade_off else ("trade-off",))}
        return sum(v for k, v in self.baselines.items() if k not in left_out)


Group = Sequence[Row]
Key = tuple[object, ...]


def write_page(rows: Group) -> None:
    """README.md beside this file."""
    text = (HERE / "reading.md").read_text()
    plain = [row for row in rows if not row.variant]
    parts = {
        "plans": by_plan(plain),
        "distances": by_distance([row for row in plain if (row.trials, row.max_seeds) == (20, 12)]),
        "costs": by_part(plain),
        "chances": by_chance(plain),
        "variants": by_variant(rows),
        "checked": checked(),
    }
    for name, table in parts.items():
        text = text.replace(f"<!-- {name} -->", table)
    (HERE / "README.md").write_text(text)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """As Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def groups(
    rows: Group, key: Callable[[Row], tuple[object, ...]]
) -> dict[tuple[object, ...], Group]:
    """The rows by a key, in the order of the keys."""
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return {key: found[key] for key in sorted(found, key=str)}


def share(rows: Group, holds: Callable[[Row], bool]) -> str:
    """In per cent, with its standard error."""
    p, n = fmean(map(holds, rows)), len(rows)
    return f"{100 * p:.1f} +- {100 * sqrt(p * (1 - p) / n):.1f}"


def spread(values: Sequence[float]) -> str:
    """Median and quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return f"{median(values):.1f} ({low:.1f} to {high:.1f})"


def by_plan(rows: Group) -> str:
    head = (
        *("design", "trials", "looks to", "n", "right or true but weaker, %", "wrong, %"),
        *("cost, tuned", "without trade-off", "with `--baseline`", "and without trade-off"),
    )
    lines = [
        (
            *(str(part) for part in key),
            str(len(own)),
            share(own, lambda row: row.grade in ("right", "weaker")),
            share(own, lambda row: row.grade == "wrong"),
            *(
                spread([row.cost(tuned, trade_off) for row in own])
                for tuned in (True, False)
                for trade_off in (True, False)
            ),
        )
        for key, own in groups(rows, lambda row: (row.task, row.trials, row.max_seeds)).items()
    ]
    return table(head, lines)


def by_distance(rows: Group) -> str:
    head = ("design", "distance", "n", *OUTCOMES, *GRADES)
    lines = []
    for task, own in groups(rows, lambda row: (row.task,)).items():
        for distance in sorted({row.distance for row in own}):
            here = [row for row in own if row.distance == distance]
            outcomes, grades = Counter(r.outcome for r in here), Counter(r.grade for r in here)
            counts = [*(outcomes[o] for o in OUTCOMES), *(grades[g] for g in GRADES)]
            lines.append((str(task[0]), f"{distance:+d}", str(len(here)), *map(str, counts)))
    return table(head, lines)


def by_part(rows: Group) -> str:
    parts = list(rows[0].baselines)
    lines = [
        (
            *(str(part) for part in key),
            *(f"{fmean(row.baselines[part] for row in own):.1f}" for part in parts),
        )
        for key, own in groups(rows, lambda row: (row.task, row.trials, row.max_seeds)).items()
    ]
    return table(("design", "trials", "looks to", *parts), lines)


def by_chance(rows: Group) -> str:
    """Of the searches that asked for the chance."""
    asked = [row for row in rows if row.chance is not None]
    lines = []
    for key, own in groups(asked, lambda row: (row.task, row.trials)).items():
        is_there = [row for row in own if row.distance >= -1]
        not_there = [row for row in own if row.distance < -1]
        regrets = [row.regret["2.0"] for row in own if "2.0" in row.regret]
        lines.append(
            (
                *(str(part) for part in key),
                *(
                    f"{share(some, lambda row: (row.chance or 0) < 0.1)} (n {len(some)})"
                    if some
                    else "-"
                    for some in (is_there, not_there)
                ),
                spread(regrets),
            )
        )
    head = ("design", "trials", "below 10 %, gain exists", "below 10 %, none exists")
    return table((*head, "regret at rung 2, sd"), lines)


def by_variant(rows: Group) -> str:
    """With 20 trials and looks to 8, on the seeds and tasks that all variants have."""
    changed = {(row.task, row.seed) for row in rows if row.variant}
    same = [
        row
        for row in rows
        if (row.task, row.seed) in changed and (row.trials, row.max_seeds) == (20, 8)
    ]
    lines = [
        (
            str(key[0]),
            str(key[1]) or "as the tool",
            str(len(own)),
            share(own, lambda row: row.grade in ("right", "weaker")),
            share(own, lambda row: row.grade == "wrong"),
            f"{median(row.cost() for row in own):.1f}",
            *(
                f"{fmean(row.regret[k] for row in own if k in row.regret):.2f}"
                for k in ("5.0", "2.0")
            ),
        )
        for key, own in groups(same, lambda row: (row.task, row.variant)).items()
    ]
    head = ("design", "variant", "n", "right or weaker, %", "wrong, %", "cost, tuned")
    return table((*head, "mean regret, rung 5", "rung 2"), lines)


def checked() -> str:
    """Real runs at the surfaces' best points."""
    found = json.loads((HERE / "checked.json").read_text())
    lines = [
        (
            row["task"],
            f"{row['rung']:g}",
            f"{100 * row['other_promise']:.1f}",
            f"{100 * fmean(row['other_runs']):.1f}",
            f"{100 * row['promise']:.1f}",
            f"{100 * fmean(row['runs']):.1f} (n {len(row['runs'])})",
        )
        for row in found
    ]
    head = ("design", "rung", "search_cost's surface, %", "real runs there", "this surface, %")
    return table((*head, "real runs there"), lines)
