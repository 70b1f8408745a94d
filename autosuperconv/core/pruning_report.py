"""How often the pruner errs, from the condemned trials that were let finish all the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from autosuperconv.core.format import counted
from autosuperconv.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class PruningReport:
    """What pruning saved, and what it may have cost.

    Args:
        pruned: trials stopped early.
        saved: training samples that they did not take, over all that the study would have taken.
        finished: condemned trials that were let finish, a random tenth.
        wrong: those of them that reached the target.
        low, high: 95 % Wilson interval of the share wrong; None where none was let finish.
    """

    pruned: int
    saved: float
    finished: int
    wrong: int
    low: float | None
    high: float | None

    @property
    def sentence(self) -> str:
        """All of it in words."""
        pruned = counted(self.pruned, "trial")
        saved = f"{pruned} pruned, {100 * self.saved:.0f} % of the training saved"
        if self.low is None or self.high is None:
            return f"{saved}; no condemned trial was let finish, so its errors are not measured."
        condemned = counted(self.finished, "condemned trial")
        return (
            f"{saved}; of {condemned} let finish {self.wrong} reached the "
            f"target (95 % interval {100 * self.low:.0f} to {100 * self.high:.0f} %)."
        )


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209).

    Unlike the usual one it is sound at 0 successes and at small n.

    Raises:
        InvalidInput: not 0 <= successes <= n with n >= 1.
    """
    if not 0 <= successes <= n or n < 1:
        raise InvalidInput(
            f"wilson needs 0 <= successes <= n and n >= 1, but got {successes} of {n}."
        )
    z = float(stats.norm.ppf((1 + confidence) / 2))
    share, spread = successes / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def pruning_report(
    trained: int, untrained: Sequence[int], reached: Sequence[bool]
) -> PruningReport | None:
    """Put the counts together; None where nothing was condemned.

    Args:
        trained: samples that the study really trained.
        untrained: samples that each pruned trial had still to go.
        reached: whether each condemned trial that was let finish reached the target.
    """
    if not untrained and not reached:
        return None
    left = sum(untrained)
    low, high = wilson(sum(reached), len(reached)) if reached else (None, None)
    return PruningReport(
        pruned=len(untrained),
        saved=left / (trained + left) if left else 0.0,
        finished=len(reached),
        wrong=sum(reached),
        low=low,
        high=high,
    )
