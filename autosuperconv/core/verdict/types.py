"""What a verdict is given and what it gives: recorded runs, bounds, conditions, outcome.

Part of `core.verdict`, which is where to import these from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal[
    "reached",
    "reached-control-missing",
    "accelerated",
    "stable-but-short",
    "diverged",
    "baseline-invalid",
    "undecided",
]


@dataclass(frozen=True, slots=True)
class RunCurve:
    """One recorded run.

    Args:
        samples: training samples seen at each evaluation; rising.
        accuracy: at each evaluation, fraction of 1.
        final_accuracy: at the end of the run, fraction of 1; never the best evaluation.
        max_lr: the highest learning rate of the run.
        chance: accuracy of guessing (one over the number of classes); None if unknown.
        seed: pairs a candidate run with the baseline run of the same seed; None: by order.
        diverged: the run was stopped as diverged, or ended non-finite.
    """

    samples: tuple[float, ...]
    accuracy: tuple[float, ...]
    final_accuracy: float
    max_lr: float
    chance: float | None = None
    seed: int | None = None
    diverged: bool = False


@dataclass(frozen=True, slots=True)
class Criterion:
    """The bounds of the conditions; accuracies as fractions of 1."""

    margin: float = 0.002
    confidence: float = 0.95
    min_speedup: float = 5.0
    min_acceleration: float = 2.0
    min_lr_ratio: float = 3.0
    max_baseline_drop: float = 0.15
    max_below_peak: float = 0.01


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the verdict.

    Args:
        name: "C1 accuracy", "C2 speed", "C3 large LR", "C4 control", "C5 valid baseline",
            "C6 batch norm".
        value: what was measured; None where it was not.
        bound: what it is compared with.
        met: None where it could not be checked.
        detail: one sentence with the numbers.
    """

    name: str
    value: float | None
    bound: float | None
    met: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the runs say.

    Args:
        outcome: one of the seven.
        speedup: k = T_B / N_C; None where the candidate never trains.
        accuracy_difference: mean of candidate minus baseline, in points.
        accuracy_low, accuracy_high: its confidence interval in points; None for single runs.
        margin: the non-inferiority margin in points.
        baseline_accuracy, candidate_accuracy, control_accuracy: means, fractions of 1.
        candidate_samples: N_C. baseline_samples: T_B.
        conditions: C1 to C6.
        single_run: one run a side, so no interval.
        more_seeds: seeds that would probably settle an undecided verdict; else None.
        sentence: the verdict in one sentence, with numbers.
        confidence: of the interval; above 95 % where seeds are bought while it is undecided.
    """

    outcome: Outcome
    speedup: float | None
    accuracy_difference: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    margin: float
    baseline_accuracy: float
    candidate_accuracy: float
    control_accuracy: float | None
    candidate_samples: float
    baseline_samples: float | None
    conditions: tuple[Condition, ...]
    single_run: bool
    more_seeds: int | None
    sentence: str
    confidence: float = 0.95
