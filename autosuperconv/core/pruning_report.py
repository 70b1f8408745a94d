"""How often the pruner errs, from the condemned trials that were let finish all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autosuperconv.core.format import counted


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
    low, high = _share_interval(sum(reached), len(reached)) if reached else (None, None)
    return PruningReport(
        pruned=len(untrained),
        saved=left / (trained + left) if left else 0.0,
        finished=len(reached),
        wrong=sum(reached),
        low=low,
        high=high,
    )


def _share_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % Wilson interval of a share: sound at 0 successes and at small n."""
    from scipy.stats import binomtest

    found = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
