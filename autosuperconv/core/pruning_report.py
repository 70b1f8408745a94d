"""How often the pruner errs, from trials that went on although it would have stopped them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autosuperconv.core.format import counted, percent


@dataclass(frozen=True, slots=True)
class PruningReport:
    """What pruning saved, and what it may have cost.

    Args:
        pruned: trials stopped early.
        saved: training samples that they did not take, over all that the study would have taken.
        kept_running: trials, a random tenth, that went on although the pruner would have stopped
            them.
        reached: those of them that reached the target, so that stopping them would have been wrong.
        low: lower end of the 95 % Wilson interval of that share; None where none was kept running.
        high: upper end.
    """

    pruned: int
    saved: float
    kept_running: int
    reached: int
    low: float | None
    high: float | None

    @property
    def sentence(self) -> str:
        """All of it in words."""
        pruned = counted(self.pruned, "trial")
        saved = f"{pruned} pruned, which saved {percent(self.saved, 0)} of the training"
        if self.low is None or self.high is None:
            return (
                f"{saved}. No trial that the pruner would have stopped was kept running, so its "
                "error rate was not measured."
            )
        kept = counted(self.kept_running, "trial")
        return (
            f"{saved}. Of {kept} kept running although the pruner would have stopped them, "
            f"{self.reached} reached the target (95 % interval: {percent(self.low, 0)} to "
            f"{percent(self.high, 0)})."
        )


def pruning_report(
    trained: int, untrained: Sequence[int], reached: Sequence[bool]
) -> PruningReport | None:
    """Put the counts together; None where the pruner stopped no trial and would have
    stopped none.

    Args:
        trained: samples that the study really trained.
        untrained: samples that each pruned trial had still to go.
        reached: for each trial that was kept running although the pruner would have stopped it,
            whether it reached the target.
    """
    if not untrained and not reached:
        return None
    left = sum(untrained)
    low = high = None
    if reached:
        from scipy.stats import binomtest

        # Wilson's interval is sound at 0 successes and at small n
        share = binomtest(sum(reached), len(reached)).proportion_ci(0.95, method="wilson")
        low, high = float(share.low), float(share.high)
    return PruningReport(
        pruned=len(untrained),
        saved=left / (trained + left) if left else 0.0,
        kept_running=len(reached),
        reached=sum(reached),
        low=low,
        high=high,
    )
