"""What else is to be known of a trade-off, a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.tradeoff.combinations import Combinations
from autosuperconv.core.tradeoff.factors import factor_name
from autosuperconv.core.tradeoff.types import CONFIDENCE, Effect


def all_notes(
    runs: Combinations, effects: Sequence[Effect], spread: float | None
) -> tuple[str, ...]:
    """Those that apply."""
    limits = _limits(spread) if effects else ""
    notes = (_divergence(runs), _stray(runs), _joined(runs), _more(effects), limits)
    return tuple(note for note in notes if note)


def skipped(explain: str, always: str) -> str:
    """Why nothing was retrained.

    Args:
        explain: as it was requested.
        always: how to request it whatever the verdict is.
    """
    if explain == "never":
        return f"The trade-off was not measured, as requested. To measure it, give {always}."
    return (
        "The trade-off was not measured, because no gain was shown that it could explain. To "
        f"measure it all the same, give {always}."
    )


def _limits(spread: float | None) -> str:
    if spread is None:
        return "No recipe was trained twice, so there are no limits."
    return (
        f"All {fmt.level(CONFIDENCE)} limits hold at once; they rest on a spread of "
        f"{fmt.size_in_points(spread)} points over the seeds of one recipe."
    )


def _divergence(runs: Combinations) -> str:
    lost = len(runs.lost)
    if not lost:
        return ""
    names = [factor_name(runs.names[place]) for place in runs.culprits]
    return (
        f"Training diverges in {lost} of {len(runs.cells)} combinations, with every seed that was "
        f"tried; all of them have {' or '.join(names)} at the baseline's value. The other factors "
        f"were measured with {fmt.listed(names)} at the winner's value."
    )


def _stray(runs: Combinations) -> str:
    """Divergence that did not happen again with another seed."""
    strays = sum(own.diverged for c, own in runs.cells.items() if -1 in c and not own.lost)
    if not strays:
        return ""
    return f"{fmt.counted(strays, 'run')} diverged, but not with another seed; left out."


def _joined(runs: Combinations) -> str:
    together = [group for group in runs.groups if len(group) > 1]
    if not together:
        return ""
    names = fmt.listed([factor_name(factor) for factor in together[0]])
    return f"{names} were changed together, as one factor, which keeps the runs to 15."


def _more(effects: Sequence[Effect]) -> str:
    added = [e for e in effects if e.alone and e.mean is not None]
    if not added:
        return ""
    name, runs = factor_name(added[0].factor), fmt.counted(added[0].alone, "run")
    return (
        f"The limits of {name} narrowly included zero, so it was reverted alone in {runs} more; "
        "its worth as the last change comes from them."
    )
