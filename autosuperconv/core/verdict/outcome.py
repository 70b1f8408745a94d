"""What judging gives. Import these from `core.verdict`."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.stats import Contrast
from autosuperconv.core.verdict.conditions import Condition, ConditionName
from autosuperconv.core.verdict.types import Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the runs say.

    Args:
        outcome: one of the eight.
        speedup: k = T_B / N_C; None where a candidate run diverged.
        against_baseline: accuracy, candidate less baseline.
        against_control: accuracy, candidate less control; None where no control was run.
        margin: by how much the candidate may fall short of the baseline, fraction of 1.
        baseline_accuracy: mean, fraction of 1.
        candidate_accuracy: mean, fraction of 1.
        control_accuracy: mean, fraction of 1; None where no control was run.
        candidate_samples: N_C, the cost of the candidate's whole run.
        baseline_samples: T_B, the cost at which the baseline is at its final level for good.
        conditions: each of `ConditionName` once, in that order.
        more_seeds: seeds that would probably settle an undecided verdict; else None.
        sentence: the verdict in one sentence, with numbers.
    """

    outcome: Outcome
    speedup: float | None
    against_baseline: Contrast
    against_control: Contrast | None
    margin: float
    baseline_accuracy: float
    candidate_accuracy: float
    control_accuracy: float | None
    candidate_samples: float
    baseline_samples: float
    conditions: tuple[Condition, ...]
    more_seeds: int | None
    sentence: str

    @property
    def single_run(self) -> bool:
        """Whether a side has a single run, so that there is no interval."""
        return self.against_baseline.low is None

    def condition(self, name: ConditionName) -> Condition:
        """The condition of that name."""
        return next(condition for condition in self.conditions if condition.name == name)
