"""The ablation: what each change is worth, retrained and measured on the test set.

Combinations of the winner's and the baseline's values are trained under the winner's schedule and
length, as `core.tradeoff.fraction` says. Every run has a seed of its own: limits then hold for
whatever part of the noise comes from the seed alone, which a block of one seed would hide
(studies/verdict_power). A run that diverges is repeated with another seed; where all of them
diverge, the factor behind it is reverted alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autosuperconv.core.events import Step
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.trace import Job, Trace
from autosuperconv.core.tradeoff import (
    Cell,
    CellRuns,
    Combinations,
    Tradeoff,
    changed_factors,
    distinct_runs,
    fraction,
    grouped,
    hanging,
    name_tradeoff,
    recipe_in_cell,
    unchanged_factors,
)
from autosuperconv.core.tradeoff.factors import JOINT, factor_name
from autosuperconv.core.tradeoff.fraction import REPEATS
from autosuperconv.core.tradeoff.notes import skipped
from autosuperconv.core.verdict import Outcome
from autosuperconv.errors import TimeUp
from autosuperconv.tuning.steps.run_curves import Sides
from autosuperconv.tuning.store.session import Session

FIRST_SEED = 20_000
SEEDS_EACH = 100  # of a recipe: no two recipes have a seed in common
ALONE_AFTER_DIVERGENCE = 3
MORE_SEEDS = 6
NO_TIME = "The trade-off was not measured to its end: the time was up."
NO_WINNER = "The trade-off was not measured, because no run of the winner completed."
GAINS = (Outcome.REACHED, Outcome.REACHED_CONTROL_MISSING, Outcome.ACCELERATED)


def ablate(
    session: Session,
    sides: Sides,
    winner: Recipe,
    baseline: Recipe,
    outcome: Outcome,
    explain: str = "auto",
    spread: SeedSpread | None = None,
) -> Tradeoff:
    """Retrain the combinations; or say why not.

    Args:
        session: the search.
        sides: the winner's own runs, and those of the others for the spread over seeds.
        winner: the selected recipe.
        baseline: the tuned standard schedule.
        outcome: of the verdict.
        explain: as in `SearchOptions`.
        spread: over seeds on the test split, as other runs of the search showed it.
    """
    groups = grouped(changed_factors(winner, baseline))
    own, *others = (_cell_runs(side) for side in (sides.candidate, sides.baseline, sides.control))
    why = left_out(outcome, explain) or ("" if own.accuracies else NO_WINNER)
    session.start(Step.ABLATION, 0 if why else distinct_runs(len(groups)))
    if why:
        found = Tradeoff((), unchanged_factors(winner, baseline), why, measured=False)
    else:
        replicates = tuple(side.accuracies for side in others)
        runs = Combinations(groups, {(1,) * len(groups): own}, {}, replicates, spread)
        highest = (
            _highest(sides.candidate, winner),
            _highest(sides.baseline, baseline),
        )
        try:
            found = _Cells(session, winner, baseline).measure(runs, highest)
        except TimeUp:
            found = Tradeoff((), unchanged_factors(winner, baseline), NO_TIME, measured=False)
    session.finish(Step.ABLATION, found.sentence)
    return found


def left_out(outcome: Outcome, explain: str) -> str:
    """Why the trade-off is not measured, and how to get it; empty where it is."""
    if explain == "always" or (explain == "auto" and outcome in GAINS):
        return ""
    return skipped(explain, "--explain always")


@dataclass(frozen=True, slots=True)
class _Cells:
    """Trains the recipes between two."""

    session: Session
    winner: Recipe
    baseline: Recipe

    def measure(self, runs: Combinations, highest: tuple[float, float]) -> Tradeoff:
        """The fraction; then what its result asks for: factors whose cells diverge, and the one on
        which the sentence hangs, are reverted alone.

        Args:
            runs: of the winner.
            highest: learning rate that the winner's and the baseline's runs had.
        """
        if runs.groups:
            runs = replace(runs, cells={**runs.cells, **self._fraction(runs)})
        alone = {name: self._alone(runs, name, ALONE_AFTER_DIVERGENCE) for name in runs.open}
        runs = replace(runs, alone=alone)
        found = name_tradeoff(self.winner, self.baseline, runs, highest)
        more = None if alone else hanging(self.winner, self.baseline, found, highest)
        if more is None:
            return found
        runs = replace(runs, alone={more: self._alone(runs, more, MORE_SEEDS)})
        return name_tradeoff(self.winner, self.baseline, runs, highest)

    def _fraction(self, runs: Combinations) -> dict[Cell, CellRuns]:
        """Every cell but the winner's; a run that diverges is repeated with another seed."""
        _, *cells = fraction(len(runs.groups))
        jobs = {
            cell: [self._job(runs, cell, place, k) for k in range(REPEATS[len(runs.groups)])]
            for place, cell in enumerate(cells)
        }
        traces = self._train(jobs, runs)
        again = {
            cell: [_other_seed(t) for t in own if not t.completed] for cell, own in traces.items()
        }
        repeated = self._train({cell: own for cell, own in again.items() if own}, runs)
        return {c: _cell_runs([*own, *repeated.get(c, [])]) for c, own in traces.items()}

    def _alone(self, runs: Combinations, name: str, count: int) -> CellRuns:
        """The winner with one group reverted, with seeds of its own."""
        place = runs.names.index(name)
        cell = tuple(-1 if at == place else 1 for at in range(len(runs.groups)))
        first = len(fraction(len(runs.groups))) + place
        jobs = [self._job(runs, cell, first, k) for k in range(count)]
        return _cell_runs(self._train({cell: jobs}, runs)[cell])

    def _job(self, runs: Combinations, cell: Cell, place: int, k: int) -> Job:
        recipe = recipe_in_cell(cell, runs.groups, self.winner, self.baseline)
        return Job(replace(recipe, seed=FIRST_SEED + SEEDS_EACH * place + k), "test")

    def _train(
        self, jobs: Mapping[Cell, Sequence[Job]], runs: Combinations
    ) -> dict[Cell, list[Trace]]:
        """All at once, to keep every worker busy."""
        cell_of = {job: cell for cell, own in jobs.items() for job in own}
        traces = iter(
            self.session.run(
                Step.ABLATION,
                lambda job: f"reverted:{_reverted(cell_of[job], runs.names)}",
                list(cell_of),
                lambda job: _described(cell_of[job], runs.names, job.recipe.seed),
            )
        )
        return {cell: [next(traces) for _ in own] for cell, own in jobs.items()}


def _other_seed(trace: Trace) -> Job:
    recipe = trace.recipe
    return Job(replace(recipe, seed=recipe.seed + SEEDS_EACH // 2), trace.measured_on)


def _cell_runs(traces: Sequence[Trace]) -> CellRuns:
    ends = tuple(t.accuracy for t in traces if t.completed and t.accuracy is not None)
    return CellRuns(ends, len(traces) - len(ends))


def _highest(traces: Sequence[Trace], recipe: Recipe) -> float:
    return max((trace.highest_lr for trace in traces), default=recipe.max_lr)


def _reverted(cell: Cell, names: Sequence[str]) -> str:
    return JOINT.join(name for name, sign in zip(names, cell, strict=True) if sign < 0)


def _described(cell: Cell, names: Sequence[str], seed: int) -> str:
    return f"reverted {factor_name(_reverted(cell, names))}, seed {seed}"
