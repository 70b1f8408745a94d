"""Which sweeps the range test makes, so that it stays below its share of the whole search.

A sweep is as short as its reading allows. Measured on digits (ResNet-8, batch 32 and 128) and on
2,000 MNIST images (LeNet, batch 45 and 181), two seeds each, mean edges with 80, 50, 40 and 30
steps: 0.54, 0.66, 0.74, 1.08; 2.0, 1.15, 1.5, 2.0; 0.094, 0.13, 0.13, 0.10; 0.12, 0.052, 0.079,
0.062. One seed's edge scatters by 0.1 to 0.2 decades at any length; 50 and 40 steps move it by 0.1
to 0.35 from that with 80, to either side, and 30 by up to 0.3 upwards: a run of so few steps
diverges late. Peaks, on which the prior is centred, move by at most 0.35 down to 40 steps.

If that costs too much, the range test is cut in this order: shorter sweeps, fewer second seeds,
fewer cells.

A linear sweep measures something else. With 100 equal steps to 3 or 10 a ResNet-8 on digits keeps
its accuracy up to 2.3 to 5.2. With 50 or 100 equal factors it does so up to 0.5 to 1.6 (batch 32)
and 0.7 to 3.3 (128), because it spends longer near each learning rate. A perceptron without batch
norm diverges at 0.2 to 1.1 either way.

Sweeps of equal batch size are not vectorised over seeds with `torch.func`: on a CPU that was 0.77
to 1.06 x as fast as one after the other (studies/throughput/RESULTS.md). They are ordinary jobs for
the workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from autosuperconv.core.evaluation_budget import FORWARD
from autosuperconv.core.range_test import SweepKind
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import DEFAULT_SPACE, Range, ends

MAX_LR = DEFAULT_SPACE["max_lr"]
LOWEST_LR, HIGHEST_LR = ends(MAX_LR)
LINEAR_HIGHEST_LR = 3.0
"""Where the author's range tests of a ResNet-56 end (1708.07120, Fig. 2b)."""
WEIGHT_DECAYS = (1e-5, 1e-3)
SWEEP_STEPS = 50
LEAST_STEPS = 40
EPOCH_SHARE = 0.5
LINEAR_LENGTH = 2.0
"""Most of the equal steps of a sweep lie where many networks diverge: more are needed below."""
SWEEP_PHASES = 25


@dataclass(frozen=True, slots=True)
class SweepCell:
    """Where to sweep.

    Args:
        batch_size: of the sweep.
        weight_decay: of the sweep.
        momentum: of the sweep; None: that of every run.
        parity: 0 or 1; neighbours differ in it, so that they are swept with different seeds.
    """

    batch_size: int
    weight_decay: float
    momentum: float | None = None
    parity: int = 0


@dataclass(frozen=True, slots=True)
class SweepGrid:
    """What the range test would sweep without a limit on its work.

    Args:
        cells: the hub of the grid comes first.
        kind: whether learning rates rise by equal factors or by equal steps.
        low: lowest learning rate.
        high: highest learning rate.
        extend: whether cells that keep their accuracy are swept again to higher learning rates.
        share: share of the whole search's work that the sweeps may take.
    """

    cells: tuple[SweepCell, ...]
    kind: SweepKind = "exponential"
    low: float = LOWEST_LR
    high: float = HIGHEST_LR
    extend: bool = True
    share: float = 0.1

    def by_priority(self) -> list[SweepCell]:
        """The cells in their order of priority: the hub, the other batch size, the other momentum,
        the other weight decay, then the rest."""
        hub = self.cells[0]

        def rank(cell: SweepCell) -> tuple[int, bool, bool]:
            same_batch = cell.batch_size == hub.batch_size
            return _differences(hub, cell), same_batch, cell.momentum == hub.momentum

        return sorted(self.cells, key=rank)

    def star(self) -> tuple[SweepCell, ...]:
        """The hub and the cells that differ from it in one field: enough for a plane."""
        hub = self.cells[0]
        return tuple(c for c in self.cells if _differences(hub, c) <= 1)

    def pair(self) -> tuple[SweepCell, ...]:
        """The hub and the cell that differs from it only in the batch size."""
        hub = self.cells[0]
        return tuple(c for c in self.star() if c == hub or c.batch_size != hub.batch_size)


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """The sweeps that fit into the range test's share.

    Args:
        grid: from which the cells are taken.
        cells: to sweep once.
        repeats: second sweeps that are expected.
        steps: least number of steps of a sweep.
        epoch_share: least length of a sweep, as a share of an epoch.
        allowance: sample-equivalents that all sweeps together may take.
        budget: sample-equivalents of the whole search.
    """

    grid: SweepGrid
    cells: tuple[SweepCell, ...]
    repeats: int
    steps: int
    epoch_share: float
    allowance: float
    budget: float

    def epochs(self, batch_size: int, n_train: int) -> float:
        """Length of one sweep, in epochs."""
        length = max(self.steps * batch_size / n_train, self.epoch_share)
        return length * (LINEAR_LENGTH if self.grid.kind == "linear" else 1.0)

    def work(self, batch_size: int, n_train: int, curve: int) -> float:
        """Sample-equivalents of one sweep that goes to its end."""
        return self.epochs(batch_size, n_train) * n_train + FORWARD * SWEEP_PHASES * curve

    def expected(self) -> tuple[SweepCell, ...]:
        """The cells, with the most expensive ones a second time in place of the repeats."""
        by_size = sorted(self.cells, key=lambda c: -c.batch_size)
        return (*self.cells, *by_size[: self.repeats])


def make_grid(setup: Setup, bounded: bool = False) -> SweepGrid:
    """The outer batch sizes x two weight decays, or the fixed one, x the ends of the momentum where
    it is searched.

    Args:
        setup: of the search.
        bounded: start at the lowest `max_lr` that was requested. A search starts where no network
            learns yet.
    """
    batch_sizes = sorted({setup.batch_sizes[0], setup.batch_sizes[-1]})
    momenta = _momenta(setup.dimensions.get("base_momentum"))
    decays = (setup.fixed["weight_decay"],) if "weight_decay" in setup.fixed else WEIGHT_DECAYS
    axes = (enumerate(batch_sizes), enumerate(decays), enumerate(momenta))
    cells = tuple(
        SweepCell(b, wd, m, (i + j + k) % 2) for (i, b), (j, wd), (k, m) in product(*axes)
    )
    requested = setup.range_of("max_lr")
    own = requested != MAX_LR
    linear = setup.options.sweep == "linear"
    start = 0.0 if linear else min(LOWEST_LR, requested.low)
    return SweepGrid(
        cells=cells,
        kind=setup.options.sweep,
        low=requested.low if bounded and own else start,
        high=LINEAR_HIGHEST_LR if linear and not own else requested.high,
        extend=not own,
        share=setup.options.range_test_share,
    )


def plan_sweeps(grid: SweepGrid, n_train: int, curve: int, others: float) -> SweepPlan:
    """The most thorough range test that stays below its share; at least one sweep is made.

    Args:
        grid: what to sweep at best.
        n_train: training samples of one epoch.
        curve: samples that one evaluation takes.
        others: sample-equivalents of the rest of the search.
    """
    allowance = others * grid.share / (1 - grid.share)
    best = SweepPlan(grid, grid.cells, 0, SWEEP_STEPS, EPOCH_SHARE, allowance, others + allowance)
    for plan in _ever_less(best):
        work = sum(plan.work(c.batch_size, n_train, curve) for c in plan.expected())
        if work <= allowance:
            break
    return plan


def _ever_less(best: SweepPlan) -> Sequence[SweepPlan]:
    half = max(len(best.cells) // 2, 1)
    short = replace(best, steps=LEAST_STEPS, epoch_share=0.0)
    return (
        replace(best, repeats=half),
        replace(short, repeats=half),
        replace(short, repeats=1),
        replace(short, repeats=1, cells=best.grid.star()),
        replace(short, repeats=1, cells=best.grid.pair()),
        replace(short, repeats=1, cells=best.grid.cells[:1]),
        replace(short, repeats=0, cells=best.grid.cells[:1]),
    )


def _momenta(dimension: object) -> tuple[float | None, ...]:
    if isinstance(dimension, Range) and dimension.low < dimension.high:
        return (dimension.low, dimension.high)
    return (None,)


def _differences(a: SweepCell, b: SweepCell) -> int:
    return sum(
        (a.batch_size != b.batch_size, a.weight_decay != b.weight_decay, a.momentum != b.momentum)
    )
