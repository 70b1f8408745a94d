"""How often the decision errs, and what it can see: simulated searches with a given seed.

Everything is in seed sds of the search. The limits, the moderated variances, the shares of the
error and the order of the looks are the product's own, on arrays of thousands of repetitions; a
test holds that `core.verdict.decision.follow` decides alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from truths import Array, Truth, noise

from autosuperconv.core.stats.moderated import moderated_variance, t_limit
from autosuperconv.core.stats.predictive import foresee
from autosuperconv.core.verdict.comparison import FUTILE, LookPlan
from autosuperconv.core.verdict.decision import EACH_RUNG, HOPELESS, LONE_RUNG, SAFE
from autosuperconv.core.verdict.looks import Looks, plan_looks
from autosuperconv.core.verdict.margin import TWO_RUNS

Bools = NDArray[np.bool_]
States = NDArray[np.int_]
Variance = Callable[[Array, Array, int], tuple[Array, Array]]

PASSED, OPEN, FAILED = 1, 0, -1
ERROR = 0.05
FAST_COST, SLOW_COST = 0.107, 0.27  # of a run at T_B / 5 and at T_B / 2, in baseline trainings
MODEL_SD = 0.7  # of the validation posterior about the truth


@dataclass(frozen=True, slots=True)
class Rules:
    """How the simulated search decides; the defaults are the product's, but for more looks.

    Args:
        looks: planned.
        factor: of the margin, in pooled seed sds.
        smallest: margin, in seed sds: 0.2 points where the seeds differ little.
        degrees: of freedom behind the search's own spread.
        variance: of a side, and its degrees of freedom.
        lone: share of the error to pass a rung that is the only one.
        each: share of the error to pass each of several rungs.
        futile: runs are not trained for what they settle with less probability.
    """

    looks: Looks = field(default_factory=lambda: plan_looks(3, 12))
    factor: float = TWO_RUNS
    smallest: float = 0.0
    degrees: int = 8
    variance: Variance = moderated_variance
    lone: float = LONE_RUNG
    each: float = EACH_RUNG
    futile: float = FUTILE


@dataclass(frozen=True, slots=True)
class Draws:
    """Simulated runs, each of shape (repetitions, runs), and what was known before them.

    Args:
        fast: of the cycle at T_B / 5.
        slow: of the cycle at T_B / 2.
        baseline: of the standard schedule.
        control: of the standard schedule at T_B / 5.
        spread: (repetitions,) variance over seeds that the search's own runs showed.
        margin: (repetitions,) frozen before the confirmation.
        posterior: (repetitions,) of the fast rung, less the target.
    """

    fast: Array
    slow: Array
    baseline: Array
    control: Array
    spread: Array
    margin: Array
    posterior: Array


@dataclass(frozen=True, slots=True)
class Found:
    """What the searches said; each of shape (repetitions,).

    Args:
        fast: state of the rung at T_B / 5.
        slow: state of the rung at T_B / 2.
        control: state of the control.
        cost: of the confirmation, beyond the three baseline runs that there are, in baseline
            trainings.
    """

    fast: States
    slow: States
    control: States
    cost: Array

    @property
    def gain(self) -> float:
        """Share that showed a gain, in per cent."""
        return percent((self.fast == PASSED) | (self.slow == PASSED))

    @property
    def reached(self) -> float:
        """Share that said "reached", in per cent."""
        return percent((self.fast == PASSED) & (self.control == PASSED))

    @property
    def no(self) -> float:
        """Share that said no, in per cent."""
        return percent((self.fast != PASSED) & (self.slow == FAILED))


def percent(said: Bools) -> float:
    """The share of repetitions."""
    return float(100 * said.mean())


def draw(truth: Truth, rules: Rules, repetitions: int, seed: int) -> Draws:
    """Simulate the runs of so many searches."""
    rng = np.random.default_rng(seed)
    n, m = rules.looks.sizes[-1]
    shared = rng.standard_normal((repetitions, max(n, m)))

    def side(runs: int, sd: float) -> Array:
        own = noise(truth.noise, (repetitions, runs), rng)
        both = np.sqrt(truth.correlation) * shared[:, :runs]
        return sd * (both + np.sqrt(1 - truth.correlation) * own)

    pairs = noise(truth.noise, (repetitions, rules.degrees, 2), rng)
    spread = np.maximum(np.square(np.diff(pairs)).mean(axis=(1, 2)) / 2, 1e-4)
    margin = np.maximum(rules.smallest, rules.factor * np.sqrt(spread))
    bound = -margin if truth.at_bound else np.zeros(repetitions)
    fast, slow = (bound + own for own in (truth.fast, truth.slow))
    return Draws(
        fast=side(m, truth.cycle_sd) + fast[:, None],
        slow=side(m, truth.cycle_sd) + slow[:, None],
        baseline=side(n, truth.baseline_sd),
        control=side(m, truth.baseline_sd) + fast[:, None] + truth.control,
        spread=spread,
        margin=margin,
        posterior=fast + margin + MODEL_SD * rng.standard_normal(repetitions),
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at a difference; each of shape (repetitions,).

    Args:
        state: of it.
        passes: predictive probability that the last look passes it; 1 after that look.
        fails: the same for failing it.
    """

    state: States
    passes: Array
    fails: Array


def looked(
    x: Array,
    y: Array,
    bound: Array,
    z: Callable[[int], tuple[float | Array, float]],
    plan: tuple[LookPlan, int],
    rules: Rules,
    spread: Array,
) -> Looked:
    """The difference of two sides against a bound.

    Args:
        z: limits at a look.
        plan: the looks, and which one this is.
    """
    parts = [rules.variance(side, spread, rules.degrees) for side in (x, y)]
    (a, d), (b, e) = ((v / s.shape[1], f) for (v, f), s in zip(parts, (x, y), strict=True))
    error, degrees = np.sqrt(a + b), (a + b) ** 2 / (a * a / d + b * b / e)
    above = x.mean(axis=1) - y.mean(axis=1) - bound
    looks, look = plan
    low, high = (t_limit(limit, degrees) * error for limit in z(look))
    states = np.where(above - low > 0, PASSED, np.where(above + high <= 0, FAILED, OPEN))
    if look + 1 == len(looks.sizes):
        return Looked(states, np.ones_like(above), np.ones_like(above))
    growth, freedom = looks.growth(look)
    later = foresee(above, error, degrees * freedom, growth, z(-1))
    return Looked(states, later.passes, later.fails)


def decide(draws: Draws, rules: Rules) -> Found:
    """What the searches say of their runs, in the order of `core.verdict.decision`."""
    return Deciding(draws, rules).found()


class Deciding:
    """The looks of all repetitions at once; what one of them does not ask is masked."""

    def __init__(self, draws: Draws, rules: Rules) -> None:
        self.draws, self.rules = draws, rules
        n = len(draws.margin)
        self.fast, self.slow, self.control = (np.full(n, OPEN) for _ in range(3))
        self.settles = {name: np.ones(n) for name in ("fast", "slow", "control")}
        self.runs = {name: np.zeros(n) for name in ("fast", "slow", "control", "baseline")}
        hopeful, safe = draws.posterior > HOPELESS, draws.posterior > SAFE
        self.share = np.where(hopeful, rules.each, rules.lone)
        self.first = (hopeful, ~safe)

    def found(self) -> Found:
        """After all looks."""
        self.phase(*self.first)
        no_gain = (self.fast != PASSED) & (self.slow != PASSED)
        self.phase(np.zeros_like(no_gain), no_gain & ~self.first[1])
        used = self.runs
        cost = np.maximum(used["baseline"] - 3, 0) + SLOW_COST * used["slow"]
        cost += FAST_COST * (used["fast"] + used["control"])
        return Found(self.fast, self.slow, self.control, cost)

    def phase(self, ask_fast: Bools, ask_slow: Bools) -> None:
        """All looks at the rungs that are asked now."""
        for look, (n, m) in enumerate(self.rules.looks.sizes):
            worth = {name: p >= self.rules.futile for name, p in self.settles.items()}
            open_fast = (self.fast == OPEN) & (self.slow != FAILED) & worth["fast"]
            waiting = (self.fast == PASSED) & (self.control == OPEN) & worth["control"]
            open_slow = ask_slow & (self.slow == OPEN) & (self.fast != PASSED) & worth["slow"]
            asked = ask_fast & (open_fast | waiting)
            self.note(asked, open_slow, asked & open_fast, (n, m))
            self.look_at_accuracy(look, asked & open_fast, open_slow)
            self.look_at_control(look, asked & (self.fast == PASSED))

    def note(self, fast: Bools, slow: Bools, accuracy: Bools, size: tuple[int, int]) -> None:
        """How many runs there are for this look."""
        n, m = size
        named = {"fast": (fast, m), "slow": (slow, m), "baseline": (accuracy | slow, n)}
        for name, (asked, runs) in named.items():
            self.runs[name] = np.where(asked, np.maximum(self.runs[name], runs), self.runs[name])

    def look_at_accuracy(self, look: int, fast: Bools, slow: Bools) -> None:
        """Candidate and baseline, at either length."""
        (n, m), draws = self.rules.looks.sizes[look], self.draws
        plans = {s: accuracy_plan_of(self.rules, s) for s in np.unique(self.share)}

        def z(look: int) -> tuple[Array, float]:
            limits = {s: plan.z(look) for s, plan in plans.items()}
            return np.asarray([limits[s][0] for s in self.share]), next(iter(limits.values()))[1]

        plan = next(iter(plans.values())), look
        sides = (draws.baseline[:, :n], -draws.margin, z, plan, self.rules, draws.spread)
        of_fast, of_slow = (looked(x[:, :m], *sides) for x in (draws.fast, draws.slow))
        self.fast = np.where(fast, of_fast.state, self.fast)
        self.slow = np.where(slow, of_slow.state, self.slow)
        self.settle("fast", fast, of_fast.passes)
        self.settle("slow", slow, of_slow.passes + of_slow.fails)

    def look_at_control(self, look: int, asked: Bools) -> None:
        """Candidate and control."""
        m, draws = self.rules.looks.sizes[look][1], self.draws
        plan = LookPlan(tuple((m, m) for _, m in self.rules.looks.sizes), ERROR, ERROR)
        sides = (draws.fast[:, :m], draws.control[:, :m], np.zeros(len(draws.margin)))
        found = looked(*sides, plan.z, (plan, look), self.rules, draws.spread)
        self.control = np.where(asked, found.state, self.control)
        self.settle("control", asked, found.passes)
        more = np.maximum(self.runs["control"], m)
        self.runs["control"] = np.where(asked, more, self.runs["control"])

    def settle(self, name: str, asked: Bools, probability: Array) -> None:
        """Note the predictive probability of what was asked."""
        self.settles[name] = np.where(asked, probability, self.settles[name])


def accuracy_plan_of(rules: Rules, share: float) -> LookPlan:
    """How candidate and baseline are looked at, at a share of the error to pass."""
    return LookPlan(rules.looks.sizes, float(share) * ERROR, rules.lone * ERROR)


def simulate(truth: Truth, rules: Rules, repetitions: int, seed: int = 0) -> Found:
    """Draw and decide."""
    return decide(draw(truth, rules, repetitions, seed), rules)
