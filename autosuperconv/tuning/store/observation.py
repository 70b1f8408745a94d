"""What a trial's user attributes say: written and read here alone.

Each number is an attribute of its own, because optuna-dashboard shows one column an attribute; the
whole trace is one more, as JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.trace import StopReason, Trace

EDGE = "edge"
STOPPED = "stopped_because"
DETAIL = "stopped_detail"
WOULD_PRUNE_AT = "would_prune_at"
KEPT_TRACES = 4096  # parsed ones; the longest study seen has 300 trials


def attributes_of(trace: Trace) -> dict[str, object]:
    """The attributes to store with a trial that was trained."""
    rate = trace.samples_per_second
    return {
        "accuracy": trace.accuracy,
        "epochs": trace.epochs,
        "samples": trace.samples,
        "seconds": round(trace.seconds, 3),
        "samples_per_second": round(rate, 1) if math.isfinite(rate) else None,
        STOPPED: trace.stopped_because,
        DETAIL: trace.detail,
        "phase": trace.phase,
        "trace": to_json(trace),
    }


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial, read. What the trial does not say is None.

    Args:
        trial: as Optuna gives it.
    """

    trial: FrozenTrial

    @property
    def number(self) -> int:
        return self.trial.number

    @property
    def state(self) -> TrialState:
        return self.trial.state

    @property
    def params(self) -> dict[str, Any]:
        return self.trial.params

    @property
    def stopped_because(self) -> StopReason | None:
        """Why its run ended; None while it runs, and for a trial of another origin."""
        reason = self.trial.user_attrs.get(STOPPED)
        return None if reason is None else StopReason(reason)

    @property
    def trained(self) -> bool:
        """Whether a run was made of it and has ended."""
        return "accuracy" in self.trial.user_attrs

    @property
    def completed(self) -> bool:
        return self.stopped_because == StopReason.COMPLETED

    @property
    def diverged(self) -> bool:
        return self.stopped_because == StopReason.DIVERGED

    @property
    def detail(self) -> str:
        """One sentence more on why its run ended, or ""."""
        return str(self.trial.user_attrs.get(DETAIL, ""))

    @property
    def accuracy(self) -> float | None:
        """On validation data, at the end of the run; fraction of 1."""
        return self._number("accuracy")

    @property
    def last_accuracy(self) -> float | None:
        """The last one that was reported to the pruner; fraction of 1."""
        reported = self.trial.intermediate_values
        return float(reported[max(reported)]) if reported else None

    @property
    def epochs(self) -> float | None:
        """Passes over the training data that were really trained."""
        return self._number("epochs")

    @property
    def samples(self) -> int:
        """Training samples that were really trained."""
        return int(self.trial.user_attrs.get("samples", 0))

    @property
    def seconds(self) -> float | None:
        """What the run took; None where nothing was trained."""
        return self._number("seconds")

    @property
    def edge(self) -> float | None:
        """The range test's edge at this batch size and weight decay."""
        return self._number(EDGE)

    @property
    def would_prune_at(self) -> float | None:
        """Phase at which the pruner would have stopped the run, which was kept running."""
        return self._number(WOULD_PRUNE_AT)

    @property
    def trace(self) -> Trace | None:
        """What happened in its run; None where nothing was trained."""
        text = self.trial.user_attrs.get("trace")
        return None if text is None else _parsed(text)

    def recipe(self, base: Recipe) -> Recipe:
        """What it trained or proposed; `base` has the fields that are not searched."""
        trace = self.trace
        return replace(base, **self.params) if trace is None else trace.recipe

    def _number(self, name: str) -> float | None:
        value = self.trial.user_attrs.get(name)
        return None if value is None else float(value)


@lru_cache(KEPT_TRACES)
def _parsed(text: str) -> Trace:
    """A stored trace. Several steps read it, so it is parsed once."""
    return from_json(Trace, text)
