"""Pruners on the real runs: what they would have saved, and whom they would have stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from probes import LENGTH, PROBED
from tasks import RUNGS
from world import Floats

from autosuperconv.tuning.steps.pruner import PhasePruner

BROKEN = 0.15  # at the end: the tool calls it diverged
SEARCH = 40  # runs of one replayed search
REPLAYS = 100
PHASES = np.array(RUNGS)


@dataclass(frozen=True, slots=True)
class Course:
    """One real run.

    Args:
        rungs: accuracy at every rung. probes: after an anneal probe at each of `PROBED`.
        epochs: length. share: of it, that was trained.
    """

    rungs: Floats
    probes: Floats
    epochs: float
    share: float

    def at_epochs(self) -> Floats:
        """Accuracy after each whole epoch."""
        whole = np.arange(1, int(self.epochs + 1e-9) + 1)
        return np.interp(whole / self.epochs, PHASES, self.rungs)


@dataclass(frozen=True, slots=True)
class Count:
    """One pruner on many replayed searches.

    Args:
        saved: share of the training. lost: of the runs that would have ended among the best
            tenth, the share that was stopped. wrong: of the stopped runs, the share that would
            have ended above the median.
    """

    name: str
    saved: float
    lost: float
    wrong: float


Rule = Callable[[Sequence[Course], Course], float]
"""Earlier runs that finished, a new one -> share of it that is trained."""


def finished(rule: Rule, order: Sequence[Course]) -> list[float]:
    """The share of each run that is trained, one after the other; the stopped are not learned
    from, as Optuna's pruners do."""
    done: list[Course] = []
    shares = []
    for course in order:
        share = min(rule(done, course), course.share)
        shares.append(share)
        if share >= course.share:
            done.append(course)
    return shares


def never(done: Sequence[Course], new: Course) -> float:
    return 1.0


def median_by_phase(done: Sequence[Course], new: Course) -> float:
    """Below the median of the finished at the same phase; five of them first, as Optuna's."""
    if len(done) < 5:
        return 1.0
    middle = np.median([c.rungs for c in done], axis=0)
    best = np.maximum.accumulate(new.rungs)
    return first(best[:-1] < middle[:-1], PHASES)


def median_by_step(done: Sequence[Course], new: Course) -> float:
    """Below the median of the finished after the same number of epochs: Optuna as it comes."""
    if len(done) < 5:
        return 1.0
    mine = np.maximum.accumulate(new.at_epochs())
    curves = [c.at_epochs() for c in done]
    for epoch in range(1, len(mine)):
        others = [c[epoch - 1] for c in curves if len(c) >= epoch]
        if others and epoch / new.epochs < 1 and mine[epoch - 1] < np.median(others):
            return epoch / new.epochs
    return 1.0


def halving(every: list[Course], first_rung: int, factor: float = 3.0) -> Rule:
    """Asynchronous successive halving by phase: at each rung only the best third goes on.

    Args:
        every: all runs that reached a rung, the stopped included: filled as it goes.
    """

    def rule(done: Sequence[Course], new: Course) -> float:
        for k in range(first_rung, len(PHASES) - 1, 2):
            rivals = [c.rungs[k] for c in every if c.share >= PHASES[k]]
            bar = np.quantile(rivals, 1 - 1 / factor) if rivals else -np.inf
            if new.rungs[k] < bar:
                every.append(replace(new, share=float(PHASES[k])))
                return float(PHASES[k])
        every.append(new)
        return 1.0

    return rule


def hyperband() -> Rule:
    """Four brackets in turn: halving from the first, the third, the fifth rung, and none."""
    brackets = [halving([], k) for k in (0, 2, 4)] + [never]
    turn = iter(range(10**9))

    def rule(done: Sequence[Course], new: Course) -> float:
        return brackets[next(turn) % 4](done, new)

    return rule


def projected(
    target: float | None, noise: float, quantile: float, first_phase: float, least: int
) -> Rule:
    """`PhasePruner`: its own projection."""
    pruner = PhasePruner(target, noise, quantile)

    def rule(every: Sequence[Course], new: Course) -> float:
        done = [c for c in every if c.rungs[-1] > BROKEN]
        if len(done) < least:
            return 1.0
        bar = target if target is not None else max(float(c.rungs[-1]) for c in done)
        for k, phase in enumerate(RUNGS[:-1]):
            if phase < first_phase:
                continue
            pairs = [(float(c.rungs[k]), float(c.rungs[-1])) for c in done]
            if pruner.projection(float(new.rungs[k]), pairs) < bar:
                return phase
        return 1.0

    return rule


@dataclass
class Probing:
    """`projected`, and a run that it lets pass is probed at some rungs, to be projected from there.

    A projection from a probe starts nearer to the end: the others' gains from it are smaller.

    Args:
        inner: what decides without a probe. bar: accuracy to reach. at: rungs of probes.
        doubt: quantile of the others' gains; probed is where the run would fall short by it.
            None: always.
        paid: epochs of all probes so far.
    """

    inner: Rule
    bar: float
    noise: float
    at: tuple[float, ...]
    least: int
    doubt: float | None = None
    paid: float = field(default=0.0, init=False)

    def __call__(self, every: Sequence[Course], new: Course) -> float:
        until = self.inner(every, new)
        done = [c for c in every if c.rungs[-1] > BROKEN]
        if len(done) < self.least:
            return until
        for phase in self.at:
            k = RUNGS.index(phase)
            if phase >= min(until, new.share) or not self._doubts(done, new, k):
                continue
            self.paid += LENGTH * new.epochs
            gains = [c.rungs[-1] - c.probes[PROBED.index(phase)] for c in done]
            if new.probes[PROBED.index(phase)] + np.nanmax(gains) + self.noise < self.bar:
                return phase
        return until

    def _doubts(self, done: Sequence[Course], new: Course, k: int) -> bool:
        if self.doubt is None:
            return True
        gains = [c.rungs[-1] - c.rungs[k] for c in done]
        return bool(new.rungs[k] + np.quantile(gains, self.doubt) + self.noise < self.bar)


def first(hit: np.ndarray, phases: Floats) -> float:
    return float(phases[hit.argmax()]) if hit.any() else 1.0


def count(name: str, make: Callable[[], Rule], runs: Sequence[Course], weights: Floats) -> Count:
    """Replay searches of `SEARCH` runs drawn without replacement; the shares over all of them."""
    rng = np.random.default_rng(11)
    spent = full = lost = best = stopped = wrong = 0.0
    for _ in range(REPLAYS):
        drawn = rng.choice(len(runs), SEARCH, replace=False, p=weights / weights.sum())
        order = [runs[i] for i in drawn]
        rule = make()
        shares = np.array(finished(rule, order))
        ends = np.array([c.rungs[-1] for c in order])
        length = np.array([c.epochs for c in order])
        own = np.array([c.share for c in order])
        cut = shares < own
        top = ends >= np.sort(ends)[-SEARCH // 10]
        spent += float(shares @ length) + (rule.paid if isinstance(rule, Probing) else 0.0)
        full += float(own @ length)
        lost += float((cut & top).sum())
        best += float(top.sum())
        stopped += float(cut.sum())
        wrong += float((cut & (ends > np.median(ends))).sum())
    return Count(name, 1 - spent / full, lost / best, wrong / max(stopped, 1))
