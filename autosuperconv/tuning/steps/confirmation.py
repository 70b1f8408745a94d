"""The confirmation: the best cycles of the lengths that the verdict distinguishes, on fresh seeds.

A rung is a length: T_B/5 and T_B/2, a little less for what T_B may be wrong by. At each of them the
best cycle is asked for on validation data (`tuning.steps.ask`). Then the margin is frozen, and the
recipes are trained on fresh seeds, look by look, until the verdict is settled or the looks are used
up. Only here and in `tuning.steps.ablation` are accuracies on the test split read.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace

from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Job, Trace
from autosuperconv.core.verdict import (
    Evidence,
    Looks,
    Needed,
    RunCurve,
    RungRuns,
    follow,
    judge_rungs,
    next_look,
    plan_looks,
)
from autosuperconv.core.verdict.decision import HOPELESS, SAFE
from autosuperconv.core.verdict.margin import TWO_RUNS
from autosuperconv.core.verdict.types import SMALLEST_MARGIN
from autosuperconv.errors import TimeUp
from autosuperconv.tuning.steps.ask import ask_at, model_of
from autosuperconv.tuning.steps.baseline import (
    MeasuredBaseline,
    level_cost,
    with_target,
)
from autosuperconv.tuning.steps.chance import chance_to_reach
from autosuperconv.tuning.steps.control import tune_control
from autosuperconv.tuning.steps.margin import FrozenMargin, freeze_margin
from autosuperconv.tuning.steps.run_curves import CURVES, fresh_jobs, run_curve
from autosuperconv.tuning.steps.rungs import Confirmation, Rung, rung_lengths, study_lengths
from autosuperconv.tuning.steps.study import StudySettings
from autosuperconv.tuning.store.session import Session

SMALLEST_SD = SMALLEST_MARGIN / TWO_RUNS  # what few equal runs show is no spread of nothing
LOOKS = "looks"  # under which the sizes of the looks that were taken are stored
NEAR = math.log(1.15)  # how far the model alone moves an answer, on the log of the length


class Confirming:
    """A confirmation in progress."""

    def __init__(
        self, session: Session, setup: Setup, settings: StudySettings, baseline: MeasuredBaseline
    ) -> None:
        self.session, self.setup, self.settings = session, setup, settings
        self.baseline, self.criterion = baseline, setup.options.criterion
        level = level_cost(baseline.curves, baseline.margin)
        self.lengths = rung_lengths(setup, level, study_lengths(setup, level))
        self.rungs: dict[float, Rung] = {}
        self.asked: list[Trace] = []  # before the margin was frozen
        self.baseline_runs = tuple(trace.opened() for trace in baseline.runs)
        self.margin = self.margin_so_far()

    def carry_out(self) -> Confirmation:
        """Ask, freeze the margin, and look until the verdict is settled."""
        self.ask()
        self.freeze()
        self.follow_level()
        evidence = self.evidence()
        while True:
            needed = next_look(self.sides(), self.curves, evidence, self.criterion)
            if needed.nothing:
                break
            try:
                self.train(needed)
            except TimeUp:
                if not self.has_looked(evidence):
                    raise
                self.session.note("The time is up: no more runs are added for the verdict.")
                break
        verdict = judge_rungs(
            self.sides(), self.curves, self.criterion, evidence, batch_norm_recalibrated=True
        )
        self.remember(evidence.looks)
        rungs = tuple(self.rungs[k] for k in self.lengths if k in self.rungs)
        return Confirmation(rungs, self.baseline, self.baseline_runs, self.margin, verdict)

    def has_looked(self, evidence: Evidence) -> bool:
        """Whether the runs of the first look are there, so that there is something to judge."""
        return bool(follow(self.sides(), self.curves, evidence, self.criterion).rungs)

    def ask(self) -> None:
        """Ask for the best cycle: at the shortest length first, and at the longer one unless the
        shorter one looks safe."""
        for speedup in self.lengths:
            self.ask_at(speedup)
            self.asked += self.rungs[speedup].answer.asked
            if self.above_target(speedup) > SAFE:
                break

    def ask_at(self, speedup: float) -> None:
        """Ask for the best cycle at one rung."""
        epochs, hopeless = self.lengths[speedup], self.hopeless(speedup)
        answer = ask_at(self.session, self.settings, epochs, speedup, hopeless=hopeless)
        self.rungs[speedup] = Rung(speedup, answer)

    def hopeless(self, speedup: float) -> float | None:
        """Accuracy below which a length is not worth a look; the longest one is asked in any
        case."""
        if speedup == min(self.lengths):
            return None
        return self.baseline.target + HOPELESS * max(self.margin.sd, SMALLEST_SD)

    def above_target(self, speedup: float) -> float:
        """How far a rung's answer lies above the target, in standard deviations over seeds."""
        short = self.rungs[speedup].answer.accuracy - self.baseline.target
        return short / max(self.margin.sd, SMALLEST_SD)

    def freeze(self) -> None:
        """The margin, from the spread over seeds so far; the target follows it."""
        self.margin = self.margin_so_far()
        target = self.setup.options.target
        self.baseline = with_target(self.baseline, self.margin.size, target)

    def margin_so_far(self) -> FrozenMargin:
        """From the baseline's runs and those that were asked for."""
        runs = self.baseline.runs
        ends = () if runs else self.baseline.accuracies
        return freeze_margin(self.criterion, runs, self.asked, ends)

    def evidence(self) -> Evidence:
        """What the verdict rests on besides the runs that it judges."""
        first, most = self.setup.options.first_seeds, self.setup.options.most_seeds
        if not self.baseline.runs:  # recorded ones: there will be no more
            first = most = len(self.baseline.curves)
        return Evidence(
            spread=self.margin.spread,
            margin=self.margin.size,
            margin_rule=self.margin.rule,
            looks=plan_looks(first, most, self.taken()),
            chance=self.chance(),
            level_runs=len(self.baseline.curves),
        )

    def taken(self) -> list[tuple[int, int]]:
        """Sizes of the looks that earlier starts have taken; they count, whatever is requested
        now."""
        return [(n, m) for n, m in json.loads(self.session.stored(LOOKS) or "[]")]

    def remember(self, looks: Looks | None) -> None:
        """Store the looks that were taken."""
        most = max(len(rung.candidate) for rung in self.rungs.values())
        taken = [size for size in looks.sizes if size[1] <= most] if looks else []
        if taken != self.taken():
            self.session.store(LOOKS, json.dumps(taken))

    def follow_level(self) -> None:
        """Move the rungs to where the baseline's cost to level puts them with the frozen margin. An
        answer is moved by the model, or asked for again where it would go far."""
        level = level_cost(self.baseline.curves, self.baseline.margin)
        moved = rung_lengths(self.setup, level, study_lengths(self.setup, level))
        asked, before, self.rungs, self.lengths = self.rungs, self.lengths, {}, moved
        for rung, (speedup, epochs) in zip(asked.values(), moved.items(), strict=False):
            there = before[rung.speedup]
            near = abs(math.log(epochs / there)) <= NEAR
            answer = ask_at(
                *(self.session, self.settings, there if near else epochs, speedup),
                answered=epochs,
                hopeless=self.hopeless(speedup),
            )
            self.rungs[speedup] = Rung(speedup, answer)

    def chance(self) -> float | None:
        """That some recipe reaches the target at the longest rung, by the model of the trials and
        of the runs that were asked for."""
        model = model_of(self.session, self.settings, self.asked)
        if model is None or self.settings.encoding.target is None:
            return None
        return chance_to_reach(model, max(self.lengths.values()))

    @property
    def curves(self) -> tuple[RunCurve, ...]:
        """The baseline's runs as the verdict reads them."""
        return tuple(map(run_curve, self.baseline_runs)) or self.baseline.curves

    def sides(self) -> list[RungRuns]:
        """The rungs as the verdict reads them, those that were not asked for included."""
        return [self.side(speedup) for speedup in self.lengths]

    def side(self, speedup: float) -> RungRuns:
        """One rung as the verdict reads it."""
        rung = self.rungs.get(speedup)
        if rung is None:
            return RungRuns(speedup, ())
        control = None if rung.control is None else tuple(map(run_curve, rung.control))
        candidate = tuple(map(run_curve, rung.candidate))
        return RungRuns(speedup, candidate, control, self.above_target(speedup))

    def train(self, needed: Needed) -> None:
        """Everything that the next look needs, all at once to keep workers busy."""
        for speedup in needed.candidate:
            if speedup not in self.rungs:
                self.ask_at(speedup)
        for speedup in needed.control:
            self.find_control(speedup)
        jobs = self.jobs(needed)
        roles = {job: role for (role, _), own in jobs.items() for job in own}
        traces = iter(
            self.session.run(
                Step.CONFIRMATION, roles.__getitem__, [*roles], lambda job: _text(roles[job], job)
            )
        )
        for (role, speedup), own in jobs.items():
            trained = tuple(next(traces).opened() for _ in own)
            if role == "baseline":
                self.baseline_runs = trained
            else:
                self.rungs[speedup] = replace(self.rungs[speedup], **{role: trained})  # type: ignore[arg-type]

    def find_control(self, speedup: float) -> None:
        """Tune the control of a rung, unless that was done."""
        rung = self.rungs[speedup]
        if rung.control_recipe is None:
            found = tune_control(self.session, rung.answer.recipe, self.baseline.recipe)
            none = () if found is not None else None
            self.rungs[speedup] = replace(rung, control_recipe=found, control=none)

    def jobs(self, needed: Needed) -> dict[tuple[str, float], list[Job]]:
        """(side, speed-up) -> its jobs, the finished ones included."""
        jobs = {}
        if needed.baseline and self.baseline.runs:
            recipe = self.baseline.recipe
            jobs["baseline", 1.0] = fresh_jobs(recipe, needed.baseline, CURVES["baseline"])
        for speedup, n in needed.candidate.items():
            recipe = self.rungs[speedup].answer.recipe
            jobs["candidate", speedup] = fresh_jobs(recipe, n, CURVES["candidate"])
        for speedup, n in needed.control.items():
            control = self.rungs[speedup].control_recipe
            if control is not None:
                jobs["control", speedup] = fresh_jobs(control, n, CURVES["control"])
        return jobs


def confirm(
    session: Session,
    setup: Setup,
    settings: StudySettings,
    baseline: MeasuredBaseline,
    runs: int,
) -> Confirmation:
    """Ask for the best cycles and confirm them.

    Args:
        session: the search.
        setup: bounds, seeds and lengths.
        settings: of the study.
        baseline: with its fresh runs.
        runs: likely number of them all, for the progress.

    Raises:
        NothingCompleted: no trial completed.
    """
    session.start(Step.CONFIRMATION, runs)
    result = Confirming(session, setup, settings, baseline).carry_out()
    session.finish(Step.CONFIRMATION, result.verdict.sentence)
    return result


def _text(role: str, job: Job) -> str:
    return f"{role}, {number(job.recipe.epochs)} epochs, seed {job.recipe.seed}"
