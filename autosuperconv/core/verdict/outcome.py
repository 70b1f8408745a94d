"""What judging gives. Import these from `core.verdict`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autosuperconv.core import format as fmt
from autosuperconv.core.stats import Contrast
from autosuperconv.core.verdict.comparison import RungState
from autosuperconv.core.verdict.condition import Condition, ConditionName
from autosuperconv.core.verdict.looks import CANDIDATES
from autosuperconv.core.verdict.measured import Divergence
from autosuperconv.core.verdict.price import Price
from autosuperconv.core.verdict.types import Outcome


@dataclass(frozen=True, slots=True)
class SideRuns:
    """How many runs there were of each side.

    Args:
        candidate: of the cycle.
        baseline: of the standard schedule.
        control: of the standard schedule at the candidate's cost.
    """

    candidate: int
    baseline: int
    control: int = 0


@dataclass(frozen=True, slots=True)
class RungFinding:
    """What one rung has shown.

    Args:
        speedup: what its length gives.
        state: of its accuracy, against the margin.
        probability: that it is as accurate as the baseline, within the margin; None: unknown.
    """

    speedup: float
    state: RungState
    probability: float | None

    def in_words(self) -> str:
        """E.g. "is as accurate at 2 x", "is open at 5 x (34 %)"."""
        at = fmt.times(self.speedup)
        if self.state is RungState.PASSED:
            return f"is as accurate at {at}"
        if self.state is RungState.FAILED:
            return f"falls short at {at}"
        sure = "" if self.probability is None else f" ({fmt.percent(self.probability, 0)})"
        return f"is open at {at}{sure}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the runs say.

    Args:
        outcome: one of the ten.
        speedup: k = T_B / N_C; None where the candidate diverges.
        against_baseline: accuracy, candidate less baseline.
        against_control: accuracy, candidate less control; None where no control was compared.
        margin: by how much the candidate may fall short of the baseline, fraction of 1.
        baseline_accuracy: mean, fraction of 1.
        candidate_accuracy: mean, fraction of 1.
        control_accuracy: mean, fraction of 1; None where no control was run.
        candidate_samples: N_C, the cost of the candidate's whole run.
        baseline_samples: T_B, the cost at which the baseline is at its final level for good.
        conditions: each of `ConditionName` once, in that order.
        sentence: the answer, then the outcome with its figures.
        answer: the sentence's beginning, in words that need no explanation.
        margin_rule: how the margin came about.
        probability: that the candidate is as accurate as the baseline, within the margin; None
            without an interval.
        vouched_loss: the largest loss of accuracy that is not excluded, fraction of 1; None
            without an interval.
        speedup_low: lower end of the 90 % interval of `speedup`; None where there is none.
        speedup_high: upper end.
        runs: of each side; None: not recorded.
        divergence: how often the candidate's runs diverged; None: not recorded.
        price: more runs, which would probably settle what is open; None where none would.
        rungs: what each length has shown, the fastest first; empty where there was one candidate.
        chance: that another recipe reaches the target, by the study's model; None where there was
            no search.
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
    sentence: str
    answer: str = ""
    margin_rule: str = ""
    probability: float | None = None
    vouched_loss: float | None = None
    speedup_low: float | None = None
    speedup_high: float | None = None
    runs: SideRuns | None = None
    divergence: Divergence | None = None
    price: Price | None = None
    rungs: tuple[RungFinding, ...] = ()
    chance: float | None = None

    @property
    def single_run(self) -> bool:
        """Whether a side has a single run, so that there is no interval."""
        return self.against_baseline.low is None

    @property
    def figures(self) -> str:
        """The sentence after its answer: the outcome, the numbers, and what is missing."""
        return self.sentence.removeprefix(self.answer).lstrip()

    @property
    def seeds_to_settle(self) -> int | None:
        """Baseline runs in all with which the open question would probably be settled."""
        if self.price is None or self.runs is None:
            return None
        candidates = self.runs.candidate + self.price.candidate
        return max(self.runs.baseline + self.price.baseline, math.ceil(candidates / CANDIDATES))

    def condition(self, name: ConditionName) -> Condition:
        """The condition of that name."""
        return next(condition for condition in self.conditions if condition.name == name)
