"""The range test: learning-rate sweeps over batch size x weight decay (x momentum where it is
searched) x seed, and their reading.

Every cell is swept once, and a second time where the first sweep leaves a question open. A sweep
ends early once its accuracy has collapsed for good. A cell that keeps its accuracy over the whole
range is swept again to higher learning rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from autosuperconv.core.curve import Point
from autosuperconv.core.evaluation_budget import FORWARD
from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.range_test import (
    Cell,
    RangeTest,
    SweepCost,
    lost_from,
    never_lost,
    pooled_spread,
    summarise,
    summarise_cell,
    to_repeat,
)
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.trace import Job, PruneTraining, Trace, evenly
from autosuperconv.tuning.steps.sweep_design import SWEEP_PHASES, SweepCell, SweepPlan
from autosuperconv.tuning.store.session import Session

SEEDS = (0, 1)
EXTENSION = 10.0
SWEPT = ("lr", "momentum", "train_loss", "loss", "accuracy", "path_lr", "gradient_lr")
LINEAR_EXTENSION = 3.0
"""With equal steps, one more decade would leave a tenth of them for the original range."""


@dataclass
class SweepWatch:
    """Ends a sweep whose accuracy is lost for good; an `OnPoint`, one for each run.

    Args:
        majority: majority-class accuracy where the classes are unbalanced.
        lr: of every point so far.
        accuracy: of every point so far.
        loss: training loss of every point so far.
        phase: of every point so far.
    """

    majority: float | None = None
    lr: list[float] = field(default_factory=list)
    accuracy: list[float | None] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    phase: list[float] = field(default_factory=list)

    def __call__(self, point: Point) -> None:
        self.lr.append(point.lr)
        self.accuracy.append(point.accuracy)
        self.loss.append(point.train_loss)
        self.phase.append(point.phase)
        if point.accuracy is None or point.phase >= 1:
            return
        last_kept = lost_from(self.lr, self.accuracy, self.loss, self.phase, self.majority)
        if last_kept is not None:
            why = f"accuracy is lost for good above learning rate {number(last_kept)}"
            raise PruneTraining(why)


def sweep_job(
    base: Recipe, plan: SweepPlan, cell: SweepCell, repeat: bool, further: bool, n_train: int
) -> Job:
    """One planned sweep of a cell, with the momentum that a cycle has at its highest learning rate.

    Args:
        base: the fields that are not swept.
        plan: length and range of the sweep.
        cell: where to sweep.
        repeat: use the cell's other seed.
        further: sweep to higher learning rates.
        n_train: training samples of one epoch.
    """
    low, high = plan.grid.low, plan.grid.high
    if plan.grid.kind == "linear":
        high *= LINEAR_EXTENSION if further else 1.0
    elif further:
        low, high = low * EXTENSION, high * EXTENSION
    momentum = base.base_momentum if cell.momentum is None else cell.momentum
    recipe = replace(
        base,
        schedule=f"lr_range_{plan.grid.kind}",
        max_lr=high,
        div_factor=high / low if low > 0 else math.inf,
        epochs=plan.epochs(cell.batch_size, n_train),
        batch_size=cell.batch_size,
        weight_decay=cell.weight_decay,
        max_momentum=momentum,
        base_momentum=momentum,
        seed=SEEDS[(cell.parity + repeat) % 2],
    )
    return Job(recipe, "validation", evenly(SWEEP_PHASES), True)


def run_range_test(
    session: Session,
    base: Recipe,
    plan: SweepPlan,
    n_train: int,
    curve: int,
    majority: float | None = None,
) -> RangeTest:
    """Sweep the cells, some of them twice, and read them. The result is stored with the study.

    Args:
        session: the search.
        base: the fields that are not swept.
        plan: which sweeps to make.
        n_train: training samples of one epoch.
        curve: samples that one evaluation takes.
        majority: majority-class accuracy on the validation split, where classes are unbalanced.
    """
    known = stored_range_test(session)
    if known is not None and fits_plan(known, plan):
        session.start(Step.RANGE_TEST, len(session.run_store.of(Step.RANGE_TEST)))
        session.finish(Step.RANGE_TEST, _result_text(known))
        return known
    sweeping = Sweeping(session, base, plan, n_train, curve, majority)
    sweeping.sweep_cells()
    sweeping.sweep_again()
    grid, every = plan.grid, sweeping.every()
    highest = max(trace.highest_lr for trace in every)
    planned = max(trace.recipe.max_lr for trace in every)
    cells = sweeping.cells()
    cost = cost_of(plan, every, cells, curve)
    result = summarise(cells, grid.low, highest, grid.kind, cost)
    result = replace(result, planned_lr=planned)
    session.store("range_test", to_json(result))
    session.finish(Step.RANGE_TEST, _result_text(result))
    return result


@dataclass
class Sweeping:
    """The sweeps of a range test in progress, within their allowance.

    Args:
        session: the search.
        base: the fields that are not swept.
        plan: which sweeps to make.
        n_train: training samples of one epoch.
        curve: samples that one evaluation takes.
        majority: majority-class accuracy on the validation split, where classes are unbalanced.
        traces: the sweeps so far.
        announced: runs of the step, as the listener was told.
    """

    session: Session
    base: Recipe
    plan: SweepPlan
    n_train: int
    curve: int
    majority: float | None = None
    traces: dict[SweepCell, list[Trace]] = field(default_factory=dict)
    announced: int = 0

    def every(self) -> list[Trace]:
        """The sweeps of all cells."""
        return [trace for own in self.traces.values() for trace in own]

    def cells(self) -> list[Cell]:
        """The readings so far."""
        return [read_cell(cell, own) for cell, own in self.traces.items()]

    def left(self) -> float:
        """Sample-equivalents that may still be spent."""
        return self.plan.allowance - sum(work_of(trace, self.curve) for trace in self.every())

    def work(self, cell: SweepCell) -> float:
        """Sample-equivalents of a sweep that goes to its end."""
        return self.plan.work(cell.batch_size, self.n_train, self.curve)

    def sweep_cells(self) -> None:
        """Sweep the planned cells once, then the cells that were left out, as far as sweeps that
        ended early pay for them. The work of one sweep is kept for a second seed."""
        todo: Sequence[SweepCell] = self.plan.cells
        while todo:
            jobs = [self._job(cell) for cell in todo]
            second = min(self.plan.repeats, 1)
            for cell, trace in zip(todo, self._run(jobs, second), strict=True):
                self.traces[cell] = [trace]
            spare = self.left() - self.work(self.plan.grid.cells[0])
            out = [cell for cell in self.plan.grid.by_priority() if cell not in self.traces]
            todo = self._affordable(out, spare)

    def sweep_again(self) -> None:
        """Sweep the cells that need it a second time, to higher learning rates where accuracy was
        kept to the end of the range."""
        swept, cells = list(self.traces), self.cells()
        found = dict(zip(swept, cells, strict=True))
        todo = self._affordable([swept[i] for i in to_repeat(cells)], self.left())
        further = [self.plan.grid.extend and never_lost(found[cell]) for cell in todo]
        jobs = [self._job(cell, True, more) for cell, more in zip(todo, further, strict=True)]
        for cell, trace in zip(todo, self._run(jobs, 0), strict=True):
            self.traces[cell].append(trace)

    def _affordable(self, wanted: Sequence[SweepCell], left: float) -> list[SweepCell]:
        chosen = []
        for cell in wanted:
            if self.work(cell) <= left:
                chosen.append(cell)
                left -= self.work(cell)
        return chosen

    def _job(self, cell: SweepCell, repeat: bool = False, further: bool = False) -> Job:
        return sweep_job(self.base, self.plan, cell, repeat, further, self.n_train)

    def _run(self, jobs: Sequence[Job], later: int) -> list[Trace]:
        """Make the sweeps.

        Args:
            jobs: one for each sweep.
            later: how many more are expected, for the step's progress.
        """
        over_momentum = any(cell.momentum is not None for cell in self.plan.cells)

        def label(job: Job) -> str:
            r = job.recipe
            momentum = f", momentum {number(r.max_momentum)}" if over_momentum else ""
            cell = f"batch {r.batch_size}, weight decay {number(r.weight_decay)}{momentum}"
            return f"sweep {cell}, seed {r.seed}"

        total = len(self.every()) + len(jobs) + later
        if total > self.announced:
            self.session.start(Step.RANGE_TEST, total)
            self.announced = total
        watch = partial(SweepWatch, self.majority)
        return self.session.run(Step.RANGE_TEST, "sweep", jobs, label, watch)


def _result_text(found: RangeTest) -> str:
    """What it found, and what it cost."""
    return found.reason if found.cost is None else f"{found.reason} {found.cost.sentence}"


def fits_plan(known: RangeTest, plan: SweepPlan) -> bool:
    """Whether a stored range test has the kind and the range of the plan."""
    same = known.sweep == plan.grid.kind and math.isclose(known.lowest_lr, plan.grid.low)
    high = known.planned_lr or known.highest_lr
    return same and high >= plan.grid.high * (1 - 1e-9)


def read_cell(cell: SweepCell, traces: Sequence[Trace]) -> Cell:
    """The reading of all sweeps of a cell."""
    return summarise_cell(
        cell.batch_size,
        cell.weight_decay,
        [trace.curve.only(SWEPT) for trace in traces],
        [trace.recipe.seed for trace in traces],
        [trace.stopped_because for trace in traces],
        chance=traces[0].majority_accuracy,  # else chance is read off the curves
        momentum=cell.momentum,
    )


def work_of(trace: Trace, curve: int) -> float:
    """Sample-equivalents of a sweep: an evaluated sample counts as a third of a trained one."""
    evaluations = len(trace.curve.evaluated(trace.curve.phase))
    return trace.samples + FORWARD * curve * evaluations


def cost_of(
    plan: SweepPlan, traces: Sequence[Trace], cells: Sequence[Cell], curve: int
) -> SweepCost:
    """What the sweeps really cost."""
    early = [t for t in traces if 0 < t.phase < 1]
    whole = [round(t.samples / t.phase) for t in early]
    return SweepCost(
        cells=len(cells),
        left_out=len(plan.grid.cells) - len(cells),
        repeats=len(traces) - len(cells),
        extended=sum(t.recipe.max_lr > plan.grid.high * (1 + 1e-9) for t in traces),
        ended_early=len(early),
        samples=sum(t.samples for t in traces),
        saved=sum(whole) - sum(t.samples for t in early),
        work=sum(work_of(t, curve) for t in traces),
        budget=plan.budget,
        share=plan.grid.share,
        edge_spread=pooled_spread(cells),
    )


def stored_range_test(session: Session) -> RangeTest | None:
    """The range test kept with the study."""
    text = session.stored("range_test")
    return from_json(RangeTest, text) if text else None
