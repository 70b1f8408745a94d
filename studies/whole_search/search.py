"""One whole search, replayed: study, answers at both rungs, confirmation, verdict and its cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import optuna
from contenders import Contender, follow
from optuna.trial import FrozenTrial
from replay_world import ReplayWorld, in_world
from world import CHANCE, Floats, coordinates

from autosuperconv.core.verdict import (
    Course,
    Criterion,
    Evidence,
    RunCurve,
    RungRuns,
    RungState,
    margin_by_rule,
    plan_looks,
)
from autosuperconv.core.verdict import follow as decide
from autosuperconv.tuning.samplers import StudySampler, make_sampler
from autosuperconv.tuning.samplers.prior_revision import revised_prior
from autosuperconv.tuning.samplers.surrogate import MoreRuns, fit_trial_model
from autosuperconv.tuning.steps.ask import (
    CANDIDATES,
    SEEDS,
    candidates_at,
    posterior,
)
from autosuperconv.tuning.steps.chance import chance_to_reach
from autosuperconv.tuning.steps.pruner import PhasePruner

SURE_OF_NO = 0.1  # chance below which a failed rung 2 is a no
TO_LEVEL = 0.54  # T_B over the nominal length of the baseline, in the recorded searches
PLAN = 0.5  # baselines, in the recorded searches
TUNING = 3.3  # baselines, for finding the standard schedule's rates; none with `--baseline`
FRESH = 3  # baseline runs that set target and scale, and count in the verdict
CONTROL_TUNING = 3  # runs of the compressed schedule
TRADE_OFF = 15  # new runs of a half fraction over five factors
CONTROL_GAP = 3.0  # seed sds by which the compressed schedule ends below the best cycle
LOOKS_AT = 360  # samples behind an accuracy: the scale of the replayed ones
CRITERION = Criterion()
HOPELESS, SURE = -1.0, 2.0  # seed sds below the target; its own sds by which the model is sure
SAFE = 1.0  # seed sds above the target from which rung 2 is not asked at first
MOST_RUNS = 30
UNSTABLE = 0.2  # share of runs that diverge, of the five nearest real ones


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search may spend.

    Args:
        trials: of the study.
        max_seeds: baseline runs at the last look.
    """

    trials: int
    max_seeds: int


@dataclass(frozen=True, slots=True)
class Found:
    """How one search ended.

    Args:
        outcome: in the verdict's word.
        grade: what it is worth: "right", "weaker" (true, but more is), "open" (nothing is
            claimed), "unstable" (a gain that is true of the runs that do not diverge, by a recipe
            of which a fifth or more do), or "wrong".
        baselines: training by part of the search, in baseline runs.
        regret: by rung that was asked, seed sds from the best cycle to the answer.
        chance: that some recipe reaches the target at rung 2; None without a model.
    """

    outcome: str
    grade: str
    baselines: dict[str, float]
    regret: dict[float, float]
    chance: float | None

    def cost(self, tuned: bool) -> float:
        """All training, in baseline runs."""
        return sum(v for k, v in self.baselines.items() if tuned or k != "tuning")


@dataclass(frozen=True)
class Studied:
    """A study and what it was for.

    Args:
        level: the baseline's expected accuracy.
        fresh: sealed test accuracies of its first runs.
        target: of the study, on validation data.
        margin: from the fresh runs, as the study used it.
        paid: samples trained after each trial.
    """

    world: ReplayWorld
    seed: tuple[int, ...]
    level: float
    fresh: tuple[float, ...]
    target: float
    trials: tuple[FrozenTrial, ...]
    paid: tuple[float, ...]


def study(world: ReplayWorld, distance: float, seed: int, trials: int) -> Studied:
    """The project's own sampler and pruner, against a baseline whose expected accuracy lies
    `distance` seed sds below the best cycle of rung 2."""
    key = (seed, round(10 * distance) + 100)
    rng = np.random.default_rng([*key, 1])
    level = world.best_at[2.0] - distance * world.sd
    fresh, sealed = level + world.sd_at(level) * rng.normal(size=(2, FRESH))
    margin, _ = margin_by_rule([fresh.tolist()])
    world.target = float(fresh.mean()) - margin
    encoding = world.encoding(world.target)
    sampler = make_sampler("cost-aware", encoding, int(rng.integers(2**31)), 0)
    searched = optuna.create_study(sampler=sampler, pruner=PhasePruner(world.target, world.sd))
    paid = [0.0]
    for _ in range(trials):
        paid.append(paid[-1] + one_trial(world, searched, rng))
    ended = tuple(searched.get_trials(deepcopy=False))
    return Studied(world, key, level, tuple(sealed.tolist()), world.target, ended, tuple(paid))


def one_trial(world: ReplayWorld, searched: optuna.Study, rng: np.random.Generator) -> float:
    """Suggest, train, report and tell; returns the samples trained."""
    trial = searched.ask()
    task = world.design.task
    batch = trial.suggest_categorical("batch_size", task.batch_sizes)
    dropout = trial.suggest_float("dropout", 0.0, 0.5)
    epochs = trial.suggest_float("epochs", *world.lengths, log=True)
    decay = trial.suggest_float("weight_decay", 1e-6, 1e-2, log=True)
    lr = trial.suggest_float("max_lr", 1e-3, 10.0, log=True)
    x = coordinates(lr, epochs, batch, decay, dropout)
    rungs, end = world.run(x, rng)
    samples, _ = follow(world, Contender("whole search"), searched, trial, x, rungs, end)
    sampler = searched.sampler
    assert isinstance(sampler, StudySampler)
    sampler.prior = revised_prior(sampler.prior, searched.get_trials(deepcopy=False))
    return samples


class Confirmation:
    """The runs of a search after its study, drawn as they are needed.

    Args:
        studied: the study.
        plan: what may be spent.
    """

    def __init__(self, studied: Studied, plan: Plan) -> None:
        self.studied, self.plan, self.world = studied, plan, studied.world
        self.trials = studied.trials[: plan.trials]
        encoding = self.world.encoding(studied.target)
        self.encoding = replace(encoding, prior=revised_prior(encoding.prior, self.trials))
        self.groups: list[list[float]] = [list(studied.fresh)]
        self.answers: dict[float, Floats] = {}
        self.ahead: dict[float, float] = {}
        self.asked: list[MoreRuns] = []
        self.totals: dict[object, int] = {"baseline": FRESH}
        self._drawn: dict[object, tuple[RunCurve, ...]] = {}

    def ask(self, rung: float, if_hopeful: bool = False) -> None:
        """The best cycle of a rung, as `tuning.steps.ask.ask_at`. The test accuracies of its runs
        are sealed as well, and tell the spread over seeds.

        Args:
            if_hopeful: do not ask where the model has given the rung up; what it expects there then
                stands for an answer.
        """
        epochs = self.world.epochs[rung]
        found = candidates_at(self.encoding, self.trials, epochs)
        if if_hopeful and found.expected is not None:
            ahead = float(found.expected.accuracy[0]) - self.studied.target
            if ahead + SURE * found.expected.sd[0] <= HOPELESS * self.world.sd:
                self.ahead[rung] = ahead
                return
        self._train(rung, epochs, found.x[:CANDIDATES])

    def _train(self, rung: float, epochs: float, x: Floats) -> None:
        rng = np.random.default_rng([*self.studied.seed, 2, int(rung)])
        at = in_world(self.encoding, x)
        ends = np.array([[self.world.validation_run(p, rng) for _ in range(SEEDS)] for p in at])
        found = posterior(self.encoding, self.trials, x, epochs, ends)
        best, lengths = found.order[0], np.full(ends.size, epochs)
        self.asked.append(MoreRuns(np.repeat(x, SEEDS, axis=0), lengths, ends.ravel()))
        self.groups += [[self.world.test_run(p, rng) for _ in range(SEEDS)] for p in at]
        self.answers[rung] = at[best]
        self.ahead[rung] = float(found.accuracy[best]) - self.studied.target

    def frozen(self) -> Evidence:
        """Margin and spread, from all sealed runs so far that did not diverge."""
        sound = [[a for a in group if not np.isnan(a)] for group in self.groups]
        margin, spread = margin_by_rule(sound)
        return Evidence(spread, margin, looks=plan_looks(FRESH, self.plan.max_seeds))

    def rungs(self, sd: float) -> list[RungRuns]:
        """Both, with the runs that there are."""
        ahead = {k: v / sd for k, v in self.ahead.items()}
        fast = RungRuns(5.0, self.runs(5.0), self.runs("control"), ahead[5.0])
        return [fast, RungRuns(2.0, self.runs(2.0), posterior=ahead.get(2.0))]

    def runs(self, of: object) -> tuple[RunCurve, ...]:
        """The test runs so far of the baseline, the control, or a rung's answer."""
        if not self.totals.get(of):
            return ()
        if of not in self._drawn:
            key = ["baseline", "control", 2.0, 5.0].index(of)  # type: ignore[arg-type]
            rng = np.random.default_rng([*self.studied.seed, 3, key])
            ends = [self._draw(of, rng) for _ in range(MOST_RUNS)]
            ends = [*self.studied.fresh, *ends] if of == "baseline" else ends
            self._drawn[of] = tuple(curve(a, i) for i, a in enumerate(ends))
        return self._drawn[of][: self.totals[of]]

    def _draw(self, of: object, rng: np.random.Generator) -> float:
        if isinstance(of, float):
            return self.world.test_run(self.answers[of], rng)
        level = self.studied.level if of == "baseline" else compressed_level(self.world)
        return level + self.world.sd_at(level) * float(rng.normal())

    def chance(self) -> float | None:
        """That some recipe reaches the target at rung 2, by all trials and runs so far."""
        x, lengths, ends = (
            np.concatenate(parts)
            for parts in zip(*((m.x, m.epochs, m.accuracy) for m in self.asked), strict=True)
        )
        model = fit_trial_model(self.encoding, self.trials, MoreRuns(x, lengths, ends))
        return None if model is None else chance_to_reach(model, self.world.epochs[2.0])


def compressed_level(world: ReplayWorld) -> float:
    """Expected accuracy of the standard schedule at rung 5."""
    return world.best_at[5.0] - CONTROL_GAP * world.sd


def curve(end: float, seed: int) -> RunCurve:
    """A run as the verdict reads it."""
    diverged = bool(np.isnan(end))
    end = CHANCE if diverged else end
    return RunCurve((1.0,), (end,), end, 1.0, CHANCE, seed, diverged, LOOKS_AT)


def whole_search(studied: Studied, plan: Plan) -> Found:
    """Ask, confirm and judge. Rung 2 is asked where rung 5 is not safe, or has shown no gain."""
    own = Confirmation(studied, plan)
    own.ask(5.0, if_hopeful=True)
    if own.ahead[5.0] <= SAFE * own.frozen().spread.sd:  # type: ignore[union-attr]
        own.ask(2.0)
    evidence = own.frozen()
    assert evidence.spread is not None
    while True:
        rungs = own.rungs(max(evidence.spread.sd, 1e-6))
        course = decide(rungs, own.runs("baseline"), evidence, CRITERION)
        needed = course.needed
        if needed.nothing:
            break
        if needed.candidate.get(2.0) and 2.0 not in own.answers:
            own.ask(2.0)
        wanted = {"baseline": needed.baseline, **needed.candidate}
        wanted["control"] = max(needed.control.values(), default=0)
        own.totals.update({of: n for of, n in wanted.items() if n})
    return graded(own, course, evidence)


def graded(own: Confirmation, course: Course, evidence: Evidence) -> Found:
    """The outcome, and what it is worth."""
    states = {k: c.state for k, c in course.rungs.items()}
    rung = next((k for k in (5.0, 2.0) if states.get(k) is RungState.PASSED), None)
    chance = own.chance() if rung is None else None
    if rung is None:
        failed = states.get(2.0) is RungState.FAILED
        outcome = "undecided"
        if failed and course.rungs[2.0].diverges:
            outcome = "diverged"
        elif failed:
            outcome = "no" if chance is not None and chance < SURE_OF_NO else "not found"
    else:
        beaten = rung == 5.0 and course.rungs[5.0].control_state is RungState.PASSED
        outcome = "reached" if beaten else "accelerated"
    return Found(
        outcome,
        grade(own, outcome, rung, evidence.margin or 0.0),
        {part: round(cost, 2) for part, cost in baselines(own, rung).items()},
        {k: round(regret(own.world, k, x), 2) for k, x in own.answers.items()},
        None if chance is None else round(chance, 3),
    )


def grade(own: Confirmation, outcome: str, rung: float | None, margin: float) -> str:
    """What it is worth. "Not found" claims that the tried cycles fall short, which is less than
    that all do."""
    world, bound = own.world, own.studied.level - margin
    possible = {k: best >= bound for k, best in world.best_at.items()}
    if rung is not None:
        x = own.answers[rung]
        end = float(world.surface.mean(x)[-1])
        if end < bound or (outcome == "reached" and end <= compressed_level(world)):
            return "wrong"
        if float(world.breaks(x)) >= UNSTABLE:
            return "unstable"
        return "right" if outcome == "reached" or not possible[5.0] else "weaker"
    if outcome == "no":
        return "wrong" if possible[2.0] else "right"
    if outcome == "not found":
        return "open" if possible[2.0] else "weaker"
    return "open"


def regret(world: ReplayWorld, rung: float, x: Floats) -> float:
    """Seed sds from the best cycle of the rung to this one, where it does not diverge."""
    return (world.best_at[rung] - float(world.surface.mean(x)[-1])) / world.sd


def baselines(own: Confirmation, passed: float | None) -> dict[str, float]:
    """All training by part of the search, in baseline runs."""
    world, totals = own.world, own.totals
    unit = TO_LEVEL / (2 * world.design.task.epochs[1])  # baselines an epoch
    length = {k: unit * e for k, e in world.epochs.items()}
    candidates = sum(length[k] * totals.get(k, 0) for k in length)
    control = totals.get("control", 0)
    control += CONTROL_TUNING if control else 0
    epochs_paid = own.studied.paid[own.plan.trials] / world.design.n_train
    return {
        "plan": PLAN,
        "range test": unit * world.design.sweep_samples / world.design.n_train,
        "tuning": TUNING,
        "baseline": totals["baseline"],
        "study": unit * epochs_paid,
        "ask": sum(length[k] * CANDIDATES * SEEDS for k in own.answers),
        "confirmation": candidates + control * length[5.0],
        "trade-off": TRADE_OFF * length[passed] if passed else 0.0,
    }
