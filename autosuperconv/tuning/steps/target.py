"""How cheaply a target is reached: the shortest cycle that the study's model trusts to reach it,
trained again and lengthened while it falls short, then confirmed on fresh seeds.

Nothing but validation data decides on the length. The recipe must be expected a little above the
target: at the target itself no number of fresh runs would show that it is reached.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optuna.trial import FrozenTrial

from autosuperconv.core.events import Step
from autosuperconv.core.format import number, percent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import ends
from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.trace import Job, Trace
from autosuperconv.core.verdict.target import (
    TargetFinding,
    judge_target,
    target_looks,
)
from autosuperconv.errors import TimeUp
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.surrogate import fit_trial_model
from autosuperconv.tuning.steps.ask import (
    ROLE,
    Answer,
    ask_at,
    candidates_at,
)
from autosuperconv.tuning.steps.chance import chance_to_reach
from autosuperconv.tuning.steps.margin import freeze_margin
from autosuperconv.tuning.steps.run_curves import CURVES, fresh_jobs, run_curve
from autosuperconv.tuning.steps.study import (
    StudySettings,
    count_finished,
    finished,
    optimise,
)
from autosuperconv.tuning.store.session import Session

LENGTHS = 25  # between the shortest and the longest cycle, equally far apart on a log scale
ABOVE = 1.0  # standard deviations over seeds: 8 fresh runs then show the target nearly always
LONGER = 1.25  # at least, where a length falls short
SIZES = ((2, 3), (2, 2), (2, 1), (1, 1))  # (seeds, candidates) to ask for, as time allows
MORE_TRIALS = 4  # before the study is asked again
LIKELY = 0.1  # a chance from which it is asked again
ASKED = "asked"  # where the chosen recipe is stored: test data are read after that
CANDIDATE = "candidate"  # role of the runs on fresh seeds


@dataclass(frozen=True, slots=True)
class TargetSearch:
    """What the search for a target found.

    Args:
        best: the chosen recipe.
        candidate: its runs on fresh seeds, as measured on the test split.
        finding: what they say; None where there was no time for any.
        chance: that some recipe of the longest length reaches the target; None without a model.
        ended: why the looks were not used up although nothing is settled; "" where they were.
    """

    best: Answer
    candidate: tuple[Trace, ...]
    finding: TargetFinding | None
    chance: float | None
    ended: str = ""

    @property
    def recipe(self) -> Recipe:
        return self.best.recipe


class Targeting:
    """The search for a target in progress, its study finished."""

    def __init__(
        self, session: Session, setup: Setup, settings: StudySettings, max_seeds: int
    ) -> None:
        self.session, self.setup, self.settings = session, setup, settings
        self.looks = target_looks(setup.options.first_seeds, max_seeds)
        self.target = settings.objective.target
        self.longest = settings.objective.worst_epochs

    def carry_out(self, searching: bool) -> TargetSearch:
        """Choose a recipe on validation data, then confirm it on test data."""
        best = self.chosen_before(searching) or self.choose()
        chance, spread, ended = self.chance(), self.spread(), ""
        candidate: tuple[Trace, ...] = ()
        finding = self.judge(candidate, spread)
        while finding.needed and not ended:
            jobs = fresh_jobs(best.recipe, finding.needed, CURVES["candidate"])
            try:
                self.session.run(Step.CONFIRMATION, CANDIDATE, jobs, _label)
            except TimeUp:
                ended = "the time was up before more of them were made"
            known = (self.session.run_store.find(job) for job in jobs)
            candidate = tuple(trace.opened() for trace in known if trace is not None)
            finding = self.judge(candidate, spread)
        return TargetSearch(best, candidate, finding if candidate else None, chance, ended)

    def chosen_before(self, searching: bool) -> Answer | None:
        """What an earlier start chose. It stays once test data were read of it."""
        stored = self.session.stored(ASKED)
        kept = not searching or any(role == CANDIDATE for role, _ in self.asked_runs())
        return from_json(Answer, stored) if stored is not None and kept else None

    def asked_runs(self) -> list[tuple[str, Trace]]:
        """(role, trace) of all runs of the step."""
        return self.session.run_store.of(Step.CONFIRMATION)

    def choose(self) -> Answer:
        """The recipe to confirm. While none is good enough, there probably is one, and there is
        time, the study goes on."""
        best = self.ask()
        while self.falls_short(best) and self.may_go_on():
            trials = count_finished(self.session.study)
            optimise(self.session, self.settings, trials + MORE_TRIALS, go_on=True)
            if count_finished(self.session.study) == trials:
                break
            best = max(best, self.ask(), key=lambda one: (not self.falls_short(one), one.accuracy))
        self.session.store(ASKED, to_json(replace(best, asked=())))
        return best

    def may_go_on(self) -> bool:
        """Whether there is time for more trials, and a use for them."""
        left = self.session.time_left()
        if left is None or left <= self.settings.reserve:
            return False
        chance = self.chance()
        return chance is None or chance >= LIKELY

    def ask(self) -> Answer:
        """The best recipe of the shortest length that is good enough; of all that were asked for,
        the most accurate, where none is or the time is up."""
        asked: list[Answer] = []
        epochs = self.first_length()
        while (size := self.affordable(epochs)) is not None:
            try:
                asked.append(ask_at(self.session, self.settings, epochs, math.nan, *size))
            except TimeUp:
                break
            if not self.falls_short(asked[-1]):
                return asked[-1]
            if epochs >= self.longest:
                break
            epochs = min(epochs * LONGER, self.longest)
        return max(asked, key=lambda one: one.accuracy) if asked else self.in_hand()

    def affordable(self, epochs: float) -> tuple[int, int] | None:
        """(seeds, candidates) to ask for at this length, so that there is time for fresh runs of
        the answer; None where there is none even for a single one."""
        left = self.session.time_left()
        runs = [t.trace for t in finished(self.session.study) if t.completed and t.trace]
        if left is None or not runs:
            return SIZES[0]
        each = epochs * sum(t.seconds for t in runs) / sum(t.epochs for t in runs)
        rounds = left / max(each, 1e-9) * self.session.executor.size
        enough = (size for size in SIZES if size[0] * size[1] + self.looks[0] <= rounds)
        return next(enough, None)

    def in_hand(self) -> Answer:
        """The best trial as it is, where there is no time to train it again: of those that reach
        the target the shortest, else the most accurate.

        Raises:
            TimeUp: no trial has completed.
        """
        completed = [t.trace for t in finished(self.session.study) if t.completed and t.trace]
        if not completed:
            self.session.end_early()
        best = max(completed, key=lambda t: self.preferred(t.accuracy or 0.0, t.samples))
        return Answer(math.nan, best.recipe, best.accuracy or 0.0, math.nan, ())

    def preferred(self, accuracy: float, samples: int) -> tuple[bool, float]:
        """For sorting: the shortest that reaches the target, else the most accurate."""
        reaches = accuracy >= self.target
        return reaches, -samples if reaches else accuracy

    def first_length(self) -> float:
        """Where to begin: at the shortest length that the model trusts."""
        trials = [t.trial for t in finished(self.session.study)]
        low, high = ends(self.settings.space.dimensions["epochs"])
        lengths = [low * (high / low) ** (i / (LENGTHS - 1)) for i in range(LENGTHS)]
        return cheapest_length(self.settings.encoding, trials, lengths, self.needed) or high

    @property
    def needed(self) -> float:
        """Accuracy that a recipe must be expected to have."""
        spread = self.spread()
        above = ABOVE * spread.sd if spread.degrees else 0.0
        return min(self.target + above, (1 + self.target) / 2)

    def falls_short(self, answer: Answer) -> bool:
        """Whether an answer is not expected to lie far enough above the target."""
        return answer.accuracy < self.needed

    def spread(self) -> SeedSpread:
        """Over seeds on the test split, by the runs of the recipes that were asked for."""
        runs = [trace for role, trace in self.asked_runs() if role == ROLE]
        return freeze_margin(self.setup.options.criterion, runs).spread

    def chance(self) -> float | None:
        """That some recipe of the longest length reaches the target."""
        trials = [t.trial for t in finished(self.session.study)]
        model = fit_trial_model(self.settings.encoding, trials)
        return None if model is None else chance_to_reach(model, self.longest)

    def judge(self, runs: Sequence[Trace], spread: SeedSpread) -> TargetFinding:
        """What the fresh runs say."""
        curves = tuple(map(run_curve, runs))
        confidence = self.setup.options.criterion.confidence
        return judge_target(self.target, curves, self.looks, spread, confidence)


def cheapest_length(
    encoding: Encoding, trials: Sequence[FrozenTrial], lengths: Sequence[float], needed: float
) -> float | None:
    """The shortest of these lengths at which the model expects the best of the completed recipes to
    be accurate enough and not to diverge; None where none is, or without a model.

    Args:
        lengths: in epochs, rising.
        needed: accuracy, fraction of 1.
    """
    for epochs in lengths:
        expected = candidates_at(encoding, trials, epochs).expected
        if expected is None:
            return None
        if expected.accuracy[0] >= needed and expected.unstable[0] == 0:
            return epochs
    return None


def find_target(
    session: Session,
    setup: Setup,
    settings: StudySettings,
    max_seeds: int,
    runs: int,
    searching: bool = True,
) -> TargetSearch:
    """Choose the cheapest recipe that reaches the target, and confirm it.

    Args:
        session: the search.
        setup: options and sizes.
        settings: of the study, which is finished.
        max_seeds: runs on fresh seeds at the last look.
        runs: likely number of them all, for the progress.
        searching: it may train, and is not only read again.

    Raises:
        NothingCompleted: no trial completed.
        TimeUp: before a recipe was chosen.
    """
    session.start(Step.CONFIRMATION, runs)
    result = Targeting(session, setup, settings, max_seeds).carry_out(searching)
    session.finish(Step.CONFIRMATION, _text(result))
    return result


def _label(job: Job) -> str:
    return f"candidate, {number(job.recipe.epochs)} epochs, seed {job.recipe.seed}"


def _text(result: TargetSearch) -> str:
    found = result.finding
    accuracy = None if found is None else found.accuracy
    shown = "not measured" if accuracy is None else percent(accuracy)
    return f"{number(result.recipe.epochs)} epochs: test accuracy {shown}"
