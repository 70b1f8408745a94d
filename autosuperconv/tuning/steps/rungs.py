"""Rungs: the lengths that the verdict distinguishes, in epochs, and what is trained at each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Trace
from autosuperconv.core.verdict import RunCurve, RungState, Verdict
from autosuperconv.tuning.steps.ask import Answer
from autosuperconv.tuning.steps.baseline import MeasuredBaseline
from autosuperconv.tuning.steps.margin import FrozenMargin
from autosuperconv.tuning.steps.run_curves import Sides, run_curve

BELOW_SHORTEST = 0.75  # of the shorter rung: where the study's lengths begin
SHORTER = 0.95  # of a rung's length: T_B varies over seeds, and k must not fall below the rung


@dataclass(frozen=True, slots=True)
class Rung:
    """One length, and what was trained at it.

    Args:
        speedup: the least speed-up that a sound cycle of this length shows.
        answer: the best cycle at it.
        candidate: its runs, as measured on the test split.
        control: runs of the standard schedule compressed to this length; None where every learning
            rate diverges.
        control_recipe: of these; None where there are none.
    """

    speedup: float
    answer: Answer
    candidate: tuple[Trace, ...] = ()
    control: tuple[Trace, ...] | None = ()
    control_recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the test split says.

    Args:
        rungs: the highest speed-up first.
        measured: the baseline, with the frozen margin.
        baseline: its runs, as measured on the test split; none where its curves were recorded.
        margin: frozen before the first of these runs.
        verdict: on all of them.
    """

    rungs: tuple[Rung, ...]
    measured: MeasuredBaseline
    baseline: tuple[Trace, ...]
    margin: FrozenMargin
    verdict: Verdict

    @property
    def chosen(self) -> Rung:
        """The rung that the verdict speaks of."""
        found = self.verdict.rungs
        passed = [rung.speedup for rung in found if rung.state is RungState.PASSED]
        speedup = passed[0] if passed else found[-1].speedup
        return next(rung for rung in self.rungs if rung.speedup == speedup)

    @property
    def baseline_curves(self) -> tuple[RunCurve, ...]:
        """The baseline's runs as the verdict reads them."""
        return tuple(map(run_curve, self.baseline)) or self.measured.curves

    @property
    def winner(self) -> Recipe:
        return self.chosen.answer.recipe

    @property
    def candidate(self) -> tuple[Trace, ...]:
        return self.chosen.candidate

    @property
    def control(self) -> tuple[Trace, ...]:
        return self.chosen.control or ()

    @property
    def sides(self) -> Sides:
        """The runs behind the verdict."""
        return Sides(self.candidate, self.baseline, self.control)

    @property
    def control_diverged(self) -> bool:
        """Whether a control was needed, but every learning rate diverged."""
        return self.chosen.control is None


def rung_lengths(setup: Setup, level: float, lengths: tuple[float, float]) -> dict[float, float]:
    """Least speed-up -> length in epochs, the highest speed-up first.

    Args:
        setup: the bounds of the verdict, and the lengths that the user allows.
        level: T_B, in samples.
        lengths: shortest and longest cycle of the study, in epochs.
    """
    criterion, n_train = setup.options.criterion, setup.n_train
    level /= n_train
    if setup.options.objective == "accuracy":
        return {level / lengths[1]: lengths[1]}
    given = setup.options.epochs
    low, high = given or (0.0, math.inf)
    wanted = sorted({criterion.min_speedup, criterion.min_acceleration}, reverse=True)
    found = {k: min(SHORTER * level / k, high) for k in wanted if SHORTER * level / k >= low}
    return found or {level / low: low}


def study_lengths(setup: Setup, level: float) -> tuple[float, float]:
    """Shortest and longest cycle of the study, in epochs: a little below the shorter rung, and the
    longer one; what the user gave, instead."""
    criterion = setup.options.criterion
    if setup.options.epochs is not None:
        return setup.options.epochs
    level /= setup.n_train
    rungs = criterion.min_speedup, criterion.min_acceleration
    return BELOW_SHORTEST * level / max(rungs), level / min(rungs)
